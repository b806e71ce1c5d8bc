/**
 * As gradients.test.ts, for layers on images: the reference by finite differences, the kernels by
 * the reference.
 */
import { size } from "#bregman/shape-size.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { none } from "#bregman/regularizers/none.js";
import { createTrainer } from "#bregman/engine/trainer.js";
import { describe, expect, test } from "vitest";
import { backward, forward, lossAndGradient } from "../reference/network.js";
import { IMAGE_MODELS } from "../support/image-models.js";
import { batchOf, randomProblem, toFloat64 } from "../support/problem.js";
import { forEachBackend } from "../support/run-op.js";

const lossOf = (name: string) => (name === "skips" ? "meanSquaredError" : "crossEntropy");

describe("float64 reference against central differences", () => {
  test.each(Object.entries(IMAGE_MODELS))("%s", (name, model) => {
    const problem = randomProblem(model, 3);
    const batch = batchOf(problem, [0, 1, 2], lossOf(name));
    const parameters = toFloat64(problem.parameters);
    const { gradients } = backward(model, parameters, batch);
    const lossAt = () => lossAndGradient(forward(model, parameters, batch).at(-1)!, batch).loss;
    const h = 1e-6;
    for (const [key, theta] of parameters) {
      // Every parameter tensor, a handful of its elements.
      for (let k = 0; k < theta.length; k += Math.ceil(theta.length / 12)) {
        const value = theta[k];
        theta[k] = value + h;
        const above = lossAt();
        theta[k] = value - h;
        const below = lossAt();
        theta[k] = value;
        expect(
          Math.abs((above - below) / (2 * h) - gradients.get(key)![k]),
          `${key}[${k}]`,
        ).toBeLessThan(2e-7);
      }
    }
  });
});

const REGULARIZERS = {
  dense: none(),
  // lambda is so small that it changes no result, but it makes the trainer use sparse kernels at
  // low density.
  entries: l1(1e-30),
  pairs: groupLasso({ lambda: 1e-30, groups: "kernels" }),
};

forEachBackend((_backend, pool) => {
  describe.each(Object.entries(IMAGE_MODELS))("%s: gradients of the reference", (name, model) => {
    test.each(
      Object.entries(REGULARIZERS).flatMap(([kind, conv]) =>
        [3, 16, 21].map((count) => ({ kind, conv, count })),
      ),
    )("$kind, batch $count", ({ kind, conv, count }) => {
      const problem = randomProblem(model, count + 2, { density: kind === "dense" ? 1 : 0.35 });
      const indices = Int32Array.from({ length: count }, (_, k) => count + 1 - k);
      const { inputs, labels, targets } = problem;
      const loss = lossOf(name);
      const mark = pool.memory.mark();
      const trainer = createTrainer({
        pool,
        model,
        loss,
        samples: storeSamples(pool.memory, [{ inputs, labels, targets }], {
          features: size(model.input),
          targetFeatures: size(model.output),
        }),
        batchSize: count,
        initial: problem.parameters,
        optimizers: {
          weight: linBreg({ tau: 1, regularizer: kind === "dense" ? none() : l1(1e-30) }),
          conv: linBreg({ tau: 1, regularizer: conv }),
          bias: linBreg({ tau: 1 }),
        },
      });
      const expected = backward(
        model,
        toFloat64(problem.parameters),
        batchOf(problem, indices, loss),
      );
      const result = trainer.step(indices);
      expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, expected.loss));
      for (const [key, gradient] of expected.gradients) {
        const before = problem.parameters.get(key)!;
        const after = trainer.theta(key);
        const scale = Math.max(...before.map(Math.abs), ...gradient.map(Math.abs));
        // Batch norm divides by the deviation of its input: where a sparse channel is nearly
        // constant over three samples, that magnifies float32 rounding a hundredfold.
        const tolerance = name === "residual blocks" ? 2e-4 : 1e-5;
        gradient.forEach((g, k) => {
          expect(Math.abs(before[k] - after[k] - g), `${key}[${k}]`).toBeLessThan(
            tolerance * scale,
          );
        });
      }
      pool.memory.release(mark);
    });
  });
});
