/**
 * The learning rate falls along half a cosine, after a linear warm-up if wanted.
 *
 *     epoch e <  warmUp:  (e + 1) / (warmUp + 1)
 *     epoch e >= warmUp:  minimum + (1 - minimum) (1 + cos(pi t)) / 2,   t = (e - warmUp) / (epochs - warmUp)
 *
 * The first epoch after the warm-up has factor 1. The minimum would be reached by the epoch after the last one, so that
 * no epoch is spent at learning rate 0.
 * Source: Loshchilov and Hutter, ICLR 2017, equation (5), without restarts.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { byEpoch, checkCount, checkShare, type Schedule } from "./schedule.js";

export interface CosineOptions {
  /** Epochs in all, warm-up included. */
  readonly epochs: number;
  /** Epochs of linear warm-up, less than `epochs`; default 0. */
  readonly warmUp?: number | undefined;
  /** Factor at the end, in [0, 1]; default 0. */
  readonly minimum?: number | undefined;
}

const OPTIONS: OptionKeys<CosineOptions> = { epochs: 1, warmUp: 1, minimum: 1 };

/**
 * Cosine schedule.
 *
 * @throws RangeError if epochs or warmUp is not a count, warmUp >= epochs, or minimum outside [0, 1]
 * @example
 * const schedule = cosine({ epochs: 10 });
 * const state = schedule.next(schedule.init(), { epoch: 4, trainLoss: 1 }); // state.factor is 0.5 for epoch 5
 */
export function cosine(options: CosineOptions): Schedule {
  const { epochs, warmUp = 0, minimum = 0 } = knownOptions("cosine", options, OPTIONS);
  checkCount("cosine", "epochs", epochs, 1);
  checkCount("cosine", "warmUp", warmUp, 0);
  checkShare("cosine", "minimum", minimum);
  if (warmUp >= epochs) throw new RangeError(`cosine: warmUp must be less than epochs (${epochs}), found ${warmUp}`);
  const factorOf = (epoch: number) => {
    if (epoch < warmUp) return (epoch + 1) / (warmUp + 1);
    const t = Math.min((epoch - warmUp) / (epochs - warmUp), 1);
    return minimum + ((1 - minimum) * (1 + Math.cos(Math.PI * t))) / 2;
  };
  // Not its epochs: a run may be resumed with others.
  return byEpoch("cosine", factorOf, { warmUp, minimum });
}
