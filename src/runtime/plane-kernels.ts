/**
 * Kernels over planes: batch norm, pooling, activations, dropout and scaled skips. Layouts: image-kernels.ts.
 *
 * `geometry`, where an argument, is the offset of an i32 array with { Tile, Plane, Row } strides for each tensor, in the order said.
 */
/* oxlint-disable unicorn/no-useless-spread -- keeps several argument names on a line */

export const PLANE_KERNELS = {
  /** y = x or y += x, plane by plane, between tensors of different borders or channel ranges. Split over units = tile * channels + channel. */
  copyPlanes: [
    "x",
    "y",
    "tiles",
    "channels",
    "height",
    "width",
    "xTile",
    "xPlane",
    "xRow",
    "yTile",
    "yPlane",
    "yRow",
    "accumulate",
  ],
  /** Fetches images by index from uint8 [samples][C][H][W], normalises and augments them. Split over tiles. affine: f32 [2, C] scale, shift as gatherU8;
   *  augment: i32 [tiles * T][7] = { rows down, columns right, flip, reflect, top, left, side }, or 0: the image is mirrored if flip, then out[h, w] = image[h + down, w + right]; pixels from outside count as u8 0, then normalised, or if reflect as the image mirrored at its first and last pixels;
   *  then the square of `side` pixels at (top, left), as far as it lies within the image, is 0.
   *  out: interior of the padded tensor; absent samples (-1) are zeros. */
  gatherImagesU8: [
    "data",
    "indices",
    "affine",
    "augment",
    "out",
    "tiles",
    "channels",
    "height",
    "width",
    "outTile",
    "outPlane",
    "outRow",
  ],
  /** Batch statistics of each channel from the moments of its planes (planeMoments). Split over channels. positions: of a plane.
   *  stats: f32 [2][C]: mean, 1 / sqrt(variance + eps) (biased variance); running: f32 [2][C] mean, variance (unbiased), moved by
   *  running += momentum * (batch - running); settings: f32 [2] = { momentum, eps }. Variance of data with mean 1e3 and deviation 1 must be right to 1e-4. */
  batchNormStats: ["moments", "stats", "running", "settings", "counts", "tiles", "channels", "positions"],
  /** stats for evaluation from the running statistics: mean, 1 / sqrt(variance + eps). Split over channels. */
  batchNormFold: ["running", "stats", "settings", "channels"],
  /** y = gamma (x - mean) invstd + beta, then + residual (or 0), then ReLU if epilogue = 1. Split over units = tile * channels + channel.
   *  signs (or 0, with the ReLU only): u16 [units][height * width], bit j of a position is 1 where y > 0 in lane j. */
  batchNormApply: [
    ...["x", "stats", "gamma", "beta", "residual", "y", "tiles", "channels", "height", "width", "epilogue"],
    ...["xTile", "xPlane", "xRow", "residualTile", "residualPlane", "residualRow", "yTile", "yPlane", "yRow", "signs"],
  ],
  /** Makes dy zero where signs (as in batchNormApply, or 0: nothing) has no bit, and in absent lanes, and sums it: sums: f64 [units][2] = { sum dy, sum dy (x - mean) } over
   *  present samples. Split over units = tile * channels + channel. */
  batchNormGradReduce: [
    ...["dy", "signs", "x", "stats", "sums", "counts", "tiles", "channels", "height", "width"],
    ...["dyTile", "dyPlane", "dyRow", "xTile", "xPlane", "xRow"],
  ],
  /** dx = gamma invstd (dy - dbeta / n - xhat dgamma / n), n = present samples * positions; 0 for absent samples. dx may be dy.
   *  Split over units = tile * channels + channel. */
  batchNormGradApply: [
    ...["dy", "x", "stats", "gamma", "dgamma", "dbeta", "dx", "counts", "tiles", "channels", "height", "width"],
    ...["dyTile", "dyPlane", "dyRow", "xTile", "xPlane", "xRow", "dxTile", "dxPlane", "dxRow"],
  ],
  /** y = max over a size x size window, moved by stride, no padding (height, width: output); NaN if there is one in it. relu not 0: y = max(that, 0). Split over units = tile * channels + channel. */
  maxPool: [
    "x",
    "y",
    "tiles",
    "channels",
    "height",
    "width",
    "size",
    "stride",
    "relu",
    "xTile",
    "xPlane",
    "xRow",
    "yTile",
    "yPlane",
    "yRow",
  ],
  /** dx of maxPool: dy goes to the first maximum of its window (row-major), found by x >= y (relu not 0: nothing goes where y is not > 0); every other position of dx's inHeight x inWidth interior is 0 (unless accumulate). Split as maxPool.
   *  Geometry order x, y, dy, dx: i32 [12]. */
  maxPoolGrad: [
    "x",
    "y",
    "dy",
    "dx",
    "tiles",
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    "size",
    "stride",
    "accumulate",
    "relu",
    "geometry",
  ],
  /** y = mean over a window, as maxPool. The global average pool is size = the plane, height = width = 1 (size is then sizeHeight x sizeWidth). */
  avgPool: [
    ...["x", "y", "tiles", "channels", "height", "width", "sizeHeight", "sizeWidth", "stride"],
    ...["xTile", "xPlane", "xRow", "yTile", "yPlane", "yRow"],
  ],
  /** dx of avgPool: each position of a window gets dy / its size; every other position of dx's inHeight x inWidth interior is 0 (unless accumulate). */
  avgPoolGrad: [
    ...["dy", "dx", "tiles", "channels", "height", "width", "inHeight", "inWidth", "sizeHeight", "sizeWidth", "stride"],
    ...["accumulate", "dyTile", "dyPlane", "dyRow", "dxTile", "dxPlane", "dxRow"],
  ],
  /** y = f(x) elementwise; kind: 0 relu, 1 leaky relu (slope: f32 [1] in memory), 2 tanh; y may be x. Split over units = tile * channels + channel. */
  activation: [
    "x",
    "y",
    "kind",
    "slope",
    "tiles",
    "channels",
    "height",
    "width",
    "xTile",
    "xPlane",
    "xRow",
    "yTile",
    "yPlane",
    "yRow",
  ],
  /** dx = f'(x) dy, from y = f(x) alone (slope > 0); added if accumulate = 1; dx may be dy. Geometry order y, dy, dx: i32 [9]. Split as activation. */
  activationGrad: ["y", "dy", "dx", "kind", "slope", "tiles", "channels", "height", "width", "accumulate", "geometry"],
  /** y = x * keep / (1 - p) with a mask of its own for each (seed, unit, position, lane): bit-reproducible, same in the gradient (x = dy). settings: i32 [2] in memory =
   *  { seed of this step, p * 2^32: kept where 32 random bits are at least that (unsigned) }, scale: f32 [1]. Split over units = tile * channels + channel. */
  dropout: [
    "x",
    "y",
    "settings",
    "scale",
    "tiles",
    "channels",
    "height",
    "width",
    "xTile",
    "xPlane",
    "xRow",
    "yTile",
    "yPlane",
    "yRow",
    "accumulate",
  ],
  /** y += scalar[index] * x over planes. Split over units = tile * channels + channel. */
  addScaled: [
    "x",
    "y",
    "scalars",
    "index",
    "tiles",
    "channels",
    "height",
    "width",
    "xTile",
    "xPlane",
    "xRow",
    "yTile",
    "yPlane",
    "yRow",
  ],
  /** Sums of a * b over planes, for sumPartial. partial: f32 [tiles * channels]. Where one is 0, the other may be anything (absent lanes). Split over units = tile * channels + channel. */
  dotPlanes: [
    "a",
    "b",
    "partial",
    "tiles",
    "channels",
    "height",
    "width",
    "aTile",
    "aPlane",
    "aRow",
    "bTile",
    "bPlane",
    "bRow",
  ],
  /** g[index] = the sum of `length` partial sums, in order. One row. */
  sumPartial: ["partial", "length", "g", "index"],
  /** Mean and sum of squares about it of each plane, over the samples that are present: moments: f64 [units][2]; counts: i32 [1] samples present,
   *  lanes beyond are ignored. Split over units = tile * channels + channel. */
  planeMoments: ["x", "moments", "counts", "tiles", "channels", "height", "width", "xTile", "xPlane", "xRow"],
  /** dgamma = sum dy xhat, dbeta = sum dy, from the sums of batchNormGradReduce. Split over channels. */
  batchNormGradSum: ["sums", "stats", "dgamma", "dbeta", "tiles", "channels"],
} as const;
