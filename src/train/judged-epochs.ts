/**
 * Which epochs of a run count for `keep` and `stop`, and when a run stops before its last one.
 */
import { InputError } from "../errors.js";
import { knownOptions } from "../known-options.js";
import { epochsWithoutBetter } from "../measure/best-epoch.js";
import type { EpochMetrics } from "../measure/events.js";
import type { DensityControlOptions } from "../optim/density-control.js";

/** When a run stops before its last epoch. */
export interface StopOptions {
  /** Epochs in a row without a better validation, after which it stops: 1 or more. */
  readonly patience: number;
}

/** @throws InputError for a patience that can't be, or an unknown key */
export function checkStop(options: StopOptions): void {
  const { patience } = knownOptions("stop", options, { patience: 1 });
  if (Number.isInteger(patience) && patience >= 1) return;
  throw new InputError(`stop: patience must be a positive integer, found ${String(patience)}`);
}

/** What decides which epochs count. */
export interface Judging {
  readonly keep?: "last" | "best" | undefined;
  readonly stop?: StopOptions | undefined;
  readonly targetDensity?: DensityControlOptions | undefined;
}

/**
 * The first epoch that counts. While a density is on its way to its target the networks are not
 * those that were asked for, however good they are.
 *
 * @param epochs - of the run as it was begun: the ramp is that of these
 */
export function firstJudged({ keep, stop, targetDensity }: Judging, epochs: number): number {
  if (!targetDensity || (keep !== "best" && stop === undefined)) return 1;
  const { rule = "relative", ramp = 0.5, after = 0 } = targetDensity;
  // A share such as 0.7 of ten epochs is seven of them, in spite of rounding.
  const ramped = rule === "relative" ? Math.ceil(ramp * epochs - 1e-9) : 0;
  return Math.max(1, after + 1, ramped);
}

/**
 * Whether a run that has come so far stops here.
 *
 * @param epochs - of the run as it was begun
 */
export function isOver(
  history: readonly EpochMetrics[],
  judging: Judging,
  epochs: number,
): boolean {
  const { stop } = judging;
  if (!stop) return false;
  return epochsWithoutBetter(history, firstJudged(judging, epochs)) >= stop.patience;
}

/** One line for a run that stops after an epoch, of so many. */
export function stopNote(epoch: number, epochs: number, { stop }: Judging): string {
  const { patience } = stop!;
  const many = patience === 1 ? "an epoch" : `${patience} epochs`;
  return `Stopped after epoch ${epoch} of ${epochs}: no better validation in ${many}.`;
}
