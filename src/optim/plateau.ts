/**
 * The learning rate falls when a metric has stopped getting better.
 *
 *     better:  metric < best (1 - threshold)      (maximised: metric > best (1 + threshold))
 *     after more than `patience` epochs in a row that were not better: factor <- factor * decay, and the count restarts
 *
 * PyTorch's ReduceLROnPlateau without cooldown. The defaults are those of the authors' experiments:
 * training loss, factor 0.5, patience 5, relative threshold 0.01.
 *
 * 1. The paper's text says validation accuracy, its code watches the training loss: `metric` offers
 *    both.
 * 2. PyTorch drops no step of the learning rate smaller than 1e-8; here there is `minFactor`.
 */
import { entry, type Key } from "../entry.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import {
  checkCount,
  checkShare,
  type ScheduleMetrics,
  type Schedule,
  type ScheduleState,
} from "./schedule.js";

export interface PlateauOptions {
  /** What is watched: the loss should fall, the accuracy rise; default "trainLoss". */
  readonly metric?: "trainLoss" | "validAccuracy" | undefined;
  /** What the learning rate is multiplied by, in (0, 1); default 0.5. */
  readonly factor?: number | undefined;
  /**
   * Epochs without progress that are let pass: the learning rate falls after one more; default 5.
   */
  readonly patience?: number | undefined;
  /** Relative change that counts as progress, in [0, 1]; default 0.01. */
  readonly threshold?: number | undefined;
  /** The factor falls no lower, in [0, 1]; default 0. */
  readonly minFactor?: number | undefined;
}

export interface PlateauState extends ScheduleState {
  /** Best metric so far; null before the first epoch (JSON has no infinity). */
  readonly best: number | null;
  /** Epochs in a row that were not better. */
  readonly badEpochs: number;
}

const OPTIONS = {
  metric: {
    type: "choice",
    of: ["trainLoss", "validAccuracy"],
    default: "trainLoss",
    about: "What is watched",
  },
  factor: { type: "number", above: 0, below: 1, default: 0.5, about: "tau is multiplied by it" },
  patience: {
    type: "integer",
    least: 0,
    default: 5,
    about: "Epochs without improvement that are borne",
  },
  threshold: {
    type: "number",
    least: 0,
    below: 1,
    default: 0.01,
    about: "Relative change that counts as improvement",
  },
  minFactor: {
    type: "number",
    least: 0,
    most: 1,
    optional: true,
    about: "The factor falls no lower; default 0",
  },
} as const satisfies OptionKeys<PlateauOptions, Key>;

/**
 * Reduce on plateau.
 *
 * @throws InputError if an option is outside its range
 * @throws InputError (from `next`) if the metric is missing
 * @example
 * const schedule = plateau({ patience: 0 });
 * let state = schedule.next(schedule.init(), { epoch: 0, trainLoss: 1 });
 * state = schedule.next(state, { epoch: 1, trainLoss: 0.999 });
 * // not 1 % better: state.factor is 0.5
 */
export function plateau(options: PlateauOptions = {}): Schedule<PlateauState> {
  const {
    metric = OPTIONS.metric.default,
    factor = OPTIONS.factor.default,
    patience = OPTIONS.patience.default,
    threshold = OPTIONS.threshold.default,
    minFactor = 0,
  } = knownOptions("plateau", options, OPTIONS);
  if (metric !== "trainLoss" && metric !== "validAccuracy") {
    throw new InputError(
      `plateau: metric must be "trainLoss" or "validAccuracy", found ${String(metric)}`,
    );
  }
  checkShare("plateau", "factor", factor, true);
  checkCount("plateau", "patience", patience, 0);
  checkShare("plateau", "threshold", threshold);
  checkShare("plateau", "minFactor", minFactor);
  const numbers = { metric, factor, patience, threshold, minFactor };
  return {
    ...numbers,
    kind: "plateau",
    init: () => ({ factor: 1, best: null, badEpochs: 0 }),
    next(state, metrics) {
      const value = valueOf(metrics);
      if (better(value, state.best)) return { ...state, best: value, badEpochs: 0 };
      const badEpochs = state.badEpochs + 1;
      if (badEpochs <= patience) return { ...state, badEpochs };
      return { factor: Math.max(state.factor * factor, minFactor), best: state.best, badEpochs: 0 };
    },
  };

  function valueOf(metrics: ScheduleMetrics): number {
    const value = metrics[metric];
    if (typeof value !== "number") {
      throw new InputError(
        `plateau: ${metric} of epoch ${metrics.epoch} must be a number, found ${String(value)}`,
      );
    }
    return value;
  }

  function better(value: number, best: number | null): boolean {
    if (best === null) return value > -Infinity && value < Infinity;
    return metric === "trainLoss" ? value < best * (1 - threshold) : value > best * (1 + threshold);
  }
}

plateau.entry = entry(
  "plateau",
  OPTIONS,
  plateau,
  "Multiplies tau by factor when the metric stagnates",
);
