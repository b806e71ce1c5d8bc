/**
 * Kernels of batch norm. Layouts: conv.ts. Split over units = tile * channels + channel, or
 * channels.
 */
import { TENSOR } from "./composites.js";

export const BATCH_NORM_KERNELS = {
  /**
   * Mean and sum of squares about it of each plane, over the samples that are present: moments: f64
   * [units][2]; counts: i32 [1] samples present,
   *  lanes beyond are ignored. Split over units = tile * channels + channel.
   */
  planeMoments: [["x", TENSOR], "moments", "counts", "tiles", "channels", "height", "width"],
  /**
   * Batch statistics of each channel from the moments of its planes (planeMoments). Split over
   * channels. positions: of a plane.
   *  stats: f32 [2][C]: mean, 1 / sqrt(variance + eps) (biased variance); running: f32 [2][C] mean,
   *  variance (unbiased), moved by running += momentum * (batch - running); settings: f32 [2] = {
   *  momentum, eps }. Variance of data with mean 1e3 and deviation 1 must be right to 1e-4.
   *  Afterwards the moments of the first tile are those of all tiles together.
   */
  batchNormStats: [
    "moments",
    "stats",
    "running",
    "settings",
    "counts",
    "tiles",
    "channels",
    "positions",
  ],
  /**
   * stats for evaluation from the running statistics: mean, 1 / sqrt(variance + eps). Split over
   * channels.
   */
  batchNormFold: ["running", "stats", "settings", "channels"],
  /**
   * y = gamma (x - mean) invstd + beta, then + residual (or 0), then ReLU if epilogue = 1. Split
   * over units = tile * channels + channel.
   *  signs (or 0, with the ReLU only): u16 [units][height * width], bit j of a position is 1 where
   *  y > 0 in lane j.
   */
  batchNormApply: [
    ["x", TENSOR],
    "stats",
    "gamma",
    "beta",
    ["residual", TENSOR],
    ["y", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "epilogue",
    "signs",
  ],
  /**
   * Makes dy zero where signs (as in batchNormApply, or 0: nothing) has no bit, and in absent
   * lanes, and sums it: sums: f64 [units][2] = { sum dy, sum dy (x - mean) } over
   *  present samples. Split over units = tile * channels + channel.
   */
  batchNormGradReduce: [
    ["dy", TENSOR],
    "signs",
    ["x", TENSOR],
    "stats",
    "sums",
    "counts",
    "tiles",
    "channels",
    "height",
    "width",
  ],
  /**
   * dgamma = sum dy xhat, dbeta = sum dy, from the sums of batchNormGradReduce. Split over
   * channels.
   */
  batchNormGradSum: ["sums", "stats", "dgamma", "dbeta", "tiles", "channels"],
  /**
   * dx = gamma invstd (dy - dbeta / n - xhat dgamma / n), n = present samples * positions; 0 for
   * absent samples. dx may be dy.
   *  Split over units = tile * channels + channel.
   */
  batchNormGradApply: [
    ["dy", TENSOR],
    ["x", TENSOR],
    "stats",
    "gamma",
    "dgamma",
    "dbeta",
    ["dx", TENSOR],
    "counts",
    "tiles",
    "channels",
    "height",
    "width",
  ],
} as const;
