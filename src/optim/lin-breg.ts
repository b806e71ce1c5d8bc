/**
 * LinBreg: linearized Bregman iterations, with or without momentum.
 *
 *     v     <- v - tau g                                     (momentum: m <- beta m + (1 - beta) tau g, v <- v - m)
 *     theta <- prox_{delta J}(delta v)
 *
 * Source: Bungert et al., JMLR 23:192 (2022), algorithms 1 and 2. Nesterov's momentum: see move.ts.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { none } from "../regularizers/none.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import { momentumMove } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface LinBregOptions {
  /** Learning rate of v, > 0; default 0.1. */
  readonly tau?: number | undefined;
  /** Elastic-net parameter, > 0: scales theta for a given v; default 1. */
  readonly delta?: number | undefined;
  /**
   * beta in [0, 1): the running mean of gradients that moves v; default 0, the plain step. The
   * paper uses 0.9.
   */
  readonly momentum?: number | undefined;
  /**
   * Takes the gradient where momentum alone would lead (Nesterov's momentum, of v); default false.
   */
  readonly nesterov?: boolean | undefined;
  /** mu >= 0 of a loss with mu / 2 |theta|^2 added; default 0. */
  readonly weightDecay?: number | undefined;
  /** J; default none. */
  readonly regularizer?: Regularizer | undefined;
}

const OPTIONS: OptionKeys<LinBregOptions> = {
  tau: 1,
  delta: 1,
  momentum: 1,
  nesterov: 1,
  weightDecay: 1,
  regularizer: 1,
};

/**
 * LinBreg: v gathers gradients, a weight is born when |v| passes lambda.
 *
 * @throws InputError if tau or delta is not a finite number above 0, weightDecay is negative or not
 *   finite, or momentum outside [0, 1) or 0 with nesterov
 * @example
 * const optimizer = linBreg({ tau: 0.5, regularizer: l1(1) });
 * const theta = Float64Array.of(0);
 * const state = optimizer.init(theta, [1]);
 * for (let k = 0; k < 3; k++) optimizer.step(state, theta, Float64Array.of(-1), [1]);
 * // v is 1.5, so theta is 0.5: born at the third step
 */
export function linBreg(options: LinBregOptions = {}): Optimizer {
  const {
    tau = 0.1,
    delta = 1,
    momentum = 0,
    nesterov = false,
    weightDecay = 0,
    regularizer = none(),
  } = knownOptions("linBreg", options, OPTIONS);
  return makeOptimizer("linBreg", {
    tau,
    delta,
    move: momentumMove("linBreg", momentum, nesterov),
    follow: "mirror",
    regularizer,
    weightDecay,
  });
}
