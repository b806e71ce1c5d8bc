/**
 * A tensor's place and strides: `[tiles][channels][H + 2p][W + 2p][T]`.
 *
 * A flat vector of features is the case of planes of one position: channels = features, H = W = 1, p = 0. An image
 * without border and its flattened form are therefore the same bytes.
 */
import type { Shape } from "../regularizers/regularizer.js";
import { TILE } from "../runtime/kernel-table.js";

export interface TensorShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Border of zeros, in positions, on every side. */
  readonly pad: number;
}

export interface Tensor extends TensorShape {
  /** Byte offset in shared memory. */
  readonly offset: number;
}

/** The tensor shape of one sample's [features] or [channels, height, width]. */
export function tensorShape(shape: Shape, pad = 0): TensorShape {
  const [channels, height = 1, width = 1] = shape;
  return { channels, height, width, pad };
}

/** Strides in floats: from row to row, plane to plane, tile to tile. */
export function strides({ channels, height, width, pad }: TensorShape): { row: number; plane: number; tile: number } {
  const row = (width + 2 * pad) * TILE;
  const plane = (height + 2 * pad) * row;
  return { row, plane, tile: channels * plane };
}

/** Bytes of a batch of so many tiles. */
export function tensorBytes(shape: TensorShape, tiles: number): number {
  return tiles * strides(shape).tile * 4;
}

/** Byte offset of the first interior position. */
export function interior(tensor: Tensor): number {
  const { row } = strides(tensor);
  return tensor.offset + (tensor.pad * row + tensor.pad * TILE) * 4;
}

/** Stride arguments of an op, by the op's prefix: { xTile, xPlane, xRow }. */
export function strideArgs<P extends string>(
  prefix: P,
  tensor: TensorShape,
): Record<`${P}Tile` | `${P}Plane` | `${P}Row`, number> {
  const { row, plane, tile } = strides(tensor);
  return { [`${prefix}Tile`]: tile, [`${prefix}Plane`]: plane, [`${prefix}Row`]: row } as Record<
    `${P}Tile` | `${P}Plane` | `${P}Row`,
    number
  >;
}

/** Strides of several tensors in one table: i32 { tile, plane, row } each; zeros for an absent one. */
export function geometryTable(tensors: readonly (TensorShape | undefined)[]): Int32Array {
  return Int32Array.from(
    tensors.flatMap((tensor) => {
      if (!tensor) return [0, 0, 0];
      const { row, plane, tile } = strides(tensor);
      return [tile, plane, row];
    }),
  );
}
