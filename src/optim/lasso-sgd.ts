/**
 * Lasso: SGD or Adam on loss + J, with a subgradient of J added to the gradient.
 *
 *     g <- g + p,  p in dJ(theta);   theta moves by g
 *
 * The classical baseline: weights come near zero but not to it, so zeros only appear when small
 * weights are cut after training: `density` does that in the last step. With a group lasso it is
 * the Group Lasso of Scardapane et al. 2017.
 *
 * 1. In the authors' code the penalty was detached from the gradient, and so had no effect. Here it
 *    has one.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkRegularizer } from "../regularizers/check-regularizer.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import type { Spread } from "../layer-densities.js";
import { checkDensity } from "./magnitude-pruning.js";
import { makeMasked } from "./masked.js";
import { adamMove, plainMove } from "./move.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

export interface LassoSgdOptions {
  /** Learning rate, > 0; default 0.1 for "plain", 1e-3 for "adam". */
  readonly tau?: number | undefined;
  /** J, finite everywhere. */
  readonly regularizer: Regularizer;
  /** How theta moves by the gradient: SGD's step or Adam's; default "plain". */
  readonly inner?: "plain" | "adam" | undefined;
  /**
   * Share of the weights that is kept when training ends, in (0, 1]: in the last step the smallest
   * are cut. Default 1: none is. Less than 1 is for weights only, and `init` must be told the
   * number of steps.
   */
  readonly density?: number | undefined;
  /** How that density is spread over the layers, see layerDensities; default "uniform". */
  readonly spread?: Spread | undefined;
}

const OPTIONS: OptionKeys<LassoSgdOptions> = {
  tau: 1,
  regularizer: 1,
  inner: 1,
  density: 1,
  spread: 1,
};

/**
 * Gradient descent on loss + J.
 *
 * @throws InputError if tau is not a finite number above 0, density outside (0, 1], or there is no
 *   such spread
 * @throws InputError if J may be infinite somewhere (nonNegativeL1, box), or `inner` is unknown
 * @example
 * const optimizer = lassoSgd({ tau: 0.5, regularizer: l1(1) });
 * const theta = Float64Array.of(2);
 * const state = optimizer.init(theta, [1]);
 * optimizer.step(state, theta, Float64Array.of(0), [1]);
 * // theta is now 1.5: the penalty alone pulls it
 */
export function lassoSgd(options: LassoSgdOptions): Optimizer {
  const {
    regularizer,
    inner = "plain",
    tau = inner === "adam" ? 1e-3 : 0.1,
    density = 1,
    spread = "uniform",
  } = knownOptions("lassoSgd", options, OPTIONS);
  if (inner !== "plain" && inner !== "adam") {
    throw new InputError(`lassoSgd: inner must be "plain" or "adam", found ${String(inner)}`);
  }
  checkRegularizer("lassoSgd", regularizer);
  if (!regularizer.finite) {
    throw new InputError(
      `lassoSgd: a penalty must be finite everywhere; ${regularizer.kind} is not, or ` +
        "does not say so (finite: true); use l1, or proxSgd",
    );
  }
  const move = inner === "adam" ? adamMove("lassoSgd", {}) : plainMove;
  checkDensity("lassoSgd", density, spread);
  if (density === 1)
    return makeOptimizer("lassoSgd", { tau, move, follow: "penalty", regularizer });
  const rule = { kind: "magnitude", density, spread, start: 1, end: 1, every: 1 } as const;
  return makeMasked("lassoSgd", { tau, move, rule, penalty: regularizer });
}
