/**
 * Optimizers with a mask in the trainer follow the float64 method, on both backends, with dense and
 * sparse kernels.
 */
import { expect, test } from "vitest";
import { mlp } from "#bregman/models/mlp.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import {
  lassoSgd,
  linBreg,
  magnitudePruning,
  rigL,
  sparseEvolution,
  type Optimizer,
} from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { initialParameters } from "#bregman/engine/initial.js";
import { layerMetrics } from "#bregman/measure/metrics.js";
import { createTrainer } from "#bregman/engine/trainer.js";
import { backward } from "../reference/network.js";
import { batchOf, randomProblem, relativeError, toFloat64 } from "../support/problem.js";
import { forEachBackend } from "../support/run-op.js";

const STEPS = 24;
const BATCH = 50;
const MODEL = mlp([30, 24, 17, 5]);

const OPTIMIZERS: Record<string, Optimizer> = {
  rigL: rigL({ tau: 0.1, every: 4 }),
  "sparseEvolution, momentum": sparseEvolution({ tau: 0.1, momentum: 0.9, every: 4 }),
  "magnitudePruning, adam": magnitudePruning({
    tau: 0.01,
    inner: "adam",
    density: 0.1,
    spread: "erdosRenyi",
    every: 3,
  }),
  "lassoSgd, cut in the last step": lassoSgd({ tau: 0.1, regularizer: l1(0.01), density: 0.1 }),
};

forEachBackend((_name, pool) => {
  test.each(Object.entries(OPTIMIZERS))(
    "%s: all steps follow the float64 method",
    (kind, optimizer) => {
      const mark = pool.memory.mark();
      const isSparse = kind.startsWith("rigL") || kind.startsWith("sparse");
      const problem = randomProblem(MODEL, 200, { density: isSparse ? 0.3 : 1 });
      const bias = linBreg({ tau: 0.1 });
      const trainer = createTrainer({
        pool,
        model: MODEL,
        loss: "crossEntropy",
        samples: storeSamples(pool.memory, [{ inputs: problem.inputs, labels: problem.labels }], {
          features: 30,
        }),
        batchSize: BATCH,
        initial: problem.parameters,
        optimizers: { weight: optimizer, bias },
        seed: 4,
        steps: STEPS,
      });
      const theta = toFloat64(problem.parameters);
      const shapes = trainer.updaters
        .filter((u) => u.parameter.role === "weight")
        .map((u) => u.parameter.shape);
      const members = trainer.updaters.map(({ parameter: { name, role, shape } }) => {
        const method = role === "weight" ? optimizer : bias;
        return {
          name,
          shape,
          method,
          state: method.init(theta.get(name)!, shape, { steps: STEPS, seed: 4, name, shapes }),
        };
      });
      const random = stream(5, "batches");
      for (let k = 0; k < STEPS; k++) {
        const indices = Int32Array.from({ length: BATCH }, () => random.integer(200));
        const { gradients } = backward(MODEL, theta, batchOf(problem, indices));
        trainer.step(indices);
        for (const { name, shape, method, state } of members) {
          method.step(state, theta.get(name)!, gradients.get(name)!, shape);
        }
      }
      for (const { name } of members) {
        expect(relativeError(trainer.theta(name), theta.get(name)!), name).toBeLessThan(2e-4);
      }
      const density = layerMetrics(trainer).map(({ nonZeros, weights }) => nonZeros / weights);
      expect(Math.max(...density)).toBeLessThan(0.7);
      pool.memory.release(mark);
    },
  );
});

test("a start is spread over the layers that have no density of their own", () => {
  const model = sequential(
    [1, 8, 8],
    [
      conv2d(12, { kernel: 3 }),
      relu(),
      conv2d(16, { kernel: 3 }),
      flatten(),
      linear(20),
      linear(10),
    ],
  );
  const densities = (init: Parameters<typeof initialParameters>[2]) => {
    const all = initialParameters(model, stream(1, "init"), init);
    return [...all].flatMap(([name, theta]) =>
      name.endsWith("weight") ? [theta.filter((w) => w !== 0).length / theta.length] : [],
    );
  };
  const weights = { density: 0.4, count: "exact", spread: "erdosRenyiKernel" } as const;
  // 108 + 1,728 + 5,120 + 200 weights; the first and the last layer, which would get more than they
  // have, are dense.
  const eps = (0.4 * 7156 - 308) / (34 + 276);
  const joint = densities({ weights });
  expect(joint[0]).toBe(1);
  expect(joint[1]).toBeCloseTo((34 * eps) / 1728, 3);
  expect(joint[2]).toBeCloseTo((276 * eps) / 5120, 3);
  expect(joint[3]).toBe(1);
  const [first, ...others] = densities({ weights, layers: { conv2d1: { density: 0.5 } } });
  expect(first).toBe(0.5);
  const rest = (0.4 * 7048 - 200) / (34 + 276);
  expect(others[0]).toBeCloseTo((34 * rest) / 1728, 3);
  expect(densities({ weights: { density: 0.1, count: "exact", atLeast: 0 } })).toEqual([
    11 / 108,
    173 / 1728,
    0.1,
    0.1,
  ]);
});
