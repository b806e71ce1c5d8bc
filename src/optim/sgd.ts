/**
 * SGD: LinBreg with J = 0 and delta = 1, so that theta = v.
 *
 *     theta <- theta - tau g                                 (momentum: m <- beta m + (1 - beta) tau g, theta <- theta - m)
 *
 * 1. Momentum is in the same dampened form as in LinBreg, so that the two compare at the same
 *    learning rate. The usual heavy ball (m <- beta m + g, theta <- theta - tau m) with learning
 *    rate tau' is this one with tau = tau' / (1 - beta); with `nesterov` too, where that form is
 *    theta <- theta - tau (g + beta m).
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { none } from "../regularizers/none.js";
import { momentumMove } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface SgdOptions {
  /** Learning rate, > 0; default 0.1. */
  readonly tau?: number | undefined;
  /** beta in [0, 1) of the running mean of gradients; default 0, the plain step. */
  readonly momentum?: number | undefined;
  /** Takes the gradient where momentum alone would lead (Nesterov); default false. */
  readonly nesterov?: boolean | undefined;
  /** mu >= 0 of a loss with mu / 2 |theta|^2 added; default 0. */
  readonly weightDecay?: number | undefined;
}

const OPTIONS: OptionKeys<SgdOptions> = { tau: 1, momentum: 1, nesterov: 1, weightDecay: 1 };

/**
 * Stochastic gradient descent, with dampened momentum.
 *
 * @throws InputError if tau is not a finite number above 0, weightDecay is negative or not finite,
 *   or momentum outside [0, 1) or 0 with nesterov
 * @example
 * const optimizer = sgd({ tau: 0.5 });
 * const theta = Float64Array.of(1, 2);
 * const state = optimizer.init(theta, [2]);
 * optimizer.step(state, theta, Float64Array.of(1, -1), [2]); // theta is now 0.5, 2.5
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const {
    tau = 0.1,
    momentum = 0,
    nesterov = false,
    weightDecay = 0,
  } = knownOptions("sgd", options, OPTIONS);
  return makeOptimizer("sgd", {
    tau,
    move: momentumMove("sgd", momentum, nesterov),
    follow: "mirror",
    regularizer: none(),
    weightDecay,
  });
}
