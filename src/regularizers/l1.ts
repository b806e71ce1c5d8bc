/**
 * The l1 norm: every weight for itself.
 *
 *     J(x) = lambda sum_i |x_i|
 *     prox_{s J}(x)_i = shrink(x_i; s lambda) = sign(x_i) max(|x_i| - s lambda, 0)
 *     dJ(x)_i = lambda sign(x_i) where x_i != 0, [-lambda, lambda] where x_i = 0
 *
 * Source: Bungert, Roith, Tenbrinck, Burger, JMLR 23:192 (2022), section 1.
 */
import { entry } from "../entry.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import { LAMBDA } from "./keys.js";
import type { Regularizer } from "./regularizer.js";
import { shrink } from "./shrink.js";

/**
 * l1 regularizer: unstructured sparsity, for weights of any shape.
 *
 * @param lambda - strength, >= 0: a weight is born when its dual variable passes +-lambda
 * @throws InputError if lambda is negative or not finite
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * l1(0.5).prox(x, 1, [3], x); // x is now 0, -0.5, 2.5
 */
export function l1(lambda: number): Regularizer {
  checkLambda("l1", lambda);
  return {
    kind: "l1",
    lambda,
    finite: true,
    homogeneous: true,
    groups: "entries",
    standardForm: { entries: 1 },
    value(x, shape) {
      checkShape("l1", shape, x);
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]);
      return lambda * sum;
    },
    prox(x, step, shape, out) {
      checkStep("l1", step);
      checkShape("l1", shape, x, out);
      const threshold = step * lambda;
      for (let i = 0; i < x.length; i++) out[i] = shrink(x[i], threshold);
    },
    subgradient(x, shape, out) {
      checkShape("l1", shape, x, out);
      for (let i = 0; i < x.length; i++) out[i] = x[i] === 0 ? 0 : lambda * Math.sign(x[i]);
    },
  };
}

l1.entry = entry("l1", { lambda: LAMBDA }, ({ lambda }) => l1(lambda));
