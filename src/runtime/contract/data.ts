/** Kernels that fetch samples and lay them out. Arguments: see ../kernel-table.ts. */
import { TENSOR } from "./composites.js";

/**
 * int32 words that say how a sample is changed: { rows that its window moves down, columns right,
 * flip, reflect, top, left, side }. See gatherImagesU8.
 */
export const AUGMENT_WORDS = 7;

export const DATA_KERNELS = {
  /**
   * Fetches samples by index from a uint8 data set and normalises them. Split over tiles (rows =
   * tiles).
   *  data: u8 [samples, features]; indices: i32 [tiles * T], -1 = an absent sample, filled with
   *  zeros; affine: f32 [2, features / channelSize], per channel c scale then shift: x = u8 *
   *  scale[c] + shift[c]; out: f32 [tiles][features][T]; rowsOut (optional): f32 [tiles *
   *  T][rowStride], the same samples row-major.
   */
  gatherU8: ["data", "indices", "affine", "out", "rowsOut", "features", "channelSize", "rowStride"],
  /** The same from float32 data [samples, features], without normalisation. */
  gatherF32: ["data", "indices", "out", "rowsOut", "features", "rowStride"],
  /**
   * Fetches images by index from uint8 [samples][C][H][W], normalises and augments them. Split over
   * tiles. affine: f32 [2, C] scale, shift as gatherU8;
   *  augment: i32 [tiles * T][7] = { rows that the window moves down, columns right, flip, reflect,
   *  top, left, side }, or 0: the image is mirrored if flip, then out[h, w] = image[h + down, w +
   *  right]; pixels from outside count as u8 0, then normalised, or if reflect as the image
   *  mirrored at its first and last pixels; then the square of `side` pixels at (top, left), as far
   *  as it lies within the image, is 0. out: interior of the padded tensor; absent samples (-1) are
   *  zeros.
   */
  gatherImagesU8: [
    "data",
    "indices",
    "affine",
    "augment",
    ["out", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
  ],
  /** [tiles][features][T] to row-major [tiles * T][rowStride]. Split over tiles. */
  tilesToRows: ["x", "out", "features", "rowStride"],
} as const;
