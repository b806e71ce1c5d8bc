/**
 * The l1 norm on weights that may not be negative.
 *
 *     J(x) = lambda sum_i x_i  if all x_i >= 0, else infinity
 *     prox_{s J}(x)_i = max(x_i - s lambda, 0)
 *     dJ(x)_i = lambda where x_i > 0, (-infinity, lambda] where x_i = 0
 *
 * Derivation: J is the sum of lambda <1, x> and the indicator of the non-negative orthant.
 *
 * 1. The authors' code keeps lambda sign(x_i) as subgradient of a negative weight, and leaves the
 *    indicator out of the value. There is no subgradient where J is infinite; this file takes the
 *    nearest weight that is allowed, which is 0.
 */
import { entry } from "../entry.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import { LAMBDA } from "./keys.js";
import type { Regularizer } from "./regularizer.js";

/**
 * Non-negative l1 regularizer: sparse weights, none of them negative, for weights of any shape.
 *
 * A start with negative weights is brought to the non-negative ones by the first step: they become
 * 0.
 *
 * @param lambda - strength, >= 0
 * @throws InputError if lambda is negative or not finite
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * nonNegativeL1(0.5).prox(x, 1, [3], x); // x is now 0, 0, 2.5
 */
export function nonNegativeL1(lambda: number): Regularizer {
  checkLambda("nonNegativeL1", lambda);
  return {
    kind: "nonNegativeL1",
    lambda,
    homogeneous: true,
    groups: "entries",
    standardForm: { entries: 1, nonNegative: true },
    value(x, shape) {
      checkShape("nonNegativeL1", shape, x);
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += x[i] < 0 ? Infinity : x[i];
      // With lambda = 0 the indicator remains, and 0 * Infinity would be NaN.
      return sum === Infinity ? Infinity : lambda * sum;
    },
    prox(x, step, shape, out) {
      checkStep("nonNegativeL1", step);
      checkShape("nonNegativeL1", shape, x, out);
      const threshold = step * lambda;
      for (let i = 0; i < x.length; i++) out[i] = x[i] <= threshold ? 0 : x[i] - threshold;
    },
    subgradient(x, shape, out) {
      checkShape("nonNegativeL1", shape, x, out);
      for (let i = 0; i < x.length; i++) out[i] = x[i] <= 0 ? 0 : x[i] > 0 ? lambda : NaN;
    },
  };
}

nonNegativeL1.entry = entry("nonNegativeL1", { lambda: LAMBDA }, ({ lambda }) =>
  nonNegativeL1(lambda),
);
