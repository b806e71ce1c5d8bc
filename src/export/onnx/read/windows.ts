/** How the window of a convolution or a pooling moves. */
import { InputError } from "../../../errors.js";
import type { Pair, Sides, Window } from "../../../nn/layers/sides.js";
import { intOf, intsOf, type NodeAt, textOf } from "./node.js";
import type { SampleValue } from "./value.js";

/** Height and width of the window of a pooling. */
export function sidesOf(at: NodeAt): Pair {
  const sides = intsOf(at, "kernel_shape") ?? [];
  if (sides.length !== 2)
    throw new InputError(`expected windows of two sides, found ${sides.length}`);
  return [sides[0], sides[1]];
}

/**
 * Stride and padding.
 *
 * @throws InputError for holes in the window
 */
export function windowOf(at: NodeAt, x: SampleValue, size: Pair): Window {
  const of = (name: string, count: number, otherwise: number) => {
    const all = intsOf(at, name) ?? [];
    if (all.length === 0) return Array<number>(count).fill(otherwise);
    if (all.length === count) return all;
    throw new InputError(`expected ${count} ${name}, found ${all.length}`);
  };
  if (of("dilations", 2, 1).some((n) => n !== 1))
    throw new InputError(`expected windows without holes, found dilations`);
  const [down, across] = of("strides", 2, 1);
  const stride = [down, across] as const;
  const auto = textOf(at, "auto_pad", "NOTSET");
  const sides = [x.shape[1], x.shape[2]];
  // What is missing for an image of ceil(side / stride), half of it in front.
  const missing = sides.map((side, k) =>
    Math.max((Math.ceil(side / stride[k]) - 1) * stride[k] + size[k] - side, 0),
  );
  const [less, more] = [Math.floor, Math.ceil].map((rounded) => missing.map((n) => rounded(n / 2)));
  const [top, left, bottom, right] =
    auto === "SAME_UPPER"
      ? [...less, ...more]
      : auto === "SAME_LOWER"
        ? [...more, ...less]
        : auto === "VALID"
          ? [0, 0, 0, 0]
          : of("pads", 4, 0);
  const padding: Sides = [
    [top, bottom],
    [left, right],
  ];
  if (intOf(at, "ceil_mode", 0) === 1) {
    const ragged = sides.some(
      (side, k) => (side + padding[k][0] + padding[k][1] - size[k]) % stride[k] !== 0,
    );
    if (ragged) throw new InputError("ceil_mode is read only where windows reach the border");
  }
  return { size, stride, padding };
}
