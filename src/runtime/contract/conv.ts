/**
 * Kernels of convolutions, and how images are laid out. Arguments: see ../kernel-table.ts.
 *
 * An image activation is `[tiles][channels][H + 2p][W + 2p][T]`: each channel a plane, its border
 * of p real zeros. `x` and `y` point at the first position that an op reads or writes (so a border
 * is skipped by the pointer). Strides are in floats: `Tile` from tile to tile, `Plane` from channel
 * to channel, `Row` from one row of output positions to the next, `Col` from one output position to
 * the next (T, or stride * T). Kernels write the interior only: a border is zero from the start
 * (see nn/compile.ts).
 *
 * A convolution is a sum over inner channels and taps: y[o, i, j] = bias[o] + sum over c, t of w[o,
 * c, t] * x[c, i, j, t], where x[c, i, j, t] is the vector of T floats at x + c * xPlane + i * xRow
 * + j * xCol + taps[t].offset. The input gradient is the same sum with other roles: outputs are the
 * input channels, inner channels the output channels, the taps mirrored; for stride s it is done in
 * s * s phases (rows and columns of dx by their remainder mod s), each with its own taps and with
 * yRow, yCol of stride s. `taps`: i32 [tapCount][2] = { index within a kernel (kh * KW + kw), float
 * offset }.
 */
import { KERNEL_SHAPE, POSITIONS, TENSOR } from "./composites.js";

export const CONV_KERNELS = {
  /**
   * Weights of a dense product over planes of bf16, as a CPU's matrix unit takes them; without one
   * nothing is done. Split over blocks of 16 output channels. Other arguments as convDense.
   *  packed: i32 [rows / 16][inner / 32][tapCount][2][16][16], rounded up. A weight is the sum of
   *  two bf16: those that come first, of two neighbouring inner channels in one word, then the
   *  second ones. The last two dimensions are output channels and such words.
   */
  convPack: ["w", "rowStride", "innerStride", "packed", "taps", "tapCount", "rows", "inner"],
  /**
   * Dense convolution, or its input gradient. Split over units: unit = tile * ceil(rows / 8) +
   * block of 8 output channels.
   *  w: weight of output channel o, inner channel c, tap t is w[o * rowStride + c * innerStride +
   *  taps[t].index]; packed: the same weights by convPack, or 0; bias: f32 [rows] or 0; height,
   *  width: output positions; accumulate: 1 = add to y instead of overwriting.
   */
  convDense: [
    "w",
    "rowStride",
    "innerStride",
    "packed",
    "bias",
    ["x", POSITIONS],
    ["y", POSITIONS],
    "taps",
    "tapCount",
    "tiles",
    "rows",
    "inner",
    "height",
    "width",
    "accumulate",
  ],
  /**
   * Unstructured sparse convolution, or its input gradient by the transposed pattern. Units as
   * convDense. entries: struct entry
   *  [rows][entryStride], entry.offset the BYTE offset from x of what the weight multiplies at
   *  position (0, 0).
   */
  convSparse: [
    "entries",
    "counts",
    "entryStride",
    "bias",
    ["x", POSITIONS],
    ["y", POSITIONS],
    "tiles",
    "rows",
    "height",
    "width",
    "accumulate",
  ],
  /**
   * Convolution by kernel groups (pairs of channels with dense taps), or its input gradient by the
   * transposed pairs. Units as convDense.
   *  entries: [rows][entryStride] of { int32 BYTE offset of the inner channel's plane from x, int32
   *  byte offset IN MEMORY of the pair's KH * KW weights }; weight t of a pair is its
   *  weights[taps[t].index].
   */
  convPairs: [
    "entries",
    "counts",
    "entryStride",
    "bias",
    ["x", POSITIONS],
    ["y", POSITIONS],
    "taps",
    "tapCount",
    "tiles",
    "rows",
    "height",
    "width",
    "accumulate",
  ],
  /**
   * g[o, c, t] = sum over tiles, positions and lanes of dy[o, i, j] x[c, i, j, t]. Split over rows
   * of g (output channels), grain 4.
   *  g: f32 [rows, inner, tapCount], tap t at taps[t].index; dy and x by strides as above (dy:
   *  dyRow, columns T apart).
   */
  convDenseWeightGrad: [
    ["dy", TENSOR],
    ["x", POSITIONS],
    "g",
    "taps",
    "tapCount",
    "tiles",
    "rows",
    "inner",
    "height",
    "width",
  ],
  /**
   * The same for the non-zeros of an unstructured pattern only; writes g (f32 [rows, cols]) at the
   * pattern's places and nowhere
   *  else. Split over rows, in whole shares: x is read once for all of a chunk's rows. The column
   *  of an entry follows from its offset q = offset / (T * 4), in positions of x's padded plane: c
   *  = q / planeSize, kh = (q % planeSize) / rowSize, kw = q % rowSize; column = (c * kernelHeight
   *  + kh) * kernelWidth + kw.
   */
  convSparseWeightGrad: [
    "entries",
    "counts",
    "entryStride",
    ["dy", TENSOR],
    ["x", POSITIONS],
    "g",
    "tiles",
    "rows",
    "cols",
    "height",
    "width",
    ["kernel", KERNEL_SHAPE],
  ],
  /**
   * The same for kernel groups: all taps of each pair. g: f32 [rows, inner, tapCount], inner
   * channel = offset / (xPlane * 4).
   */
  convPairsWeightGrad: [
    "entries",
    "counts",
    "entryStride",
    ["dy", TENSOR],
    ["x", POSITIONS],
    "g",
    "taps",
    "tapCount",
    "tiles",
    "rows",
    "inner",
    "height",
    "width",
  ],
  /** g[o] = sum over tiles, positions and lanes of dy. Split over rows (channels). */
  convBiasGrad: [["dy", TENSOR], "g", "tiles", "rows", "height", "width"],
} as const;
