/**
 * The float64 reference has the right gradients (finite differences); the kernels have the
 * reference's.
 */
import { linear } from "#bregman/nn/layers/linear.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { none } from "#bregman/regularizers/none.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { createTrainer } from "#bregman/engine/trainer.js";
import { LOSS_KINDS } from "#bregman/nn/loss.js";
import { expect, test, describe } from "vitest";
import { backward, forward, lossAndGradient } from "../reference/network.js";
import { batchOf, randomProblem, toFloat64 } from "../support/problem.js";
import { forEachBackend } from "../support/run-op.js";

const MODELS: Record<string, Model> = {
  "one layer": sequential([5], [linear(3)]),
  "no bias": sequential([5], [linear(4, { bias: false }), relu(), linear(3, { bias: false })]),
  "three layers": sequential([17], [linear(33), relu(), linear(10), relu(), linear(10)]),
  "linear on linear": sequential([9], [linear(8), linear(7)]),
  "ReLU last": sequential([9], [linear(20), relu(), linear(7), relu()]),
  "ReLU first, and twice": sequential([9], [relu(), linear(20), relu(), relu(), linear(7)]),
  "one unit": sequential([1], [linear(1), relu(), linear(2)]),
};
const LOSSES = LOSS_KINDS;

describe("float64 reference against central differences", () => {
  for (const [name, model] of Object.entries(MODELS)) {
    test.each(LOSSES)(`${name}, %s`, (loss) => {
      const problem = randomProblem(model, 6);
      const batch = batchOf(problem, [0, 1, 2, 3, 4, 5], loss);
      const parameters = toFloat64(problem.parameters);
      const { gradients } = backward(model, parameters, batch);
      const lossAt = () => lossAndGradient(forward(model, parameters, batch).at(-1)!, batch).loss;
      const h = 1e-6;
      for (const [key, theta] of parameters) {
        const differences = theta.map((value, k) => {
          theta[k] = value + h;
          const above = lossAt();
          theta[k] = value - h;
          const below = lossAt();
          theta[k] = value;
          return (above - below) / (2 * h);
        });
        for (let k = 0; k < theta.length; k++) {
          expect(Math.abs(differences[k] - gradients.get(key)![k]), `${key}[${k}]`).toBeLessThan(
            1e-8,
          );
        }
      }
    });
  }
});

forEachBackend((_backend, pool) => {
  // A step of plain gradient descent with tau = 1 shows the gradient: theta before - theta after.
  for (const [name, model] of Object.entries(MODELS)) {
    for (const loss of LOSSES) {
      test.each([
        { count: 1, density: 1 },
        { count: 16, density: 1 },
        { count: 37, density: 1 },
        { count: 37, density: 0.2 },
      ])(
        `${name}, ${loss}, batch $count, density $density: gradients of the reference`,
        ({ count, density }) => {
          const problem = randomProblem(model, count + 3, { density });
          const indices = Int32Array.from({ length: count }, (_, k) => count + 2 - k);
          const mark = pool.memory.mark();
          const { inputs, labels, targets } = problem;
          // lambda is so small that it changes no result, but it makes the trainer use the sparse
          // kernels at low density.
          const regularizer = density < 1 ? l1(1e-30) : none();
          const trainer = createTrainer({
            pool,
            model,
            loss,
            samples: storeSamples(pool.memory, [{ inputs, labels, targets }], {
              features: model.input[0],
              targetFeatures: model.output[0],
            }),
            batchSize: count,
            initial: problem.parameters,
            optimizers: { weight: linBreg({ tau: 1, regularizer }), bias: linBreg({ tau: 1 }) },
          });
          const expected = backward(
            model,
            toFloat64(problem.parameters),
            batchOf(problem, indices, loss),
          );
          const result = trainer.step(indices);
          expect(Math.abs(result.loss - expected.loss)).toBeLessThan(
            1e-5 * Math.max(1, expected.loss),
          );
          for (const [key, gradient] of expected.gradients) {
            const before = problem.parameters.get(key)!;
            const after = trainer.theta(key);
            // Differences of float32 numbers: absolute rounding of some 1e-7 of the largest number
            // involved; terms of a batch may cancel down to next to nothing.
            const scale = Math.max(0.01, ...before.map(Math.abs), ...gradient.map(Math.abs));
            gradient.forEach((g, k) => {
              expect(Math.abs(before[k] - after[k] - g), `${key}[${k}]`).toBeLessThan(2e-6 * scale);
            });
          }
          pool.memory.release(mark);
        },
      );
    }
  }
});
