/** Smoothed labels: the step is that of the mixed loss, the evaluation that of the true labels. */
import { mlp } from "#bregman/models/mlp.js";
import { sgd } from "#bregman/optim/sgd.js";
import { expect, test } from "vitest";
import { backward } from "../reference/network.js";
import { batchOf, randomProblem, relativeError, toFloat64 } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const CLASSES = 5;
const MODEL = mlp([13, 11, CLASSES]);

forEachBackend((_name, pool) => {
  test("a step by (1 - s) of the label's loss and s of the mean over all classes", () => {
    const smoothing = 0.25;
    const problem = randomProblem(MODEL, 40);
    const trainer = problemTrainer(pool, problem, {
      batchSize: 40,
      optimizers: { weight: sgd({ tau: 0.5 }), bias: sgd({ tau: 0.5 }) },
      labelSmoothing: smoothing,
    });
    const indices = Int32Array.from({ length: 40 }, (_, k) => k);
    const batch = batchOf(problem, indices);
    const theta = toFloat64(problem.parameters);
    const own = backward(MODEL, theta, batch);
    // Everybody's label k, for each class k.
    const every = Array.from({ length: CLASSES }, (_, k) =>
      backward(MODEL, theta, { ...batch, labels: Array.from(batch.labels!, () => k) }),
    );
    const mixed = (pick: (result: typeof own) => number) =>
      (1 - smoothing) * pick(own) +
      (smoothing / CLASSES) * every.reduce((sum, one) => sum + pick(one), 0);

    expect(Math.abs(trainer.evaluate(indices).loss - own.loss)).toBeLessThan(1e-5);
    expect(Math.abs(trainer.step(indices).loss - mixed(({ loss }) => loss))).toBeLessThan(1e-5);
    for (const [name, before] of theta) {
      const after = before.map(
        (w, i) => w - 0.5 * mixed(({ gradients }) => gradients.get(name)![i]!),
      );
      expect(relativeError(trainer.theta(name), after), name).toBeLessThan(1e-5);
    }
  });
});
