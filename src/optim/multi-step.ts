/**
 * The learning rate falls by a factor at given epochs: factor^(how many of them are over).
 *
 * The schedule of most ResNets since He et al., CVPR 2016, section 4.2.
 */
import { entry, type Key } from "../entry.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { byEpoch, checkCount, checkShare, type Schedule } from "./schedule.js";

export interface MultiStepOptions {
  /** Epochs from which on the learning rate is lower, rising, the first of a run being 0. */
  readonly milestones: readonly number[];
  /** What the learning rate is multiplied by at each, in (0, 1); default 0.1. */
  readonly factor?: number | undefined;
}

const OPTIONS = {
  milestones: {
    type: "list",
    of: { type: "integer", least: 1 },
    about: "Epochs at which it falls, rising, the first of a run being 0",
  },
  factor: { type: "number", above: 0, below: 1, default: 0.1, about: "tau is multiplied by it" },
} as const satisfies OptionKeys<MultiStepOptions, Key>;

/**
 * Multi-step decay.
 *
 * @throws InputError unless there are milestones, integers of at least 1 that rise, and factor is
 *   in (0, 1)
 * @example
 * const schedule = multiStep({ milestones: [10, 15], factor: 0.5 });
 * const state = schedule.next(schedule.init(), { epoch: 14, trainLoss: 1 });
 * // state.factor is 0.25 from epoch 15 on
 */
export function multiStep(options: MultiStepOptions): Schedule {
  const { milestones, factor = OPTIONS.factor.default } = knownOptions(
    "multiStep",
    options,
    OPTIONS,
  );
  if (milestones.length === 0) {
    throw new InputError("multiStep: expected at least one milestone, found none");
  }
  milestones.forEach((epoch, k) => {
    checkCount("multiStep", "milestones", epoch, k === 0 ? 1 : milestones[k - 1] + 1);
  });
  checkShare("multiStep", "factor", factor, true);
  const factorOf = (epoch: number) => factor ** milestones.filter((start) => start <= epoch).length;
  return byEpoch("multiStep", factorOf, { milestones, factor });
}

multiStep.entry = entry("multiStep", OPTIONS, multiStep);
