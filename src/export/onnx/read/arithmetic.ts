/** Sums, products and quotients of a graph: of values, and of values and constants. */
import { InputError } from "../../../errors.js";
import { add } from "../../../nn/layers/join.js";
import { scaledSum } from "../../../nn/layers/scaled-sum.js";
import { sigmoid } from "../../../nn/layers/sigmoid.js";
import { silu } from "../../../nn/layers/silu.js";
import { scaleBy, shiftBy } from "./affine.js";
import { settled } from "./input.js";
import { activationAt, neededAt, type NodeAt } from "./node.js";
import { each, read, type ReadOperator, valuesOf } from "./reads.js";
import { type SampleValue, seenLike } from "./value.js";

/** Which of two inputs is constant; -1: none. */
const constantPlace = ({ inputs }: NodeAt) => inputs.findIndex((value) => value?.is === "constant");

/** How the graph sees a value: equal for those whose numbers stand in the same places. */
const formOf = ({ seen, sides, features }: SampleValue) => `${seen} ${sides} ${features}`;

/** x1 + s2 x2 + ...: skips times numbers are a layer of their own. */
export const sum: ReadOperator = (at) => {
  if (at.inputs.length === 1) return activationAt(at, 0);
  const place = constantPlace(at);
  if (place >= 0 && at.inputs.length === 2)
    return shiftBy(at, activationAt(at, 1 - place), neededAt(at, place), 1);
  const all = at.inputs.map((_, k) => settled(at, activationAt(at, k)));
  const [first] = all;
  if (all.some((x) => formOf(x) !== formOf(first))) {
    const shapes = all.map(({ seen }) => `[${seen.join(", ")}]`);
    throw new InputError(`adds values of several shapes: ${shapes.join(", ")}`);
  }
  const options = { name: at.name };
  if (all.every(({ scale }) => scale === undefined))
    return seenLike(first, at.builder.add(add(), all, options));
  const plain = all.findIndex(({ scale }) => scale === undefined);
  if (plain < 0) throw new InputError("adds values each of which is multiplied by a number");
  const skips = all.toSpliced(plain, 1);
  const scales = skips.map(({ scale = 1 }) => scale);
  const values = { scale: valuesOf([skips.length], scales) };
  const y = at.builder.add(scaledSum(), [all[plain], ...skips], { values, ...options });
  return seenLike(first, y);
};

export const difference: ReadOperator = (at) => {
  if (at.inputs[0]?.is === "constant") throw new InputError("takes a value off a constant");
  return shiftBy(at, activationAt(at, 0), neededAt(at, 1), -1);
};

/** sigmoid(x), which may be a part of x sigmoid(x). */
export const gate: ReadOperator = (at) => {
  const y = each(() => sigmoid())(at) as SampleValue;
  return { ...y, gateOf: read(at, 0).entry };
};

export const product: ReadOperator = (at) => {
  const place = constantPlace(at);
  if (place >= 0) return scaleBy(at, activationAt(at, 1 - place), neededAt(at, place), 1);
  for (const k of [0, 1]) {
    const [x, other] = [activationAt(at, k), activationAt(at, 1 - k)];
    const isGate = other.gateOf === x.entry && formOf(other) === formOf(x);
    if (isGate && other.scale === undefined && x.scale === undefined)
      return each(() => silu())({ ...at, inputs: [x] });
  }
  throw new InputError("multiplies two values, which no layer of ours does");
};

export const quotient: ReadOperator = (at) => {
  if (at.inputs[0]?.is === "constant") throw new InputError("divides a constant by a value");
  return scaleBy(at, activationAt(at, 0), neededAt(at, 1), -1);
};
