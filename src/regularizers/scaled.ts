/**
 * A regularizer with another lambda: c J has the values c J(x), the subgradients c p, and prox_{s (c J)} = prox_{(s c) J}.
 *
 * An elastic net keeps its mu, which decides no weight's birth but how large it then is.
 */
import { elasticNet, isElasticNet } from "./elastic-net.js";
import type { Regularizer } from "./regularizer.js";

/**
 * The same regularizer with lambda times c.
 *
 * @param factor - c, >= 0
 * @throws RangeError if the factor is negative or not finite
 */
export function scaleRegularizer<J extends Regularizer>(regularizer: J, factor: number): J {
  if (!(factor >= 0 && factor < Infinity)) {
    throw new RangeError(`scaleRegularizer: factor must be a finite number of at least 0, found ${factor}`);
  }
  if (factor === 1) return regularizer;
  if (isElasticNet(regularizer)) {
    return { ...regularizer, ...elasticNet({ lambda: regularizer.lambda * factor, mu: regularizer.mu }) };
  }
  return {
    ...regularizer,
    lambda: regularizer.lambda * factor,
    value: (x, shape) => factor * regularizer.value(x, shape),
    prox: (x, step, shape, out) => regularizer.prox(x, step * factor, shape, out),
    subgradient(x, shape, out) {
      regularizer.subgradient(x, shape, out);
      for (let i = 0; i < out.length; i++) out[i] *= factor;
    },
  };
}
