/** A trainer of a small random problem. */
import { size } from "#bregman/shape-size.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { createTrainer, type Trainer, type TrainerOptions } from "#bregman/engine/trainer.js";
import type { Problem } from "./problem.js";

/** Trains by cross-entropy from the problem's parameters, with all its samples at hand. */
export function problemTrainer(
  pool: Pool,
  { model, inputs, labels, parameters }: Problem,
  options: Pick<TrainerOptions, "batchSize" | "optimizers"> & Partial<TrainerOptions>,
): Trainer {
  return createTrainer({
    pool,
    model,
    loss: "crossEntropy",
    samples: storeSamples(pool.memory, [{ inputs, labels }], { features: size(model.input) }),
    initial: parameters,
    ...options,
  });
}
