/**
 * AdaBreg: v moves by Adam's step.
 *
 *     v     <- v - tau m1h / (sqrt(m2h) + eps)
 *     theta <- prox_{delta J}(delta v)
 *
 * As v moves by about tau a step whatever the size of the gradient, a weight with steady sign is
 * born after about lambda / tau steps: AdaBreg wants a much larger lambda / tau than LinBreg for
 * the same density. Source: Bungert et al., JMLR 23:192 (2022), algorithm 3.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { none } from "../regularizers/none.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import { adamMove, type AdamMoveOptions } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface AdaBregOptions extends AdamMoveOptions {
  /** Learning rate of v, > 0; default 1e-3. */
  readonly tau?: number | undefined;
  /** Elastic-net parameter, > 0; default 1. */
  readonly delta?: number | undefined;
  /** mu >= 0 of a loss with mu / 2 |theta|^2 added; default 0. */
  readonly weightDecay?: number | undefined;
  /** J; default none. */
  readonly regularizer?: Regularizer | undefined;
}

const OPTIONS: OptionKeys<AdaBregOptions> = {
  tau: 1,
  delta: 1,
  beta1: 1,
  beta2: 1,
  eps: 1,
  biasCorrectFirstMoment: 1,
  weightDecay: 1,
  regularizer: 1,
};

/**
 * AdaBreg: LinBreg with Adam's step size for every weight.
 *
 * @throws InputError if tau, delta or eps is not a finite number above 0, weightDecay is negative
 *   or not finite, or beta1 or beta2 outside [0, 1)
 * @example
 * const optimizer = adaBreg({ tau: 0.1, regularizer: l1(0.25) });
 * const theta = Float64Array.of(0);
 * const state = optimizer.init(theta, [1]);
 * for (let k = 0; k < 3; k++) optimizer.step(state, theta, Float64Array.of(-1e-3), [1]);
 * // v is 0.3 however small the gradient, so theta is 0.05
 */
export function adaBreg(options: AdaBregOptions = {}): Optimizer {
  const {
    tau = 1e-3,
    delta = 1,
    weightDecay = 0,
    regularizer = none(),
    ...moments
  } = knownOptions("adaBreg", options, OPTIONS);
  const move = adamMove("adaBreg", moments);
  return makeOptimizer("adaBreg", { tau, delta, move, follow: "mirror", regularizer, weightDecay });
}
