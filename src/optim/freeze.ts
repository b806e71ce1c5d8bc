/**
 * Freezing: most steps move only the weights that are there.
 *
 *     fine step      a step as ever: the gradient of every weight, births and deaths
 *     frozen steps   m of them after each fine step: only the weights of the pattern move; all others stay zero and keep v
 *
 * A frozen step costs what the non-zeros cost, in all three products of a layer. The dual variable
 * of a zero weight moves in fine steps only, m + 1 times more slowly, so that its threshold is
 * divided: lambda / (m + 1). Where m changes in the course of a run, theta stays as it is and its
 * subgradient is scaled along with lambda, p <- p lambda' / lambda in dJ'(theta).
 *
 * In the end patterns may be fixed: no fine step follows any more.
 *
 * Adam's bias corrections are those of the moments they are for: in fine steps they count the steps
 * that moved every weight, which is what a zero weight has seen, in frozen ones all steps.
 *
 * Source: multilevel linearized Bregman iterations, the alternation that the conclusion of Bungert
 * et al., JMLR 23:192 (2022) proposes. Frozen gradients need no correction: the gradient of the
 * restricted loss is the restricted gradient.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";

export interface FreezeOptions {
  /**
   * m: frozen steps after each fine one (at most so many, if `births` is given). 0 freezes nothing.
   */
  readonly coarse: number;
  /** Epochs of exact steps before the first frozen one; default 0. */
  readonly after?: number | undefined;
  /**
   * Lets m follow the births: about as many weights may be born in a cycle of m + 1 steps, as a
   * share of the non-zeros. Then steps are exact while the pattern grows fast, and rarely so once
   * births are rare. Default: m is `coarse` throughout.
   */
  readonly births?: number | undefined;
  /** "scaled" (the default): lambda is divided by m + 1. "kept": it is as stated. */
  readonly lambda?: "scaled" | "kept" | undefined;
  /**
   * Epochs after which the patterns stay what they are: all steps from there on are frozen, and
   * lambda is what it has come to. Default: they never do.
   */
  readonly fixedAfter?: number | undefined;
}

const OPTIONS: OptionKeys<FreezeOptions> = {
  coarse: 1,
  after: 1,
  births: 1,
  lambda: 1,
  fixedAfter: 1,
};

/** What m follows: the last epoch's births. */
export interface BirthRate {
  readonly births: number;
  readonly nonZeros: number;
  /** Steps of an epoch. */
  readonly steps: number;
}

/**
 * Frozen steps after each fine step of an epoch.
 *
 * @param epoch - from 0
 * @param last - the epoch before; absent at the beginning of a run
 */
export function coarseSteps(
  { coarse, after = 0, births }: FreezeOptions,
  epoch: number,
  last?: BirthRate,
): number {
  if (epoch < after) return 0;
  if (births === undefined) return coarse;
  if (!last) return 0;
  if (last.births === 0) return coarse;
  const cycle = (births * last.nonZeros * last.steps) / last.births;
  return Math.min(coarse, Math.max(0, Math.floor(cycle) - 1));
}

/** Whether patterns stay what they are in an epoch, which counts from 0. */
export function isFixedIn({ fixedAfter }: FreezeOptions, epoch: number): boolean {
  return fixedAfter !== undefined && epoch >= fixedAfter;
}

/** @throws InputError for numbers that can't be, or for an unknown key */
export function checkFreeze(options: FreezeOptions): void {
  const {
    coarse,
    after = 0,
    births = 1,
    lambda = "scaled",
    fixedAfter = 0,
  } = knownOptions("freeze", options, OPTIONS);
  for (const [name, value] of Object.entries({ coarse, after, fixedAfter })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new InputError(`freeze: ${name} must be an integer of at least 0, found ${value}`);
    }
  }
  if (!(births > 0 && births <= 1))
    throw new InputError(`freeze: births must be in (0, 1], found ${births}`);
  if (lambda !== "scaled" && lambda !== "kept") {
    throw new InputError(`freeze: lambda must be "scaled" or "kept", found ${String(lambda)}`);
  }
}
