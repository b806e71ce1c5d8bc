/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): all trials run for a few epochs, one
 * of `factor` goes on to `factor` times the epochs, and so on to the end.
 *
 *     epochs of rung k = firstEpochs factor^k
 *     trials of rung k + 1 = ceil(trials of rung k / factor)
 */
import type { Strategy } from "./grid-schema.js";
import type { Trial } from "./trials.js";

/** A part of a sweep whose runs do not depend on each other. */
export interface Rung {
  /** The epoch after which its runs stop for now; undefined: at their ends. */
  readonly until?: number;
  /** How many trials it has. */
  readonly trials: number;
}

/** The rungs of a sweep; one where every trial runs to its end. */
export function rungsOf(strategy: Strategy, trials: number, epochs: number): Rung[] {
  if (strategy.kind !== "halving") return [{ trials }];
  const { factor, firstEpochs } = strategy;
  const rungs: Rung[] = [];
  let left = trials;
  for (let until = firstEpochs; until < epochs; until *= factor) {
    rungs.push({ until, trials: left });
    left = Math.ceil(left / factor);
  }
  return [...rungs, { trials: left }];
}

/** What a run has come to: on the validation samples, and with how many weights. */
export interface Reached {
  readonly validAccuracy?: number;
  readonly validLoss?: number;
  readonly density: number;
}

/** What the best is chosen by: the accuracy, where all have one. */
export type Criterion = "validAccuracy" | "validLoss";

export function criterionOf(all: readonly Reached[]): Criterion {
  return all.every(({ validAccuracy }) => validAccuracy !== undefined)
    ? "validAccuracy"
    : "validLoss";
}

/**
 * The trials, the best first; of equal ones that of the lower density, then that which stands
 * first. One of which a seed has diverged comes last.
 *
 * @param reached - of each trial, seed by seed; undefined where it has diverged
 */
export function ranked(
  trials: readonly Trial[],
  reached: readonly (readonly (Reached | undefined)[])[],
): Trial[] {
  const by = criterionOf(reached.flat().filter((one) => one !== undefined));
  const mean = (seeds: (typeof reached)[number], key: Criterion | "density"): number =>
    seeds.reduce((sum, one) => sum + (one?.[key] ?? Number.NaN), 0) / seeds.length;
  const worst = (value: number) => (Number.isFinite(value) ? value : Infinity);
  const rows = trials.map((trial, k) => ({
    trial,
    fault: worst((by === "validLoss" ? 1 : -1) * mean(reached[k], by)),
    density: worst(mean(reached[k], "density")),
  }));
  // Equal infinities have no difference.
  const order = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
  return rows
    .sort((a, b) => order(a.fault, b.fault) || order(a.density, b.density))
    .map(({ trial }) => trial);
}
