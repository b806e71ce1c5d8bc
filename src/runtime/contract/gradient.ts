/**
 * Kernels between the backward pass and the update: norms of gradients, clipping, sums over the
 * parts of a batch, weight decay.
 */
import { PATTERN } from "./composites.js";

export const GRADIENT_KERNELS = {
  /**
   * norms[r] = |g_r|_2, of the pattern's weights alone if entries is not 0. Split over rows.
   *  g: f32 [rows, cols]; norms: f32 [rows]; group, theta: columns of a kernel and theta's place
   *  for pairs, else group is 0.
   */
  gradientNorms: ["g", "norms", "rows", "cols", ["pattern", PATTERN]],
  /**
   * g <- factor g, and what is beyond +-limit is set to it. Split over rows. bounds: f32 { factor,
   * limit }.
   */
  clipGradient: ["g", "bounds", "rows", "cols"],
  /** sum <- share g if first is not 0, else sum + share g. Split over rows. share: f32. */
  sumGradient: ["g", "sum", "share", "first", "rows", "cols"],
  /**
   * g <- g + factor theta. Split over rows. g: f32 [rows, cols]; factor: f32; entries: the pattern
   * (its values are theta), or 0:
   *  theta is f32 [rows, cols]; group, theta: for pairs as in gradientNorms.
   */
  decayGradient: ["g", "factor", "rows", "cols", ["pattern", PATTERN]],
} as const;
