/**
 * The group lasso (l1,2 norm): whole groups of weights are zero or not.
 *
 *     J(x) = lambda sqrt(n) sum_g |x_g|_2                       n = elements in a group
 *     prox_{s J}(x)_g = x_g max(1 - s lambda sqrt(n) / |x_g|, 0),   0 stays 0
 *     dJ(x)_g = lambda sqrt(n) x_g / |x_g| where x_g != 0, the ball of radius lambda sqrt(n) where x_g = 0
 *
 * Source: Bungert et al., JMLR 23:192 (2022), equation (1.2), rows in (1.14); Scardapane et al.
 * 2017.
 */
import { entry, type Key } from "../entry.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import {
  checkGroups,
  groupLayout,
  groupNorms,
  scaleGroups,
  type GroupLayout,
  type Groups,
} from "./groups.js";
import { GROUPS_KEY, LAMBDA } from "./keys.js";
import type { Floats, Regularizer } from "./regularizer.js";

export interface GroupLassoOptions {
  /** Strength, >= 0. The threshold on a group's norm is lambda sqrt(n). */
  readonly lambda: number;
  /** Which weights form a group; default "rows". */
  readonly groups?: Groups | undefined;
}

/** A group lasso, with the groups it was made for. */
export interface GroupLasso extends Regularizer {
  readonly kind: "groupLasso";
  readonly groups: Groups;
}

const OPTIONS = { lambda: LAMBDA, groups: GROUPS_KEY } as const satisfies OptionKeys<
  GroupLassoOptions,
  Key
>;

/**
 * Group lasso on rows (whole units), columns (whole inputs) or the kernels of a convolution, see
 * {@link Groups}.
 *
 * @throws InputError if lambda is negative or not finite, or there is no such kind of group
 * @throws InputError (from the methods) if the tensor has no such groups, e.g. columns of a bias
 * @example
 * const w = Float64Array.of(3, 4, 0.1, 0.1); // [2, 2]
 * groupLasso({ lambda: 1, groups: "rows" }).prox(w, 1, [2, 2], w); // the second row is now 0
 */
export function groupLasso(options: GroupLassoOptions): GroupLasso {
  const { lambda, groups = OPTIONS.groups.default } = knownOptions("groupLasso", options, OPTIONS);
  checkLambda("groupLasso", lambda);
  checkGroups("groupLasso", groups);
  return {
    kind: "groupLasso",
    lambda,
    groups,
    finite: true,
    homogeneous: true,
    standardForm: { norms: 1 },
    value(x, shape) {
      checkShape("groupLasso", shape, x);
      return groupValue(x, groupLayout(groups, shape), lambda);
    },
    prox(x, step, shape, out) {
      checkStep("groupLasso", step);
      checkShape("groupLasso", shape, x, out);
      groupShrink(x, groupLayout(groups, shape), step * lambda, out);
    },
    subgradient(x, shape, out) {
      checkShape("groupLasso", shape, x, out);
      const layout = groupLayout(groups, shape);
      scaleGroups(x, layout, groupUnits(x, layout, lambda), out);
    },
  };
}

groupLasso.entry = entry("groupLasso", OPTIONS, groupLasso);

/** weight sqrt(n) sum_g |x_g| */
export function groupValue(x: Floats, layout: GroupLayout, weight: number): number {
  const norms = groupNorms(x, layout);
  return weight * Math.sqrt(layout.size) * norms.reduce((sum, norm) => sum + norm, 0);
}

/** out_g = x_g max(1 - weight sqrt(n) / |x_g|, 0). `out` may be `x`. */
export function groupShrink(x: Floats, layout: GroupLayout, weight: number, out: Floats): void {
  const threshold = weight * Math.sqrt(layout.size);
  // The test comes before the division, so a zero norm is never divided by; a NaN fails it and
  // stays a NaN.
  const factors = groupNorms(x, layout).map((norm) =>
    norm <= threshold ? 0 : 1 - threshold / norm,
  );
  scaleGroups(x, layout, factors, out);
}

/**
 * weight sqrt(n) / |x_g| for every group, 0 for a zero group: times x_g it is the group's
 * subgradient.
 */
export function groupUnits(x: Floats, layout: GroupLayout, weight: number): Float64Array {
  return groupNorms(x, layout).map((norm) =>
    norm === 0 ? 0 : (weight * Math.sqrt(layout.size)) / norm,
  );
}
