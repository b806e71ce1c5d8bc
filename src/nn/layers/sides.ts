/**
 * What windows have for each axis of an image, and for each of its sides: kernels, strides,
 * padding.
 */
import { InputError } from "../../errors.js";
import type { Shape } from "../../regularizers/regularizer.js";
import { checkInteger } from "./layer.js";

/** A number for each axis. */
export type Pair = readonly [down: number, across: number];

/** A number for each side. */
export type Sides = readonly [
  vertical: readonly [top: number, bottom: number],
  horizontal: readonly [left: number, right: number],
];

/** The same number for both axes, or one for each. */
export type PairOption = number | Pair;

/** The same number on all sides, one for each axis, or one for each side. */
export type SidesOption = number | readonly [vertical: PairOption, horizontal: PairOption];

/** How a window moves over an image. */
export interface Window {
  /** Its height and width. */
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
}

/** @throws InputError unless it is an integer of at least 1, or two of them */
export function pairOf(kind: string, what: string, option: PairOption): Pair {
  const pair: readonly unknown[] = Array.isArray(option) ? option : [option, option];
  const isPair = pair.length === 2 && pair.every((one) => typeof one === "number");
  if (!isPair) {
    const found = JSON.stringify(option) ?? "none";
    throw new InputError(`${kind}: ${what} must be a number or [height, width], found ${found}`);
  }
  const [down, across] = pair as Pair;
  if (down === across) checkInteger(kind, what, down);
  checkInteger(kind, `${what} height`, down);
  checkInteger(kind, `${what} width`, across);
  return [down, across];
}

/**
 * @param size - of the window; on no side there may be as much as of that
 * @throws InputError unless it is a number, [vertical, horizontal], or [[top, bottom], [left,
 * right]]
 */
export function sidesOf(kind: string, option: SidesOption, size: Pair): Sides {
  const pair = (value: unknown): readonly unknown[] =>
    Array.isArray(value) ? value : [value, value];
  const sides = pair(option).map(pair) as unknown as Sides;
  const isSides =
    sides.length === 2 &&
    sides.every((axis) => axis.length === 2 && axis.every((one) => typeof one === "number"));
  if (!isSides) {
    throw new InputError(
      `${kind}: padding must be a number, [vertical, horizontal] or [[top, bottom], [left, right]], ` +
        `found ${JSON.stringify(option) ?? "none"}`,
    );
  }
  sides.forEach((axis, k) =>
    axis.forEach((one) => {
      checkInteger(kind, "padding", one, 0);
      if (one < size[k]) return;
      const side = k === 0 ? "height" : "width";
      throw new InputError(
        `${kind}: padding must be below the window's ${side} (${size[k]}), found ${one}`,
      );
    }),
  );
  return sides;
}

/** As many zeros as leave the image its size, for a window that moves by 1. */
export function samePadding(size: Pair): Sides {
  const [vertical, horizontal] = size.map(
    (side) => [Math.floor((side - 1) / 2), Math.ceil((side - 1) / 2)] as const,
  );
  return [vertical, horizontal];
}

/** The border that a tensor needs on both ends of each axis. */
export function borderOf({ padding: [vertical, horizontal] }: Pick<Window, "padding">): Pair {
  return [Math.max(vertical[0], vertical[1]), Math.max(horizontal[0], horizontal[1])];
}

/**
 * Height and width of what a window gives.
 *
 * @throws InputError if it is larger than the image
 */
export function windowedShape(
  { size, stride, padding }: Window,
  [, height, width]: Shape,
): [height: number, width: number] {
  const sides = [height, width].map((side, k) => side + padding[k][0] + padding[k][1]);
  if (sides.some((side, k) => side < size[k])) {
    const isPadded = sides[0] !== height || sides[1] !== width;
    const found = `${height} x ${width}${isPadded ? `, padded ${sides.join(" x ")}` : ""}`;
    throw new InputError(`expected an image of at least ${size.join(" x ")}, found ${found}`);
  }
  const [down, across] = sides.map((side, k) => Math.floor((side - size[k]) / stride[k]) + 1);
  return [down, across];
}

/** Strides as kernels get them: one larger than the image leaves one window, whatever it is. */
export function strideIn(
  { stride, padding }: Pick<Window, "stride" | "padding">,
  { height, width }: { readonly height: number; readonly width: number },
): Pair {
  const [down, across] = [height, width].map((side, k) =>
    Math.min(stride[k], side + padding[k][0] + padding[k][1]),
  );
  return [down, across];
}
