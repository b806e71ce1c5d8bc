/**
 * A learning rate to begin with: steps whose rate rises geometrically, the loss of each beside it.
 *
 *     tau_k  =  from (to / from)^(k / (steps - 1)),   k = 0 ... steps - 1
 *
 * The factor is on all optimizers, as that of a schedule, so that they keep their proportion. The
 * loss is smoothed over some ten steps. It ends where that has come to four times its least, or is
 * not finite. What is proposed is a tenth of the rate at which it was the least: there it still
 * falls quickly, with room before it swings. Source of the sweep: Smith, arXiv 1506.01186.
 *
 * In the sweep lambda stays as it is, and births come sooner the larger tau is.
 */
import type { AnyDataset } from "../data/dataset.js";
import { DivergedError, InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { FoundTau, TauStep } from "../measure/tau-sweep.js";
import type { Model } from "../nn/model.js";
import { createPool } from "../runtime/pool.js";
import { checkOptions } from "./check-options.js";
import type { FitOptions } from "./fit-options.js";
import { prepareTraining } from "./training.js";

export interface FindTauOptions {
  /** Steps of the sweep. Default 100. */
  readonly steps?: number | undefined;
  /** First and last learning rate of the weights. Default 1e-5 and 10. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const OPTIONS: OptionKeys<FindTauOptions> = { steps: 1, from: 1, to: 1 };
const DEFAULTS = { steps: 100, from: 1e-5, to: 10 };
/** Share that the losses before keep with each step. */
const DECAY = 0.9;
const TOO_MUCH = 4;
const FEWEST = 10;
const MARGIN = 10;

/**
 * Sweeps over learning rates, from the start of a training.
 *
 * @param fit - what the training would be told
 * @throws InputError for impossible rates, or as `fit`; DivergedError if the first steps have no
 *   finite loss
 */
export async function findTau(
  model: Model,
  data: AnyDataset,
  fit: FitOptions,
  options: FindTauOptions = {},
): Promise<FoundTau> {
  const given = knownOptions("findTau", options, OPTIONS);
  const { steps = DEFAULTS.steps, from = DEFAULTS.from, to = DEFAULTS.to } = given;
  if (!Number.isInteger(steps) || steps < FEWEST)
    throw new InputError(`findTau: steps must be an integer of at least ${FEWEST}, found ${steps}`);
  if (!(from > 0 && to > from && to < Infinity))
    throw new InputError(`findTau: expected 0 < from < to, found ${from} and ${to}`);
  const settings = checkOptions(model, data, fit);
  const { backend, threads, wasm } = settings;
  const { tau } = settings.optimizer.weights;
  const pool = await createPool({ backend, threads, wasm });
  try {
    const training = await prepareTraining({ pool, model, data, settings });
    const { trainer, turns } = training;
    const found: TauStep[] = [];
    let [sum, least] = [0, Infinity];
    for (const batch of batchesOf(training, steps)) {
      const k = found.length;
      const rate = from * (to / from) ** (k / (steps - 1));
      const changes = training.augmentation?.(0, k, batch.length);
      let loss: number;
      try {
        ({ loss } = trainer.step(batch, rate / tau, changes));
      } catch (error) {
        if (error instanceof DivergedError && k >= FEWEST) break;
        throw error;
      }
      sum = DECAY * sum + (1 - DECAY) * loss;
      const smoothed = sum / (1 - DECAY ** (k + 1));
      found.push({ tau: rate, loss, smoothed });
      if (k >= FEWEST && smoothed > TOO_MUCH * least) break;
      least = Math.min(least, smoothed);
      await turns();
    }
    const proposal = proposed(found);
    return { steps: found, proposal, factor: proposal / tau };
  } finally {
    await pool.close();
  }
}

/** So many batches, over as many epochs as they are. */
function* batchesOf(
  { order }: Awaited<ReturnType<typeof prepareTraining>>,
  steps: number,
): Iterable<Int32Array> {
  for (let left = steps; left > 0;) {
    for (const batch of order.epoch()) {
      if (left-- <= 0) return;
      yield batch;
    }
  }
}

/** A tenth of the rate with the least loss, to two digits. */
function proposed(steps: readonly TauStep[]): number {
  const best = steps.reduce((one, other) => (other.smoothed < one.smoothed ? other : one));
  return Number((best.tau / MARGIN).toPrecision(2));
}
