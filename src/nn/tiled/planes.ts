/** Ops that copy, add or clear whole tensors. */
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import {
  hasBorder,
  NO_TENSOR,
  numberBytes,
  strides,
  tensorArgs,
  type PlacedTensor,
} from "../tensor.js";
import type { Lowering } from "./rule.js";

/**
 * Copies or adds the interior of one tensor to another of the same channels, height and width; if
 * they are of other numbers, converted.
 */
export function copyOp(
  from: PlacedTensor & { whole?: PlacedTensor },
  to: PlacedTensor & { whole?: PlacedTensor },
  tiles: number,
  accumulate: boolean,
): Op {
  const { channels: count, height, width, half = false } = to;
  const args = {
    // A slice of channels moves from tile to tile with the tensor it is a slice of.
    x: { ...tensorArgs(from), tile: strides(from.whole ?? from).tile },
    y: { ...tensorArgs(to), tile: strides(to.whole ?? to).tile },
    tiles,
    channels: count,
    height,
    width,
    accumulate: accumulate ? 1 : 0,
  };
  if (half === (from.half ?? false)) return { ...op("copyPlanes", tiles * count, args), half };
  return op("convertPlanes", tiles * count, { ...args, toHalf: half ? 1 : 0 });
}

/**
 * Makes the border of a tensor zero: rows above and below, columns beside; nothing for one without.
 */
export function borderOps(
  tensor: PlacedTensor,
  tiles: number,
  constant: Lowering["constant"],
): Op[] {
  const { channels: count, height, width, pad, offset } = tensor;
  if (!hasBorder(tensor)) return [];
  const [down, across] = pad;
  const { row } = strides(tensor);
  const whole = width + 2 * across;
  const x = constant(`${whole} zeros`, () => new Float32Array(whole * TILE));
  const zeros = (top: number, left: number, rows: number, columns: number): Op => ({
    ...op("copyPlanes", tiles * count, {
      x: { ...NO_TENSOR, at: x },
      y: { ...tensorArgs(tensor), at: offset + (top * row + left * TILE) * numberBytes(tensor) },
      tiles,
      channels: count,
      height: rows,
      width: columns,
      accumulate: 0,
    }),
    half: tensor.half ?? false,
  });
  return [
    ...(down > 0 ? [zeros(0, 0, down, whole), zeros(down + height, 0, down, whole)] : []),
    ...(across > 0
      ? [zeros(down, 0, height, across), zeros(down, across + width, height, across)]
      : []),
  ];
}

/** Makes the interior of a tensor zero. */
export function zeroOp(tensor: PlacedTensor, tiles: number, constant: Lowering["constant"]): Op {
  const { channels: count, height, width } = tensor;
  // Every row is a copy of the same row of zeros.
  const x = constant(`${width} zeros`, () => new Float32Array(width * TILE));
  const places = { x: { ...NO_TENSOR, at: x }, y: tensorArgs(tensor) };
  return op("copyPlanes", tiles * count, {
    ...places,
    tiles,
    channels: count,
    height,
    width,
    accumulate: 0,
  });
}
