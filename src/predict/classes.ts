/**
 * What the logits of a classifier say.
 *
 *     p_k = exp(z_k - max z) / sum_j exp(z_j - max z)
 *
 * in float64. The largest exponent is 0, so that none overflows.
 */

/** A class, and how likely it is. */
export interface ClassProbability {
  /** Place among the outputs, from 0. */
  readonly class: number;
  /** Its name, where names were given. */
  readonly label?: string;
  readonly probability: number;
}

/**
 * The likeliest classes of one sample, the likeliest first; of equally likely ones the first.
 *
 * @param logits - of one sample, finite
 * @param top - how many classes; all, if there are fewer (default: all)
 * @param labelNames - of each class, as a predictor has them
 * @example
 * topClasses(Float32Array.of(0, Math.log(3)), 1); // [{ class: 1, probability: 0.75 }], to rounding
 */
export function topClasses(
  logits: Float32Array,
  top: number = logits.length,
  labelNames?: readonly string[],
): ClassProbability[] {
  const largest = logits.reduce((most, z) => Math.max(most, z), -Infinity);
  const shares = Float64Array.from(logits, (z) => Math.exp(z - largest));
  const sum = shares.reduce((all, share) => all + share, 0);
  return Array.from(logits, (_, k) => k)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, top)
    .map((k) => ({
      class: k,
      ...(labelNames && { label: labelNames[k] }),
      probability: shares[k] / sum,
    }));
}
