/**
 * The learning rate falls along half a cosine, after a linear warm-up if wanted.
 *
 *     epoch e <  w:  (e + 1) / (w + 1)                                                      w: warmupEpochs
 *     epoch e >= w:  m + (1 - m) (1 + cos(pi t)) / 2,   t = (e - w) / (epochs - w)          m: minFactor
 *
 * The first epoch after the warm-up has factor 1. minFactor would be reached by the epoch after the
 * last one, so that no epoch is spent at learning rate 0. Source: Loshchilov and Hutter, ICLR 2017,
 * equation (5), without restarts.
 */
import { entry, type Keys } from "../entry.js";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { byEpoch, checkCount, checkShare, type Schedule } from "./schedule.js";

export interface CosineOptions {
  /** Epochs in all, warm-up included. */
  readonly epochs: number;
  /** Epochs of linear warm-up, less than `epochs`; default 0. */
  readonly warmupEpochs?: number | undefined;
  /** Factor at the end, in [0, 1]; default 0. */
  readonly minFactor?: number | undefined;
}

const KEYS = {
  warmupEpochs: {
    type: "integer",
    least: 0,
    default: 0,
    about: "Epochs in which tau rises from 0",
  },
  minFactor: {
    type: "number",
    least: 0,
    most: 1,
    default: 0,
    about: "Last learning rate as a share of tau",
  },
} as const satisfies Keys;

const OPTIONS: OptionKeys<CosineOptions, unknown> = { epochs: 1, ...KEYS };

/**
 * Cosine schedule.
 *
 * @throws InputError if epochs or warmupEpochs is not a count, warmupEpochs >= epochs, or minFactor
 *   outside [0, 1]
 * @example
 * const schedule = cosine({ epochs: 10 });
 * const state = schedule.next(schedule.init(), { epoch: 4, trainLoss: 1 });
 * // state.factor is 0.5 for epoch 5
 */
export function cosine(options: CosineOptions): Schedule {
  const {
    epochs,
    warmupEpochs = KEYS.warmupEpochs.default,
    minFactor = KEYS.minFactor.default,
  } = knownOptions("cosine", options, OPTIONS);
  checkCount("cosine", "epochs", epochs, 1);
  checkCount("cosine", "warmupEpochs", warmupEpochs, 0);
  checkShare("cosine", "minFactor", minFactor);
  if (warmupEpochs >= epochs)
    throw new InputError(
      `cosine: warmupEpochs must be less than epochs (${epochs}), found ${warmupEpochs}`,
    );
  const factorOf = (epoch: number) => {
    if (epoch < warmupEpochs) return (epoch + 1) / (warmupEpochs + 1);
    const t = Math.min((epoch - warmupEpochs) / (epochs - warmupEpochs), 1);
    return minFactor + ((1 - minFactor) * (1 + Math.cos(Math.PI * t))) / 2;
  };
  // Not its epochs: a run may be resumed with others.
  return byEpoch("cosine", factorOf, { warmupEpochs, minFactor });
}

// Its epochs are those of the run.
cosine.entry = entry("cosine", KEYS, (options, run: { readonly epochs: number }) =>
  cosine({ ...options, ...run }),
);
