/**
 * Soft thresholding, the prox of t|.|:
 *
 *     shrink(x; t) = sign(x) max(|x| - t, 0)
 *
 * Written so that a NaN stays a NaN (a broken gradient must reach the weights and stop the
 * training, not turn into an exact zero) and so that no result is -0.
 */
export function shrink(x: number, t: number): number {
  return Math.abs(x) <= t ? 0 : x > 0 ? x - t : x + t;
}
