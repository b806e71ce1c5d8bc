/**
 * Magnitude pruning: train densely, cut the smallest weights, go on with the others.
 *
 *     at once    start = end: one cut to the density, then fine-tuning under the mask
 *     gradually  start < end: a cut every so many steps, by a cubic law (mask-rule.ts)
 *
 * Source: Han et al., NeurIPS 2015; Zhu and Gupta 2017 (arXiv 1710.01878).
 *
 * 1. The smallest are sought in each tensor for itself; `spread` says how the density is spread
 *    over them.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { SPREADS, type Spread } from "../layer-densities.js";
import { makeMasked, maskedMove, type MaskedMoveOptions } from "./masked.js";
import type { Optimizer } from "./optimizer.js";
import { checkShare } from "./schedule.js";

export interface MagnitudePruningOptions extends MaskedMoveOptions {
  /** Share of the weights that stay, in (0, 1], over all tensors the optimizer trains. */
  readonly density: number;
  /** How the density is spread over the layers, see layerDensities; default "uniform". */
  readonly spread?: Spread | undefined;
  /** When the cuts begin, as a share of the training; default 0.25. */
  readonly start?: number | undefined;
  /**
   * When the last cut is; default 0.75. Equal to `start`: there is one cut. 1: in the last step.
   */
  readonly end?: number | undefined;
  /** Steps between two cuts; default 100. */
  readonly every?: number | undefined;
}

const OPTIONS: OptionKeys<MagnitudePruningOptions> = {
  tau: 1,
  momentum: 1,
  inner: 1,
  density: 1,
  spread: 1,
  start: 1,
  end: 1,
  every: 1,
};

/**
 * Magnitude pruning, at once or gradually.
 *
 * @throws InputError if an option is outside its range, or end is before start; also if
 *   `inner` is unknown
 * @example
 * const optimizer = magnitudePruning({ tau: 0.5, density: 0.5, start: 0.5, end: 0.5 });
 * const theta = Float64Array.of(1, -3);
 * const state = optimizer.init(theta, [1, 2], { steps: 2 });
 * optimizer.step(state, theta, Float64Array.of(0, 0), [1, 2]);
 * // half of the training: theta is now 0, -3
 */
export function magnitudePruning(options: MagnitudePruningOptions): Optimizer {
  const {
    density,
    spread = "uniform",
    start = 0.25,
    end = 0.75,
    every = 100,
    ...move
  } = knownOptions("magnitudePruning", options, OPTIONS);
  const kind = "magnitudePruning";
  checkDensity(kind, density, spread);
  checkShare(kind, "start", start);
  checkShare(kind, "end", end);
  if (end < start)
    throw new InputError(`${kind}: end must be at least start (${start}), found ${end}`);
  return makeMasked(kind, {
    ...maskedMove(kind, move),
    rule: { kind: "magnitude", density, spread, start, end, every },
  });
}

/** @throws InputError unless the density is in (0, 1] and the spread is one of those there are */
export function checkDensity(kind: string, density: number, spread: Spread): void {
  if (!(density > 0 && density <= 1))
    throw new InputError(`${kind}: density must be in (0, 1], found ${density}`);
  if (!SPREADS.includes(spread)) {
    throw new InputError(
      `${kind}: spread must be one of ${SPREADS.join(", ")}, found ${String(spread)}`,
    );
  }
}
