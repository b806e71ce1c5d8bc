/**
 * The sparse group lasso: few groups, and few weights within them.
 *
 *     J(x) = lambda ( lambda0 sqrt(n) sum_g |x_g|_2 + (1 - lambda0) |x|_1 ),   lambda0 in [0, 1]
 *     prox_{s J} = group shrink by s lambda lambda0 sqrt(n)  after  shrink by s lambda (1 - lambda0)
 *     subgradient: the sum of both parts
 *
 * The order matters: l1 first, then the group, is the exact prox (the optimality tests check it),
 * the reverse is not. Source: Bungert et al., JMLR 23:192 (2022), section 1; Simon et al. 2013.
 *
 * 1. The authors' code multiplies by lambda twice in prox and subgradient, both parts with weight
 *    lambda^2, and its value is 0. Here lambda enters once. Their setting lambda is ours with {
 *    lambda: 2 lambda^2, lambda0: 0.5 }.
 */
import { entry, type Key } from "../entry.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import { groupShrink, groupUnits, groupValue } from "./group-lasso.js";
import { checkGroups, groupLayout, scaleGroups, type Groups } from "./groups.js";
import { GROUPS_KEY, LAMBDA } from "./keys.js";
import type { Regularizer } from "./regularizer.js";
import { shrink } from "./shrink.js";

export interface SparseGroupLassoOptions {
  /** Strength of the whole, >= 0. */
  readonly lambda: number;
  /** Share of the group part, in [0, 1]: 0 is l1, 1 is the group lasso; default 0.5. */
  readonly lambda0?: number | undefined;
  /** Which weights form a group; default "rows". */
  readonly groups?: Groups | undefined;
}

/** A sparse group lasso, with what it was made of. */
export interface SparseGroupLasso extends Regularizer {
  readonly kind: "sparseGroupLasso";
  readonly lambda0: number;
  readonly groups: Groups;
}

const OPTIONS = {
  lambda: LAMBDA,
  lambda0: {
    type: "number",
    least: 0,
    most: 1,
    default: 0.5,
    about: "Share of the group norm; the rest is l1",
  },
  groups: GROUPS_KEY,
} as const satisfies OptionKeys<SparseGroupLassoOptions, Key>;

/**
 * Sparse group lasso on rows, columns or kernels, see {@link Groups}.
 *
 * @throws InputError if lambda is negative or not finite, lambda0 outside [0, 1], or there is no
 *   such kind of group
 * @throws InputError (from the methods) if the tensor has no such groups, e.g. columns of a bias
 * @example
 * const w = Float64Array.of(3, 4, 0, 0.1, 0.2, 0.2); // [2, 3]
 * const J = sparseGroupLasso({ lambda: 0.5, lambda0: 0.5, groups: "rows" });
 * J.prox(w, 1, [2, 3], w); // first row 2.494, 3.401, 0; second row 0
 */
export function sparseGroupLasso(options: SparseGroupLassoOptions): SparseGroupLasso {
  const {
    lambda,
    lambda0 = OPTIONS.lambda0.default,
    groups = OPTIONS.groups.default,
  } = knownOptions("sparseGroupLasso", options, OPTIONS);
  checkLambda("sparseGroupLasso", lambda);
  checkGroups("sparseGroupLasso", groups);
  if (!(lambda0 >= 0 && lambda0 <= 1)) {
    throw new InputError(`sparseGroupLasso: lambda0 must be in [0, 1], found ${lambda0}`);
  }
  const group = lambda * lambda0;
  const entry = lambda * (1 - lambda0);
  return {
    kind: "sparseGroupLasso",
    lambda,
    lambda0,
    groups,
    finite: true,
    homogeneous: true,
    standardForm: { entries: 1 - lambda0, norms: lambda0 },
    value(x, shape) {
      checkShape("sparseGroupLasso", shape, x);
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]);
      return entry * sum + groupValue(x, groupLayout(groups, shape), group);
    },
    prox(x, step, shape, out) {
      checkStep("sparseGroupLasso", step);
      checkShape("sparseGroupLasso", shape, x, out);
      const layout = groupLayout(groups, shape);
      // The l1 part is kept in `out`, rounded to its type: no scratch array, at the price of one
      // rounding in float32.
      for (let i = 0; i < x.length; i++) out[i] = shrink(x[i], step * entry);
      groupShrink(out, layout, step * group, out);
    },
    subgradient(x, shape, out) {
      checkShape("sparseGroupLasso", shape, x, out);
      const layout = groupLayout(groups, shape);
      const signs = x.map((value) => (value === 0 ? 0 : entry * Math.sign(value)));
      scaleGroups(x, layout, groupUnits(x, layout, group), out);
      for (let i = 0; i < out.length; i++) out[i] += signs[i];
    },
  };
}

sparseGroupLasso.entry = entry("sparseGroupLasso", OPTIONS, sparseGroupLasso);
