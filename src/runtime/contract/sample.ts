/** Kernels of the sampled dual: a gradient estimated from some samples. See kernels/sample.c. */
import { POSITIONS, TENSOR } from "./composites.js";

export const SAMPLE_KERNELS = {
  /**
   * norms[b] = |dy_b| |x_b|. Split over tiles. dy: f32 [tiles][rows][T]; x: f32 [tiles][cols][T];
   * norms: f32 [tiles * T].
   */
  sampleNorms: ["dy", "x", "norms", "rows", "cols"],
  /**
   * Draws samples by their norms, as few whole tiles of them as keep the variance of the estimated
   * gradient below
   *  tolerance * (sum of norms^2); see kernels/sample.c. One row. settings: i32 { seed, _ };
   *  tolerance: f32; drawn: i32 [1 + samples]: tiles that the drawn samples fill, then their
   *  numbers, -1 = none; factors: f32 [samples]: 1 / the chance of each; samples: of the batch,
   *  tiles * T.
   */
  drawSamples: ["norms", "settings", "tolerance", "drawn", "factors", "samples"],
  /**
   * Copies the drawn samples, dy times its factor. Split over samples. xRows: the batch as rows, or
   * 0: x is read;
   *  dyOut: f32 [tiles][rows][T]; xOut: f32 [tiles * T][rowStride].
   */
  gatherSamples: [
    "drawn",
    "factors",
    "dy",
    "x",
    "xRows",
    "dyOut",
    "xOut",
    "rows",
    "cols",
    "rowStride",
  ],
  /** denseWeightGrad of as many tiles as `drawn` says. Split over rows of g. */
  sampledWeightGrad: ["drawn", "dy", "xRows", "g", "rows", "cols", "rowStride"],
  /**
   * Copies the drawn samples of a tensor of planes, times their factors if these are there (0:
   * not). Split over vectors of a tile. x: f32 [tiles][vectors][T]; out: f32 [drawn
   * tiles][vectors][T], zero where there is no sample.
   */
  gatherPlanes: ["drawn", "factors", "x", "out", "vectors"],
  /** convDenseWeightGrad of as many tiles as `drawn` says. Split over rows of g, grain 4. */
  convSampledWeightGrad: [
    "drawn",
    ["dy", TENSOR],
    ["x", POSITIONS],
    "g",
    "taps",
    "tapCount",
    "rows",
    "inner",
    "height",
    "width",
  ],
} as const;
