/** How the window of a convolution or a pooling moves. */
import { InputError } from "../../../errors.js";
import type { Pair, Window } from "../../../nn/layers/sides.js";
import { intOf, intsOf, type NodeAt, textOf } from "./node.js";
import type { SampleValue } from "./value.js";

/** The sides of the window of a pooling, as the graph has them. */
export function kernelOf(at: NodeAt): readonly number[] {
  return intsOf(at, "kernel_shape") ?? [];
}

/** A window with holes: its numbers are so far apart. */
export interface HoledWindow extends Window {
  readonly dilation: Pair;
}

/**
 * Stride and padding, for the height and width of an image of ours.
 *
 * @param kernel - sides of the window, two, or one of a signal [channels, length]
 * @throws InputError for another number of sides than the value's
 */
export function windowOf(at: NodeAt, x: SampleValue, kernel: readonly number[]): HoledWindow {
  const count = x.seen.length - 1;
  if (kernel.length !== count)
    throw new InputError(`expected windows of ${count} sides, found ${kernel.length}`);
  const of = (name: string, length: number, otherwise: number) => {
    const all = intsOf(at, name) ?? [];
    if (all.length === 0) return Array<number>(length).fill(otherwise);
    if (all.length === length) return all;
    throw new InputError(`expected ${length} ${name}, found ${all.length}`);
  };
  const [dilations, strides] = [of("dilations", count, 1), of("strides", count, 1)];
  if ([...kernel, ...dilations, ...strides].some((n) => !Number.isInteger(n) || n < 1))
    throw new InputError("expected sides, dilations and strides of at least 1");
  const size = kernel.map((n, k) => (n - 1) * dilations[k] + 1);
  const sides = x.seen.slice(1);
  const auto = textOf(at, "auto_pad", "NOTSET");
  // What is missing for an image of ceil(side / stride), half of it in front.
  const missing = sides.map((side, k) =>
    Math.max((Math.ceil(side / strides[k]) - 1) * strides[k] + size[k] - side, 0),
  );
  const [less, more] = [Math.floor, Math.ceil].map((rounded) => missing.map((n) => rounded(n / 2)));
  const pads =
    auto === "SAME_UPPER"
      ? [...less, ...more]
      : auto === "SAME_LOWER"
        ? [...more, ...less]
        : auto === "VALID"
          ? of("none", 2 * count, 0)
          : of("pads", 2 * count, 0);
  if (intOf(at, "ceil_mode", 0) === 1) {
    const ragged = sides.some(
      (side, k) => (side + pads[k] + pads[k + count] - size[k]) % strides[k] !== 0,
    );
    if (ragged) throw new InputError("ceil_mode is read only where windows reach the border");
  }
  // Of a signal the other side is 1 long, and a window of 1 stays there.
  const axes = count === 2 ? [1, 2] : [x.sides![1]];
  const pair = (all: readonly number[]): Pair => [
    all[axes.indexOf(1)] ?? 1,
    all[axes.indexOf(2)] ?? 1,
  ];
  const edges = (axis: number): readonly [number, number] => {
    const k = axes.indexOf(axis);
    return k < 0 ? [0, 0] : [pads[k], pads[k + count]];
  };
  return {
    size: pair(size),
    stride: pair(strides),
    dilation: pair(dilations),
    padding: [edges(1), edges(2)],
  };
}
