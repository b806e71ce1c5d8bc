/**
 * The sum that the kernels know. A regularizer that is one says so, and its steps are taken in C:
 *
 *     J(x) = lambda (entries sum_i |x_i| + norms sqrt(n) sum_g |x_g|_2) + (mu / 2) |x|^2
 *
 * on all x, or on those without a negative entry. The groups, n weights each, and mu are J's own
 * members. Two shares in place of two strengths: they stay as they are when lambda moves.
 *
 *     prox_{s J}(x)_g = group shrink(shrink(x_g; s lambda entries); s lambda norms sqrt(n)) / (1 + s mu)
 */

export interface StandardForm {
  /** Share of lambda that is on the size of each weight; left out: none is. */
  readonly entries?: number | undefined;
  /** Share of lambda that is on the norm of each of J's groups; left out: none is. */
  readonly norms?: number | undefined;
  /** J(x) is infinite where an entry is negative. */
  readonly nonNegative?: boolean | undefined;
}
