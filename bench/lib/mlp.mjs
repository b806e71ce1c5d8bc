/**
 * The MLP of the benchmark (problem.mjs) in a trainer, as every measurement of our side sets it up.
 */
import { loadMnist } from "../../dist/data/mnist.js";
import { mlp } from "../../dist/models/mlp.js";
import { storeSamples } from "../../dist/nn/store-samples.js";
import { linBreg } from "../../dist/optim/index.js";
import { l1, none } from "../../dist/regularizers/index.js";
import { createTrainer } from "../../dist/engine/trainer.js";
import { BATCH, SIZES, TAU, initialLayers, lambdaFor } from "./problem.mjs";

/** A trainer at this density of the initial weights; `sampleDual`: see FitOptions. */
export function mlpTrainer(
  /** @type {import("../../dist/runtime/pool.js").Pool} */ pool,
  /** @type {{ density: number, sampleDual?: number | undefined }} */ { density, sampleDual },
) {
  const data = loadMnist();
  const model = mlp(SIZES);
  const layers = initialLayers(density);
  const lambda = lambdaFor(density);
  return createTrainer({
    pool,
    model,
    loss: "crossEntropy",
    samples: storeSamples(pool.memory, [data.train], {
      features: SIZES[0],
      mean: data.mean,
      std: data.std,
    }),
    batchSize: BATCH,
    initial: new Map(
      model.nodes
        .filter((node) => node.parameters.length > 0)
        .flatMap(({ name }, k) => [
          [`${name}.weight`, layers[k].theta],
          [`${name}.bias`, layers[k].bias],
        ]),
    ),
    optimizers: {
      weight: linBreg({ tau: TAU, regularizer: lambda === 0 ? none() : l1(lambda) }),
      bias: linBreg({ tau: TAU, regularizer: none() }),
    },
    sampleDual,
  });
}
