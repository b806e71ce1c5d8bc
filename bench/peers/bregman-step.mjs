/**
 * The MLP step with this library, through the same trainer that `bregman train` uses: batch fetched
 * from the data set (which the peers are spared), forward, backward, LinBreg update with the new
 * pattern and its transpose. With `coarse` the steps are cycles of one fine and so many frozen
 * ones, with `sampleDual` the gradients of zero weights are estimated.
 */
import { nonZeros } from "../../dist/runtime/theta.js";
import { mlpTrainer } from "../lib/mlp.mjs";
import { openPool } from "../lib/pool.mjs";
import { batchIndices } from "../lib/problem.mjs";
import { config, run } from "../lib/side.mjs";

const { threads, density, backend = "wasm", coarse = 0, sampleDual } = config();
const pool = await openPool({ backend, threads });
const trainer = mlpTrainer(pool, { density, sampleDual });
trainer.freeze(coarse);

const indices = batchIndices();
const weights = () =>
  trainer.updaters.map(({ parameter }) => parameter).filter(({ role }) => role === "weight");

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
