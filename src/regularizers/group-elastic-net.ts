/**
 * The group elastic net: whole groups of weights are zero or not, and a quadratic part keeps them
 * small.
 *
 *     J(x) = lambda sqrt(n) sum_g |x_g|_2 + (mu / 2) |x|^2           n = elements in a group
 *     prox_{s J}(x)_g = x_g max(1 - s lambda sqrt(n) / |x_g|, 0) / (1 + s mu)
 *     dJ(x)_g = lambda sqrt(n) x_g / |x_g| + mu x_g where x_g != 0, the ball of radius lambda sqrt(n) where x_g = 0
 *
 * Source: the group lasso with the quadratic part of Zou and Hastie, J. R. Stat. Soc. B 67 (2005);
 * see elastic-net.ts.
 */
import { entry, type Key } from "../entry.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkLambda, checkShape, checkStep, checkStrength } from "./checks.js";
import { groupShrink, groupUnits, groupValue } from "./group-lasso.js";
import { checkGroups, groupLayout, scaleGroups, type Groups } from "./groups.js";
import { GROUPS_KEY, LAMBDA, MU } from "./keys.js";
import type { Regularizer } from "./regularizer.js";

export interface GroupElasticNetOptions {
  /** Strength of the group part, >= 0. The threshold on a group's norm is lambda sqrt(n). */
  readonly lambda: number;
  /** Strength of the quadratic part, >= 0. */
  readonly mu: number;
  /** Which weights form a group; default "rows". */
  readonly groups?: Groups | undefined;
}

/** A group elastic net, with the groups it was made for. */
export interface GroupElasticNet extends Regularizer {
  readonly kind: "groupElasticNet";
  readonly mu: number;
  readonly groups: Groups;
}

const OPTIONS = {
  lambda: LAMBDA,
  mu: MU,
  groups: GROUPS_KEY,
} as const satisfies OptionKeys<GroupElasticNetOptions, Key>;

/**
 * Group elastic net on rows, columns or kernels, see {@link Groups}.
 *
 * @throws InputError if lambda or mu is negative or not finite, or there is no such kind of group
 * @throws InputError (from the methods) if the tensor has no such groups, e.g. columns of a bias
 * @example
 * const w = Float64Array.of(3, 4, 0.1, 0.1); // [2, 2]
 * const J = groupElasticNet({ lambda: Math.SQRT2, mu: 1, groups: "rows" });
 * J.prox(w, 1, [2, 2], w); // w is now 0.9, 1.2, 0, 0
 */
export function groupElasticNet(options: GroupElasticNetOptions): GroupElasticNet {
  const {
    lambda,
    mu,
    groups = OPTIONS.groups.default,
  } = knownOptions("groupElasticNet", options, OPTIONS);
  checkLambda("groupElasticNet", lambda);
  checkStrength("groupElasticNet", "mu", mu);
  checkGroups("groupElasticNet", groups);
  return {
    kind: "groupElasticNet",
    lambda,
    mu,
    groups,
    finite: true,
    standardForm: { norms: 1 },
    // mu decides no group's birth, only how large it then is: it stays.
    withLambda: (other) => groupElasticNet({ lambda: other, mu, groups }),
    value(x, shape) {
      checkShape("groupElasticNet", shape, x);
      let squares = 0;
      for (let i = 0; i < x.length; i++) squares += x[i] * x[i];
      return groupValue(x, groupLayout(groups, shape), lambda) + (mu / 2) * squares;
    },
    prox(x, step, shape, out) {
      checkStep("groupElasticNet", step);
      checkShape("groupElasticNet", shape, x, out);
      groupShrink(x, groupLayout(groups, shape), step * lambda, out);
      const scale = 1 + step * mu;
      for (let i = 0; i < out.length; i++) out[i] /= scale;
    },
    subgradient(x, shape, out) {
      checkShape("groupElasticNet", shape, x, out);
      const layout = groupLayout(groups, shape);
      // Both parts are x times a factor of its group; a group that is zero stays zero, whatever the
      // factor.
      const factors = groupUnits(x, layout, lambda).map((unit) => unit + mu);
      scaleGroups(x, layout, factors, out);
    },
  };
}

groupElasticNet.entry = entry("groupElasticNet", OPTIONS, groupElasticNet);
