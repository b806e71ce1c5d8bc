/**
 * The MLP step with this library, through the same trainer that `bregman train` uses: batch fetched from the data set
 * (which the peers are spared), forward, backward, LinBreg update with the new pattern and its transpose. With `coarse` the
 * steps are cycles of one fine and so many frozen ones, with `sampleDual` the gradients of zero weights are estimated.
 */
import { loadMnist } from "../../dist/data/mnist.js";
import { mlp } from "../../dist/models/mlp.js";
import { storeSamples } from "../../dist/nn/samples.js";
import { linBreg } from "../../dist/optim/index.js";
import { l1, none } from "../../dist/regularizers/index.js";
import { nonZeros } from "../../dist/runtime/parameter.js";
import { createTrainer } from "../../dist/train/trainer.js";
import { openPool } from "../lib/pool.mjs";
import { BATCH, SIZES, TAU, batchIndices, initialLayers, lambdaFor } from "../lib/problem.mjs";
import { config, run } from "../lib/side.mjs";

const { threads, density, backend = "wasm", coarse = 0, sampleDual } = config();
const pool = await openPool({ backend, threads });
const data = loadMnist();
const model = mlp(SIZES);
const layers = initialLayers(density);
const lambda = lambdaFor(density);
const trainer = createTrainer({
  pool,
  model,
  loss: "crossEntropy",
  samples: storeSamples(pool.memory, [data.train], { features: SIZES[0], mean: data.mean, std: data.std }),
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
trainer.freeze(coarse);

const indices = batchIndices();
const weights = () => trainer.updaters.map(({ parameter }) => parameter).filter(({ role }) => role === "weight");

await run({
  step: (batch) => trainer.step(indices[batch]).loss,
  loss: (loss) => loss,
  density: () => {
    const all = weights().reduce((sum, { rows, cols }) => sum + rows * cols, 0);
    return weights().reduce((sum, parameter) => sum + nonZeros(pool.memory, parameter), 0) / all;
  },
  note: `${pool.backend}, ${pool.isa}, ${pool.threads} threads, ${weights()
    .map(({ kernel }) => kernel)
    .join("-")}`,
});
