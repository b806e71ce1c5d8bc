/** The learning rate falls by a factor after every so many epochs: factor^floor(epoch / every). */
import { entry, type Key } from "../entry.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { byEpoch, checkCount, checkShare, type Schedule } from "./schedule.js";

export interface StepDecayOptions {
  /** Epochs between two drops, >= 1. */
  readonly every: number;
  /** What the learning rate is multiplied by, in (0, 1); default 0.1. */
  readonly factor?: number | undefined;
}

const OPTIONS = {
  every: { type: "integer", above: 0, about: "Epochs between two decreases" },
  factor: { type: "number", above: 0, below: 1, default: 0.1, about: "tau is multiplied by it" },
} as const satisfies OptionKeys<StepDecayOptions, Key>;

/**
 * Step decay.
 *
 * @throws InputError if `every` is not an integer of at least 1, or factor outside (0, 1)
 * @example
 * const schedule = stepDecay({ every: 10, factor: 0.5 });
 * const state = schedule.next(schedule.init(), { epoch: 9, trainLoss: 1 });
 * // state.factor is 0.5 from epoch 10 on
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  const { every, factor = OPTIONS.factor.default } = knownOptions("stepDecay", options, OPTIONS);
  checkCount("stepDecay", "every", every, 1);
  checkShare("stepDecay", "factor", factor, true);
  return byEpoch("step", (epoch) => factor ** Math.floor(epoch / every), { every, factor });
}

stepDecay.entry = entry("step", OPTIONS, stepDecay);
