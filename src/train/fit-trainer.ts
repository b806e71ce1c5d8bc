/** The trainer that `fit` trains with: the same for a training and for a plan of it. */
import type { Model } from "../nn/model.js";
import type { SampleStore } from "../nn/samples.js";
import { stream } from "../random.js";
import type { Ranks } from "../ranks/ranks.js";
import type { Pool } from "../runtime/pool.js";
import { controlled } from "./density-controller.js";
import type { Settings } from "./fit-options.js";
import { startFrom } from "../engine/given-start.js";
import { initialParameters } from "../engine/initial.js";
import { checkModelSize } from "../engine/model-size.js";
import { createTrainer, type Trainer } from "../engine/trainer.js";

/** What a training begins with: what is given, or drawn by the seed. */
export function beginningOf(
  model: Model,
  { start, seed, init }: Pick<Settings, "start" | "seed" | "init">,
): ReadonlyMap<string, Float32Array> {
  const drawn = () => initialParameters(model, stream(seed, "init"), init);
  return start ? startFrom(model, start, drawn) : drawn();
}

/**
 * Gives or draws the initial parameters, and prepares the model with the optimizer of each
 * group.
 *
 * @param steps - of the whole training
 * @param classWeights - by which samples count
 * @throws InputError for `freeze` or `targetDensity` with optimizers that can't be frozen or
 *   controlled
 */
export function fitTrainer(
  pool: Pool,
  model: Model,
  samples: SampleStore,
  settings: Settings & { readonly ranks?: Ranks | undefined },
  steps: number,
  classWeights?: readonly number[],
): Trainer {
  const { optimizer, batchSize, microBatches, augment, freeze, targetDensity } = settings;
  checkModelSize(model, Math.ceil(batchSize / microBatches));
  const trainer = createTrainer({
    ...settings,
    pool,
    model,
    samples,
    classWeights,
    initial: beginningOf(model, settings),
    optimizers: {
      weight: optimizer.weights,
      bias: optimizer.biases,
      conv: optimizer.convs,
      norm: optimizer.norms,
      skip: optimizer.skips,
    },
    steps,
    augment: augment !== undefined,
  });
  if (freeze && (freeze.coarse > 0 || freeze.fixedAfter !== undefined)) trainer.checkFreeze();
  if (targetDensity !== undefined) controlled(trainer, targetDensity);
  return trainer;
}
