/**
 * A tensor's place and strides: `[tiles][channels][H + 2p][W + 2q][T]`.
 *
 * A flat vector of features is the case of planes of one position: channels = features, H = W = 1,
 * p = q = 0. An image without border and its flattened form are therefore the same bytes.
 */
import type { Shape } from "../regularizers/regularizer.js";
import type { POSITIONS, TENSOR, FieldValues } from "../runtime/contract/composites.js";
import { TILE } from "../runtime/kernel-table.js";
import type { Pair } from "./layers/sides.js";

export const NO_BORDER: Pair = [0, 0];

/** Whether a tensor has a border on some side. */
export function hasBorder({ pad: [down, across] }: Pick<TensorShape, "pad">): boolean {
  return down > 0 || across > 0;
}

/** The wider of two borders. */
export function widerBorder(a: Pair, b: Pair): Pair {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

export interface TensorShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Border of zeros, in positions: above and below, left and right. */
  readonly pad: Pair;
  /** Its numbers are bf16; default false: float32. */
  readonly half?: boolean;
}

export interface PlacedTensor extends TensorShape {
  /** Byte offset in shared memory. */
  readonly offset: number;
}

/** The tensor shape of one sample's [features] or [channels, height, width]. */
export function tensorShape(shape: Shape, pad: Pair = NO_BORDER): TensorShape {
  const [channels, height = 1, width = 1] = shape;
  return { channels, height, width, pad };
}

/** Bytes of a number. */
export function numberBytes({ half }: Pick<TensorShape, "half">): number {
  return half ? 2 : 4;
}

/** Strides in numbers: from row to row, plane to plane, tile to tile. */
export function strides({ channels, height, width, pad }: TensorShape): {
  row: number;
  plane: number;
  tile: number;
} {
  const row = (width + 2 * pad[1]) * TILE;
  const plane = (height + 2 * pad[0]) * row;
  return { row, plane, tile: channels * plane };
}

/** Bytes of a batch of so many tiles. */
export function tensorBytes(shape: TensorShape, tiles: number): number {
  return tiles * strides(shape).tile * numberBytes(shape);
}

/** Byte offset of the first interior position. */
export function interior(tensor: PlacedTensor): number {
  const { row } = strides(tensor);
  return tensor.offset + (tensor.pad[0] * row + tensor.pad[1] * TILE) * numberBytes(tensor);
}

/** A tensor as kernels take it, from its first interior position on. */
export function tensorArgs(tensor: PlacedTensor): FieldValues<typeof TENSOR.fields> {
  return { at: interior(tensor), ...strides(tensor) };
}

/**
 * Positions of a tensor as convolutions take them.
 *
 * @param at - byte offset of the first one
 * @param step - from one to the next, in rows and columns of the tensor; one beyond the tensor has
 * a single position, whatever it is
 */
export function positionArgs(
  tensor: TensorShape,
  at: number,
  step: Pair = [1, 1],
): FieldValues<typeof POSITIONS.fields> {
  const { tile, plane, row } = strides(tensor);
  const { height, width, pad } = tensor;
  const [down, across] = [height, width].map((side, k) => Math.min(step[k], side + 2 * pad[k]));
  return { at, tile, plane, row: down * row, col: across * TILE };
}

/** A tensor that is absent. */
export const NO_TENSOR: FieldValues<typeof TENSOR.fields> = { at: 0, tile: 0, plane: 0, row: 0 };
