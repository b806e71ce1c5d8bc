/**
 * Images in the kernels' layout, [tiles][channels][H + 2 pad][W + 2 pad][T], and back to [batch,
 * channels, H, W].
 */
import { TILE } from "#bregman/runtime/kernel-table.js";

/** Strides in floats, and the way in and out. */
export interface Planes {
  readonly height: number;
  readonly width: number;
  readonly tile: number;
  readonly plane: number;
  readonly row: number;
  /** Floats of the whole tensor. */
  readonly length: number;
  /** Index of the first position that is not border. */
  readonly interior: number;
  /** The tensor, its border and absent lanes zero. */
  pack(images: ArrayLike<number>): Float32Array;
  unpack(tensor: ArrayLike<number>): Float32Array;
}

export function planes(
  batch: number,
  channels: number,
  height: number,
  width: number,
  pad: number,
): Planes {
  const row = (width + 2 * pad) * TILE;
  const plane = (height + 2 * pad) * row;
  const tile = channels * plane;
  const interior = pad * row + pad * TILE;
  const length = Math.ceil(batch / TILE) * tile;
  /** Calls `visit` with the index of every pixel in both layouts. */
  function pixels(visit: (image: number, tensor: number) => void): void {
    let image = 0;
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < channels; c++)
        for (let h = 0; h < height; h++)
          for (let w = 0; w < width; w++)
            visit(
              image++,
              Math.floor(b / TILE) * tile + c * plane + interior + h * row + w * TILE + (b % TILE),
            );
  }
  return {
    height,
    width,
    tile,
    plane,
    row,
    length,
    interior,
    pack(images) {
      const out = new Float32Array(length);
      pixels((i, k) => (out[k] = images[i]!));
      return out;
    },
    unpack(tensor) {
      const out = new Float32Array(batch * channels * height * width);
      pixels((i, k) => (out[i] = tensor[k]!));
      return out;
    },
  };
}
