/** What an operator of ONNX reads, as a layer of ours can read it. */
import { InputError } from "../../../errors.js";
import { isTypedArray } from "../../../kinds.js";
import type { Layer } from "../../../nn/layers/rules.js";
import type { Values } from "../../../nn/network.js";
import { settled } from "./input.js";
import { activationAt, type NodeAt } from "./node.js";
import { fullShape } from "./shapes.js";
import { type SampleValue, type GraphValue, isChannelsFirst, seenLike } from "./value.js";

/** How an operator is read: the values that its node gives. */
export type ReadOperator = (at: NodeAt) => GraphValue | readonly GraphValue[];

/** The k-th input as a layer of ours can read it. */
export function read(at: NodeAt, k: number): SampleValue {
  const x = settled(at, activationAt(at, k));
  if (x.scale !== undefined)
    throw new InputError("reads a value times a number, which only a sum of ours can have");
  return x;
}

/** The same, an image with its channels first. */
export function image(at: NodeAt, k: number): SampleValue {
  return channelsFirst(at, read(at, k));
}

/** The same for a layer with weights, which can take its factor into them. */
export function scaledImage(at: NodeAt, k: number): SampleValue {
  return channelsFirst(at, settled(at, activationAt(at, k)));
}

function channelsFirst(at: NodeAt, x: SampleValue): SampleValue {
  if (isChannelsFirst(x)) return x;
  const seen = `[${fullShape(at, x).join(", ")}]`;
  throw new InputError(`expected images, [batch, channels, height, width], found ${seen}`);
}

/** Features of a sample in one row, for a layer with weights. */
export function scaledRow(at: NodeAt, k: number): SampleValue {
  const x = settled(at, activationAt(at, k));
  if (x.seen.length === 1) return x;
  throw new InputError(`expected [batch, features], found [${fullShape(at, x).join(", ")}]`);
}

/** A layer that computes each number alone. */
export function each(layer: (at: NodeAt) => Layer): ReadOperator {
  return (at) => {
    const x = read(at, 0);
    return seenLike(x, at.builder.add(layer(at), [x], { name: at.name }));
  };
}

/** Numbers of a layer, in float32. */
export function valuesOf(shape: readonly number[], data: ArrayLike<number>): Values {
  return { shape, data: isTypedArray(data, "Float32Array") ? data : Float32Array.from(data) };
}
