/**
 * RigL: as many weights from the first to the last step; small ones make room for those with the
 * largest gradient.
 *
 * Every so many steps the share f_t of the weights with the smallest |theta| is dropped, and as
 * many grow at zero where the largest |g| are: see mask-rule.ts for f_t. Start it from a sparse
 * theta (its non-zeros are the first mask), for instance with densities by layer as in
 * `layerDensities`.
 *
 * Source: Evci et al., Rigging the Lottery: Making All Tickets Winners, ICML 2020, algorithm 1.
 *
 * 1. The paper looks at the gradient of every weight only when the mask changes, to save the rest.
 *    This trainer computes it in every step, as for exact LinBreg.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { makeMasked, maskedMove, type MaskedMoveOptions } from "./masked.js";
import type { Optimizer } from "./optimizer.js";
import { checkShare } from "./schedule.js";

/** Options of SET and RigL. */
export interface RewiringOptions extends MaskedMoveOptions {
  /**
   * Share of the mask that is exchanged at first, in [0, 1]; it falls to 0 by a cosine. Default
   * 0.3.
   */
  readonly share?: number | undefined;
  /** Steps between two changes; default 100. */
  readonly every?: number | undefined;
  /** The last change is before this share of the training; default 0.75. */
  readonly until?: number | undefined;
}

const OPTIONS: OptionKeys<RewiringOptions> = {
  tau: 1,
  momentum: 1,
  inner: 1,
  share: 1,
  every: 1,
  until: 1,
};

/**
 * RigL.
 *
 * @throws InputError if an option is outside its range; also if `inner` is unknown
 * @example
 * const optimizer = rigL({ share: 1, every: 1 });
 * const theta = Float64Array.of(1, 3, 0, 0);
 * const state = optimizer.init(theta, [1, 4], { steps: 100 });
 * optimizer.step(state, theta, Float64Array.of(0, 0, 1, -2), [1, 4]);
 * // state.mask is now 0, 1, 0, 1
 */
export function rigL(options: RewiringOptions = {}): Optimizer {
  return makeRewiring("rigL", "gradient", options);
}

/** An optimizer that exchanges weights: those that grow are chosen at random or by the gradient. */
export function makeRewiring(
  kind: string,
  growth: "random" | "gradient",
  options: RewiringOptions,
): Optimizer {
  const { share = 0.3, every = 100, until = 0.75, ...move } = knownOptions(kind, options, OPTIONS);
  checkShare(kind, "share", share);
  checkShare(kind, "until", until);
  return makeMasked(kind, {
    ...maskedMove(kind, move),
    rule: { kind: growth, share, until, every },
  });
}
