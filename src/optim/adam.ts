/**
 * Adam: AdaBreg with J = 0 and delta = 1, so that theta = v.
 *
 *     theta <- theta - tau m1h / (sqrt(m2h) + eps)
 *
 * Source: Kingma and Ba, ICLR 2015, algorithm 1.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { none } from "../regularizers/none.js";
import { adamMove, type AdamMoveOptions } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface AdamOptions extends AdamMoveOptions {
  /** Learning rate, > 0; default 1e-3. */
  readonly tau?: number | undefined;
  /** mu >= 0 of a loss with mu / 2 |theta|^2 added (Adam's own, not AdamW's); default 0. */
  readonly weightDecay?: number | undefined;
}

const OPTIONS: OptionKeys<AdamOptions> = {
  tau: 1,
  beta1: 1,
  beta2: 1,
  eps: 1,
  biasCorrectFirstMoment: 1,
  weightDecay: 1,
};

/**
 * Adam.
 *
 * @throws InputError if tau or eps is not a finite number above 0, weightDecay is negative or not
 *   finite, or beta1 or beta2 outside [0, 1)
 * @example
 * const optimizer = adam({ tau: 0.1 });
 * const theta = Float64Array.of(1);
 * const state = optimizer.init(theta, [1]);
 * optimizer.step(state, theta, Float64Array.of(7), [1]);
 * // theta is now 0.9: the first step is tau long
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { tau = 1e-3, weightDecay = 0, ...moments } = knownOptions("adam", options, OPTIONS);
  const move = adamMove("adam", moments);
  return makeOptimizer("adam", { tau, move, follow: "mirror", regularizer: none(), weightDecay });
}
