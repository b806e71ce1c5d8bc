/**
 * Kernels for gradients: estimated from some samples, and between the backward pass and the update. A part of KERNELS, see
 * kernel-table.ts.
 *
 * A pattern is given by entries (or pairs), used: i32 [rows], the entries of each row, and entryStride, those a row has room
 * for. The column of an entry is as in convSparseWeightGrad, or offset / (T * 4) if kernelWidth is 0.
 */

/** Arguments that say where the weights of a pattern are: see patternArgs in parameter.ts. */
const PATTERN = [
  "entries",
  "used",
  "entryStride",
  "group",
  "theta",
  "planeSize",
  "rowSize",
  "kernelHeight",
  "kernelWidth",
] as const;

/** Kernel names in the order of their ids, each with its arguments in order. */
export const STEP_KERNELS = {
  /** norms[r] = |g_r|_2, of the pattern's weights alone if entries is not 0. Split over rows.
   *  g: f32 [rows, cols]; norms: f32 [rows]; group, theta: columns of a kernel and theta's place for pairs, else group is 0. */
  gradientNorms: ["g", "norms", "rows", "cols", ...PATTERN],
  /** g <- factor g, and what is beyond +-limit is set to it. Split over rows. bounds: f32 { factor, limit }. */
  clipGradient: ["g", "bounds", "rows", "cols"],
  /** sum <- share g if first is not 0, else sum + share g. Split over rows. share: f32. */
  sumGradient: ["g", "sum", "share", "first", "rows", "cols"],
  /** norms[b] = |dy_b| |x_b|. Split over tiles. dy: f32 [tiles][rows][T]; x: f32 [tiles][cols][T]; norms: f32 [tiles * T]. */
  sampleNorms: ["dy", "x", "norms", "rows", "cols"],
  /** Draws samples by their norms, as few whole tiles of them as keep the variance of the estimated gradient below
   *  tolerance * (sum of norms^2); see kernels/sample.c. One row. settings: i32 { seed, _ }; tolerance: f32;
   *  drawn: i32 [1 + samples]: tiles that the drawn samples fill, then their numbers, -1 = none;
   *  factors: f32 [samples]: 1 / the chance of each; samples: of the batch, tiles * T. */
  drawSamples: ["norms", "settings", "tolerance", "drawn", "factors", "samples"],
  /** Copies the drawn samples, dy times its factor. Split over samples. xRows: the batch as rows, or 0: x is read;
   *  dyOut: f32 [tiles][rows][T]; xOut: f32 [tiles * T][rowStride]. */
  gatherSamples: ["drawn", "factors", "dy", "x", "xRows", "dyOut", "xOut", "rows", "cols", "rowStride"],
  /** denseWeightGrad of as many tiles as `drawn` says. Split over rows of g. */
  sampledWeightGrad: ["drawn", "dy", "xRows", "g", "rows", "cols", "rowStride"],
  /** g <- g + factor theta. Split over rows. g: f32 [rows, cols]; factor: f32; entries: the pattern (its values are theta), or 0:
   *  theta is f32 [rows, cols]; group, theta: for pairs as in gradientNorms. */
  decayGradient: ["g", "factor", "rows", "cols", ...PATTERN],
  /** Finds the columns that differ between the samples of a batch; see kernels/columns.c. One row.
   *  x: f32 [tiles][cols][T]; columns: i32 [1 + cols + 1 + ceil(cols / 16)]. */
  findColumns: ["x", "columns", "tiles", "cols"],
  /** Packs those columns, and one of the others, in place. Split over samples. xRows: f32 [samples][rowStride]. */
  packColumns: ["xRows", "columns", "cols", "rowStride"],
} as const;
