/**
 * The training step: follows the float64 method, has the same bits for any thread count, changes
 * kernels, stops at NaN.
 */
import { mlp } from "#bregman/models/mlp.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import { adam } from "#bregman/optim/adam.js";
import { lassoSgd } from "#bregman/optim/lasso-sgd.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import type { Optimizer } from "#bregman/optim/optimizer.js";
import { proxSgd } from "#bregman/optim/prox-sgd.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { box } from "#bregman/regularizers/box.js";
import { elasticNet } from "#bregman/regularizers/elastic-net.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { lInfinity } from "#bregman/regularizers/l-infinity.js";
import { nonNegativeL1 } from "#bregman/regularizers/non-negative-l1.js";
import { nuclear } from "#bregman/regularizers/nuclear.js";
import { sparseGroupLasso } from "#bregman/regularizers/sparse-group-lasso.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import type { Trainer } from "#bregman/engine/trainer.js";
import { DivergedError } from "#bregman/errors.js";
import { layerMetrics, totalDensity } from "#bregman/measure/metrics.js";
import { describe, expect, test } from "vitest";
import { backward } from "../reference/network.js";
import {
  batchOf,
  randomProblem,
  relativeError,
  toFloat64,
  type Problem,
} from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const MODEL = mlp([30, 24, 17, 5]);
const COUNT = 200;
const BATCH = 50;

/** Optimizers of the weights; those without a twin in C take their steps in TypeScript. */
const OPTIMIZERS: Record<string, Optimizer> = {
  sgd: sgd({ tau: 0.1 }),
  "sgd with momentum": sgd({ tau: 0.1, momentum: 0.9 }),
  adam: adam({ tau: 0.01 }),
  "linBreg l1": linBreg({ tau: 0.1, regularizer: l1(0.05) }),
  "linBreg l1, delta 2": linBreg({ tau: 0.05, delta: 2, regularizer: l1(0.05) }),
  "linBreg momentum l1": linBreg({ tau: 0.1, momentum: 0.9, regularizer: l1(0.05) }),
  "linBreg Nesterov l1": linBreg({
    tau: 0.1,
    momentum: 0.9,
    nesterov: true,
    regularizer: l1(0.05),
  }),
  "linBreg non-negative": linBreg({ tau: 0.1, regularizer: nonNegativeL1(0.02) }),
  "linBreg rows": linBreg({ tau: 0.2, regularizer: groupLasso({ lambda: 0.02, groups: "rows" }) }),
  "linBreg columns (no kernel)": linBreg({
    tau: 0.2,
    regularizer: groupLasso({ lambda: 0.02, groups: "columns" }),
  }),
  "linBreg columns, weight decay (no kernel)": linBreg({
    tau: 0.2,
    weightDecay: 0.05,
    regularizer: groupLasso({ lambda: 0.02, groups: "columns" }),
  }),
  "sgd, weight decay": sgd({ tau: 0.1, weightDecay: 0.05 }),
  "linBreg elastic net": linBreg({
    tau: 0.1,
    delta: 2,
    regularizer: elasticNet({ lambda: 0.05, mu: 0.3 }),
  }),
  "proxSgd elastic net": proxSgd({ tau: 0.1, regularizer: elasticNet({ lambda: 0.05, mu: 0.3 }) }),
  "linBreg box (no kernel)": linBreg({ tau: 0.2, regularizer: box({ lower: -0.1, upper: 0.2 }) }),
  "linBreg l-infinity (no kernel)": linBreg({ tau: 0.2, regularizer: lInfinity(0.1) }),
  "linBreg nuclear (no kernel)": linBreg({ tau: 0.2, regularizer: nuclear(0.1) }),
  "linBreg sparse rows": linBreg({
    tau: 0.2,
    regularizer: sparseGroupLasso({ lambda: 0.03, lambda0: 0.5, groups: "rows" }),
  }),
  "adaBreg l1": adaBreg({ tau: 0.01, regularizer: l1(0.05) }),
  "adaBreg l1, paper-era": adaBreg({
    tau: 0.05,
    biasCorrectFirstMoment: false,
    regularizer: l1(0.05),
  }),
  "proxSgd l1": proxSgd({ tau: 0.1, regularizer: l1(0.05) }),
  "lassoSgd l1": lassoSgd({ tau: 0.1, regularizer: l1(0.05) }),
  "lassoSgd rows": lassoSgd({
    tau: 0.1,
    regularizer: groupLasso({ lambda: 0.05, groups: "rows" }),
  }),
};

function trainerFor(pool: Pool, problem: Problem, weight: Optimizer): Trainer {
  return problemTrainer(pool, problem, {
    batchSize: BATCH,
    optimizers: { weight, bias: linBreg({ tau: 0.1 }) },
  });
}

/** Seeded batches of random samples; the last is smaller. */
function batchesOf(steps: number): Int32Array[] {
  const random = stream(5, "batches");
  return Array.from({ length: steps }, (_, k) =>
    Int32Array.from({ length: k === steps - 1 ? 7 : BATCH }, () => random.integer(COUNT)),
  );
}

forEachBackend((_name, pool) => {
  test.each(Object.entries(OPTIMIZERS))(
    "%s: 12 steps follow the float64 method",
    (_optimizer, optimizer) => {
      const mark = pool.memory.mark();
      const problem = randomProblem(MODEL, COUNT, { density: 0.3 });
      const trainer = trainerFor(pool, problem, optimizer);
      const bias = linBreg({ tau: 0.1 });
      const theta = toFloat64(problem.parameters);
      const members = trainer.updaters.map(({ parameter: { name, role, shape } }) => {
        const method = role === "weight" ? optimizer : bias;
        return { name, shape, method, state: method.init(theta.get(name)!, shape) };
      });
      for (const indices of batchesOf(12)) {
        const { loss, gradients } = backward(MODEL, theta, batchOf(problem, indices));
        const step = trainer.step(indices);
        expect(Math.abs(step.loss - loss)).toBeLessThan(1e-4 * loss);
        for (const { name, shape, method, state } of members) {
          method.step(state, theta.get(name)!, gradients.get(name)!, shape);
        }
      }
      for (const { name } of members) {
        expect(relativeError(trainer.theta(name), theta.get(name)!), name).toBeLessThan(2e-4);
      }
      const nonZeros = members
        .filter(({ name }) => name.endsWith("weight"))
        .map(({ name }) => trainer.theta(name).reduce((n, w) => n + (w !== 0 ? 1 : 0), 0));
      expect(layerMetrics(trainer).map((layer) => layer.nonZeros)).toEqual(nonZeros);
      pool.memory.release(mark);
    },
  );

  test("a net that fills up changes its kernels and keeps its numbers", () => {
    const mark = pool.memory.mark();
    const problem = randomProblem(MODEL, COUNT, { density: 0.05 });
    // ProxSGD from a sparse start is dense after one step with a tiny lambda; a sparse kernel must
    // hand over to a dense one.
    const trainer = trainerFor(pool, problem, proxSgd({ tau: 0.1, regularizer: l1(1e-9) }));
    expect(layerMetrics(trainer).map(({ kernel }) => kernel)).toEqual([
      "sparse",
      "sparse",
      "sparse",
    ]);
    const theta = toFloat64(problem.parameters);
    const method = proxSgd({ tau: 0.1, regularizer: l1(1e-9) });
    const bias = linBreg({ tau: 0.1 });
    const states = trainer.updaters.map(({ parameter: { name, role, shape } }) => {
      const m = role === "weight" ? method : bias;
      return { name, shape, m, state: m.init(theta.get(name)!, shape) };
    });
    for (const indices of batchesOf(40)) {
      const { gradients } = backward(MODEL, theta, batchOf(problem, indices));
      trainer.step(indices);
      for (const { name, shape, m, state } of states)
        m.step(state, theta.get(name)!, gradients.get(name)!, shape);
    }
    expect(layerMetrics(trainer).map(({ kernel }) => kernel)).toContain("dense");
    for (const { name } of states)
      expect(relativeError(trainer.theta(name), theta.get(name)!)).toBeLessThan(1e-3);
    pool.memory.release(mark);
  });

  test("a loss that is not finite stops the step, names step and layer, and leaves the parameters alone", () => {
    const mark = pool.memory.mark();
    const problem = randomProblem(MODEL, COUNT);
    problem.parameters.get("linear2.weight")!.fill(3e38);
    const trainer = trainerFor(pool, problem, linBreg({ tau: 0.1, regularizer: l1(0.1) }));
    const before = trainer.theta("linear1.weight");
    expect(() => trainer.step(Int32Array.of(0, 1, 2))).toThrow(DivergedError);
    expect(() => trainer.step(Int32Array.of(0, 1, 2))).toThrow(
      /^the loss is (NaN|Infinity) at step 1: .*layer "linear2"/,
    );
    expect(trainer.theta("linear1.weight")).toEqual(before);
    pool.memory.release(mark);
  });

  test("evaluate and predict agree with the float64 reference, whatever the batch", () => {
    const mark = pool.memory.mark();
    const problem = randomProblem(MODEL, COUNT, { density: 0.1 });
    const trainer = trainerFor(pool, problem, linBreg({ tau: 0.1, regularizer: l1(0.1) }));
    const indices = Int32Array.from({ length: 151 }, (_, k) => k + 9);
    const batch = batchOf(problem, indices);
    const { loss } = backward(MODEL, toFloat64(problem.parameters), batch);
    const evaluation = trainer.evaluate(indices);
    expect(Math.abs(evaluation.loss - loss)).toBeLessThan(1e-5 * loss);
    const outputs = trainer.predict(indices);
    let correct = 0;
    for (let b = 0; b < indices.length; b++) {
      const row = outputs.subarray(b * 5, (b + 1) * 5);
      if (row.indexOf(Math.max(...row)) === batch.labels![b]) correct++;
    }
    expect(evaluation.accuracy).toBe(correct / indices.length);
    pool.memory.release(mark);
  });
});

describe("threads", () => {
  test.each(["native", "wasm"] as const)(
    "%s: the same bits for 1, 2 and 3 threads",
    async (backend) => {
      const results: Float32Array[][] = [];
      for (const threads of [1, 2, 3]) {
        const pool = await createPool({
          backend: backend === "native" ? "auto" : backend,
          threads,
        });
        const problem = randomProblem(MODEL, COUNT, { density: 0.1 });
        const trainer = trainerFor(pool, problem, linBreg({ tau: 0.2, regularizer: l1(0.02) }));
        for (const indices of batchesOf(40)) trainer.step(indices);
        expect(totalDensity(layerMetrics(trainer))).toBeGreaterThan(0.1);
        results.push(trainer.updaters.map(({ parameter }) => trainer.theta(parameter.name)));
        await pool.close();
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    },
  );
});
