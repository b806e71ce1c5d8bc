/**
 * Proximal gradient descent (ISTA with stochastic gradients), the baseline that thresholds theta
 * itself.
 *
 *     theta <- prox_{tau J}(theta - tau g)
 *
 * Nothing is remembered of a weight that was set to zero: where LinBreg gathers small gradients
 * until the weight is born, here they are cut off at every step. And J biases the minimum. No
 * momentum, as in the authors' code.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { none } from "../regularizers/none.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import { plainMove } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface ProxSgdOptions {
  /** Learning rate, > 0; default 0.1. */
  readonly tau?: number | undefined;
  /** J; default none. */
  readonly regularizer?: Regularizer | undefined;
}

const OPTIONS: OptionKeys<ProxSgdOptions> = { tau: 1, regularizer: 1 };

/**
 * Proximal stochastic gradient descent.
 *
 * @throws InputError if tau is not a finite number above 0
 * @example
 * const optimizer = proxSgd({ tau: 0.5, regularizer: l1(1) });
 * const theta = Float64Array.of(2);
 * const state = optimizer.init(theta, [1]);
 * optimizer.step(state, theta, Float64Array.of(1), [1]); // theta is now 2 - 0.5 - 0.5 = 1
 */
export function proxSgd(options: ProxSgdOptions = {}): Optimizer {
  const { tau = 0.1, regularizer = none() } = knownOptions("proxSgd", options, OPTIONS);
  return makeOptimizer("proxSgd", { tau, move: plainMove, follow: "proximal", regularizer });
}
