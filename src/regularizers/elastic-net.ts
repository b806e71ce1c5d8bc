/**
 * The elastic net: l1, and a quadratic part that keeps weights small.
 *
 *     J(x) = lambda sum_i |x_i| + (mu / 2) sum_i x_i^2
 *     prox_{s J}(x)_i = shrink(x_i; s lambda) / (1 + s mu)
 *     dJ(x)_i = lambda sign(x_i) + mu x_i where x_i != 0, [-lambda, lambda] where x_i = 0
 *
 * Source: Zou and Hastie, J. R. Stat. Soc. B 67 (2005), equation (3); the prox is the zero of z - x
 * + s dJ(z).
 *
 * 1. J_delta has a quadratic part of its own, and the two add up: in LinBreg and AdaBreg the
 *    elastic net with delta is l1 with delta / (1 + delta mu). mu is another way to scale theta
 *    there. In proxSgd and lassoSgd it is a weight decay.
 */
import { entry, type Key } from "../entry.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkLambda, checkShape, checkStep, checkStrength } from "./checks.js";
import { LAMBDA, MU } from "./keys.js";
import type { Regularizer } from "./regularizer.js";
import { shrink } from "./shrink.js";

export interface ElasticNetOptions {
  /** Strength of the l1 part, >= 0. */
  readonly lambda: number;
  /** Strength of the quadratic part, >= 0. */
  readonly mu: number;
}

/** An elastic net, with the strength of its quadratic part. */
export interface ElasticNet extends Regularizer {
  readonly kind: "elasticNet";
  readonly mu: number;
}

const OPTIONS = { lambda: LAMBDA, mu: MU } as const satisfies OptionKeys<ElasticNetOptions, Key>;

/**
 * Elastic net, for weights of any shape.
 *
 * @throws InputError if lambda or mu is negative or not finite
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * elasticNet({ lambda: 0.5, mu: 1 }).prox(x, 1, [3], x); // x is now 0, -0.25, 1.25
 */
export function elasticNet(options: ElasticNetOptions): ElasticNet {
  const { lambda, mu } = knownOptions("elasticNet", options, OPTIONS);
  checkLambda("elasticNet", lambda);
  checkStrength("elasticNet", "mu", mu);
  return {
    kind: "elasticNet",
    lambda,
    mu,
    finite: true,
    groups: "entries",
    standardForm: { entries: 1 },
    // mu decides no weight's birth, only how large it then is: it stays.
    withLambda: (other) => elasticNet({ lambda: other, mu }),
    value(x, shape) {
      checkShape("elasticNet", shape, x);
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < x.length; i++) {
        sum += Math.abs(x[i]);
        squares += x[i] * x[i];
      }
      return lambda * sum + (mu / 2) * squares;
    },
    prox(x, step, shape, out) {
      checkStep("elasticNet", step);
      checkShape("elasticNet", shape, x, out);
      const threshold = step * lambda;
      const scale = 1 + step * mu;
      for (let i = 0; i < x.length; i++) out[i] = shrink(x[i], threshold) / scale;
    },
    subgradient(x, shape, out) {
      checkShape("elasticNet", shape, x, out);
      for (let i = 0; i < x.length; i++)
        out[i] = x[i] === 0 ? 0 : lambda * Math.sign(x[i]) + mu * x[i];
    },
  };
}

elasticNet.entry = entry("elasticNet", OPTIONS, elasticNet);
