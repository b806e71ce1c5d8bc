/** Where the numbers of an array are that is read in another order of its sides, or broadcast. */
import { size } from "../../../shape-size.js";

/** How far apart neighbours along each side are in a row-major array. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  return shape.map((_, k) => size(shape.slice(k + 1)));
}

/** The same of an array that is broadcast: along sides of length 1 nothing moves. */
export function broadcastStrides(shape: readonly number[]): readonly number[] {
  return stridesOf(shape).map((stride, k) => (shape[k] === 1 ? 0 : stride));
}

/** The place of the k-th number of a shape, in row-major order, by the strides of its sides. */
export function placeAt(k: number, shape: readonly number[], strides: readonly number[]): number {
  let [rest, place] = [k, 0];
  for (let side = shape.length - 1; side >= 0; side--) {
    place += (rest % shape[side]) * strides[side];
    rest = Math.floor(rest / shape[side]);
  }
  return place;
}
