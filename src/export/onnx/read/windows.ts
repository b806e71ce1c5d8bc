/** How the window of a convolution or a pooling moves. */
import { InputError } from "../../../errors.js";
import { intOf, intsOf, type NodeAt, textOf } from "./node.js";
import type { SampleValue } from "./value.js";

/** Height and width of the window of a pooling. */
export function sidesOf(at: NodeAt): readonly [number, number] {
  const sides = intsOf(at, "kernel_shape") ?? [];
  if (sides.length !== 2)
    throw new InputError(`expected windows of two sides, found ${sides.length}`);
  return [sides[0], sides[1]];
}

/**
 * Stride and padding, each the same on all sides.
 *
 * @throws InputError if they are not, or for holes in the window
 */
export function windowOf(
  at: NodeAt,
  x: SampleValue,
  kernel: readonly [number, number],
): { stride: number; padding: number } {
  const of = (name: string, count: number, otherwise: number) => {
    const all = intsOf(at, name) ?? [];
    return all.length > 0 ? all : Array<number>(count).fill(otherwise);
  };
  const one = (name: string, all: readonly number[]) => {
    if (all.every((n) => n === all[0])) return all[0];
    throw new InputError(
      `expected ${name} that are the same on all sides, found ${all.join(", ")}`,
    );
  };
  if (of("dilations", 2, 1).some((n) => n !== 1))
    throw new InputError(`expected windows without holes, found dilations`);
  const stride = one("strides", of("strides", 2, 1));
  const auto = textOf(at, "auto_pad", "NOTSET");
  const sides = [x.shape[1], x.shape[2]];
  // What is missing for an image of ceil(side / stride), half of it in front.
  const missing = sides.map((side, k) =>
    Math.max((Math.ceil(side / stride) - 1) * stride + kernel[k] - side, 0),
  );
  const pads =
    auto === "SAME_UPPER" || auto === "SAME_LOWER"
      ? missing.flatMap((n) => [Math.floor(n / 2), Math.ceil(n / 2)])
      : auto === "VALID"
        ? [0]
        : of("pads", 4, 0);
  const padding = one("pads", pads);
  if (intOf(at, "ceil_mode", 0) === 1) {
    const ragged = sides.some((side, k) => (side + 2 * padding - kernel[k]) % stride !== 0);
    if (ragged) throw new InputError("ceil_mode is read only where windows reach the border");
  }
  return { stride, padding };
}
