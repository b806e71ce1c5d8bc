/**
 * Constants that are added to a value or multiply it, one for each channel or feature: they go
 * into the layer before, into a batch norm, or are the normalization of the input.
 */
import { InputError } from "../../../errors.js";
import { batchNorm2d } from "../../../nn/layers/batch-norm2d.js";
import { ruleOf } from "../../../nn/layers/rules.js";
import { size } from "../../../shape-size.js";
import type { Constant } from "./constant.js";
import type { NodeAt } from "./node.js";
import { settled } from "./input.js";
import { type SampleValue, alongSide, forEachFeature } from "./value.js";

/** x + b, or x - b. */
export function shiftBy(at: NodeAt, x: SampleValue, b: Constant, sign: 1 | -1): SampleValue {
  if (x.open) {
    const shift = ofInput(x, b);
    const mean = shift.map((v, k) => (x.mean?.[k] ?? 0) - sign * v * (x.std?.[k] ?? 1));
    return { ...x, mean };
  }
  const shift = ofChannels(x, b);
  return affine(at, x, undefined, sign === 1 ? shift : shift.map((v) => -v));
}

/** x a, or x / a. */
export function scaleBy(at: NodeAt, x: SampleValue, a: Constant, power: 1 | -1): SampleValue {
  // A skip of a sum: what others read, too, times one number.
  const isSkip = size(a.shape) === 1 && at.uses(placeOf(at, x)) > 1;
  if (x.open && !isSkip) {
    const factor = ofInput(x, a);
    const std = factor.map((v, k) => (power === 1 ? (x.std?.[k] ?? 1) / v : (x.std?.[k] ?? 1) * v));
    return { ...x, std };
  }
  const factor = ofChannels(x, a);
  const one = power === 1 ? factor : factor.map((v) => 1 / v);
  if (size(a.shape) === 1 && !goesInto(at, x)) return { ...x, scale: (x.scale ?? 1) * one[0] };
  return affine(at, x, one, new Float64Array(one.length));
}

function ofInput(x: SampleValue, c: Constant): Float64Array {
  const all = forEachFeature(c, x.seen);
  if (all) return all;
  throw new InputError(
    `a constant of shape [${c.shape.join(", ")}] does not fit a sample of shape [${x.seen.join(", ")}]`,
  );
}

/** Of our channels, or features. */
function ofChannels(x: SampleValue, c: Constant): Float64Array {
  const side = x.sides ? x.sides.indexOf(0) : 0;
  const isChannel = side >= 0 && (x.sides || x.seen.length === 1) && !x.features;
  const all = isChannel ? alongSide(c, x.seen, side) : undefined;
  if (all) return all;
  throw new InputError(
    `expected a constant for each channel, or one for all, found one of shape [${c.shape.join(", ")}]` +
      ` for a sample of shape [${x.seen.join(", ")}]`,
  );
}

/** Whether the layer before can take it in: it has weights, and nobody else reads it. */
function goesInto(at: NodeAt, x: SampleValue): boolean {
  const layer = at.builder.layerOf(x);
  const byWeight = layer !== undefined && ruleOf(layer).channels.by === "weight";
  return byWeight && at.uses(placeOf(at, x)) === 1;
}

/** Which of a node's inputs a value is. */
function placeOf({ inputs }: NodeAt, { entry }: SampleValue): number {
  return inputs.findIndex((one) => one?.is === "activation" && one.entry === entry);
}

function affine(
  at: NodeAt,
  given: SampleValue,
  a: Float64Array | undefined,
  b: Float64Array,
): SampleValue {
  const x = settled(at, given);
  if (x.scale === undefined && goesInto(at, x)) {
    at.builder.scaleInto(x, a, b);
    return x;
  }
  if (!x.sides || x.scale !== undefined)
    throw new InputError("no layer of ours adds to these features, or multiplies them");
  const count = b.length;
  const layer = batchNorm2d();
  // Mean 0, and a variance that is 1 with eps.
  const running = new Float32Array(2 * count).fill(1 - layer.eps, count);
  const { sides, seen } = x;
  const y = at.builder.add(layer, [x], {
    values: {
      weight: { shape: [count], data: Float32Array.from(a ?? new Float64Array(count).fill(1)) },
      bias: { shape: [count], data: Float32Array.from(b) },
      running: { shape: [2, count], data: running },
    },
    name: at.name,
  });
  return { ...y, sides, seen };
}
