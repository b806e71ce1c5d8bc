/**
 * Every regularizer at work in a network with convolutions: v stays in dJ_delta(theta) in every
 * parameter that has it.
 */
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { nuclear } from "#bregman/regularizers/nuclear.js";
import type { RoleOptimizers } from "#bregman/engine/role-optimizers.js";
import { expect, test } from "vitest";
import { naiveSingular } from "../support/naive-svd.js";
import { randomProblem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { dimensionsOf, errorOf, inDomain, ROWS } from "../support/regularizer-table.js";
import { forEachBackend } from "../support/run-op.js";

const MODEL = sequential(
  [2, 5, 5],
  [
    conv2d(4, { kernel: 3 }),
    relu(),
    conv2d(3, { kernel: 2 }),
    relu(),
    flatten(),
    linear(6),
    relu(),
    linear(3),
  ],
);
const COUNT = 60;
const TAU = 0.2;

forEachBackend((_, pool) => {
  /** A trainer whose start is in the domain of J wherever J is used. */
  function start(
    optimizers: RoleOptimizers,
    feasible: (x: readonly number[]) => readonly number[],
  ) {
    const problem = randomProblem(MODEL, COUNT, { density: 0.4 });
    return problemTrainer(pool, problem, {
      batchSize: 20,
      initial: new Map(
        [...problem.parameters].map(([name, theta]) => [
          name,
          Float32Array.from(feasible([...theta])),
        ]),
      ),
      optimizers,
    });
  }

  test.each(ROWS)("%s", (__, spec) => {
    const mark = pool.memory.mark();
    const delta = 0.5;
    const optimizer = linBreg({ tau: TAU, delta, regularizer: spec.make(0.05) });
    const plain = linBreg({ tau: TAU, delta });
    const dimensions = dimensionsOf(spec);
    const trainer = start(
      {
        conv: optimizer,
        weight: dimensions > 2 ? plain : optimizer,
        bias: dimensions > 1 ? plain : optimizer,
      },
      (theta) => inDomain(spec, theta),
    );
    const regularized = trainer.updaters.filter((updater) => updater.optimizer === optimizer);
    expect(regularized.length).toBe([8, 8, 4, 2][dimensions]);
    const random = stream(3, "batches");
    const before = regularized.map(({ parameter }) => trainer.theta(parameter.name));
    for (let k = 0; k < 10; k++) {
      trainer.step(Int32Array.from({ length: 20 }, () => random.integer(COUNT)));
      for (const { parameter, state } of regularized) {
        const theta = [...trainer.theta(parameter.name)];
        const p = theta.map((value, i) => state.v[i] - value / delta);
        const error = errorOf(spec, 0.05, p, theta, parameter.shape);
        // Roundings of float32 at numbers of a few units.
        expect(error, parameter.name).toBeLessThan(5e-6);
      }
    }
    expect(
      regularized.some(({ parameter }, k) =>
        trainer.theta(parameter.name).some((w, i) => w !== before[k][i]),
      ),
    ).toBe(true);
    pool.memory.release(mark);
  });

  test("with the nuclear norm the layers have low rank", () => {
    const mark = pool.memory.mark();
    const weight = linBreg({ tau: TAU, regularizer: nuclear(0.03) });
    // A single row of weights is of rank 1: every other direction has to be born in training.
    const trainer = start({ weight, conv: weight, bias: linBreg({ tau: TAU }) }, (theta) =>
      theta.length > 6 ? theta.map((value, k) => (k < theta.length / 6 ? value : 0)) : theta,
    );
    const random = stream(3, "batches");
    for (let k = 0; k < 60; k++)
      trainer.step(Int32Array.from({ length: 20 }, () => random.integer(COUNT)));
    const ranks = trainer.updaters
      .filter(({ optimizer }) => optimizer === weight)
      .map(({ parameter: { name, shape } }) => {
        const { sigma } = naiveSingular([...trainer.theta(name)], shape);
        return sigma.filter((value) => value > 1e-5).length;
      });
    // Full rank is 4, 3, 6, 3.
    [4, 3, 6, 3].forEach((full, k) => expect(ranks[k]).toBeLessThan(full));
    expect(Math.min(...ranks)).toBeGreaterThan(0);
    expect(Math.max(...ranks)).toBeGreaterThan(1);
    pool.memory.release(mark);
  });
});
