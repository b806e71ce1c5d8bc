/**
 * No regularizer: J = 0.
 *
 *     prox_{s J}(x) = x,   dJ(x) = {0}
 *
 * With it LinBreg is SGD and AdaBreg is Adam.
 */
import { entry } from "../entry.js";
import { checkShape, checkStep } from "./checks.js";
import type { Regularizer } from "./regularizer.js";

/**
 * The regularizer that is zero everywhere.
 *
 * @example
 * const optimizer = linBreg({ tau: 0.1, regularizer: none() }); // plain SGD
 */
export function none(): Regularizer {
  return {
    kind: "none",
    lambda: 0,
    trivial: true,
    finite: true,
    homogeneous: true,
    groups: "entries",
    standardForm: {},
    value(x, shape) {
      checkShape("none", shape, x);
      return 0;
    },
    prox(x, step, shape, out) {
      checkStep("none", step);
      checkShape("none", shape, x, out);
      if (out !== x) out.set(x);
    },
    subgradient(x, shape, out) {
      checkShape("none", shape, x, out);
      out.fill(0);
    },
  };
}

none.entry = entry("none", {}, none);
