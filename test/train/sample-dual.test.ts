/**
 * The sampled dual in training: what is exact stays exact, what is estimated is so without bias,
 * and all follows from the seed.
 */
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { fit } from "#bregman/runs/fit.js";
import { expect, test } from "vitest";
import { firstGradients } from "../support/first-gradients.js";
import { randomProblem, relativeError } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

/** The first layer is large enough to be sampled, the others are not. */
const MODEL = mlp([300, 120, 20, 5]);
const COUNT = 200;
const BATCH = 64;
const TAU = 0.3;

function trainerFor(pool: Pool, sampleDual: number | undefined, seed = 0) {
  return problemTrainer(pool, randomProblem(MODEL, COUNT, { density: 0.1 }), {
    batchSize: BATCH,
    optimizers: {
      weight: linBreg({ tau: TAU, regularizer: l1(0.1) }),
      bias: linBreg({ tau: TAU }),
    },
    seed,
    sampleDual,
  });
}

const batch = Int32Array.from({ length: BATCH }, (_, k) => (7 * k) % COUNT);

/** The gradient that LinBreg sees in the first step, by parameter. */
const gradients = (pool: Pool, sampleDual: number | undefined, seed = 0) =>
  firstGradients(pool, () => trainerFor(pool, sampleDual, seed), batch, TAU);

forEachBackend((_name, pool) => {
  test("non-zeros, small layers and biases have their exact gradient; zero weights another, with the right mean", () => {
    const exact = gradients(pool, undefined);
    const { parameters } = randomProblem(MODEL, COUNT, { density: 0.1 });
    const theta = parameters.get("linear1.weight")!;
    const count = 30;
    const mean = new Float64Array(theta.length);
    let variance = 0;
    for (let seed = 0; seed < count; seed++) {
      const sampled = gradients(pool, 3, seed);
      for (const [name, g] of sampled) {
        if (name !== "linear1.weight")
          expect(relativeError(g, exact.get(name)!)).toBeLessThan(1e-5);
      }
      const [g, all] = [sampled.get("linear1.weight")!, exact.get("linear1.weight")!];
      const at = (keep: (w: number) => boolean, x: Float64Array) =>
        x.filter((_, i) => keep(theta[i]));
      expect(
        relativeError(
          at((w) => w !== 0, g),
          at((w) => w !== 0, all),
        ),
      ).toBeLessThan(1e-4);
      g.forEach((value, i) => (mean[i] += value / count));
      variance += all.reduce((sum, value, i) => sum + (value - g[i]) ** 2, 0) / count;
    }
    const error = exact
      .get("linear1.weight")!
      .reduce((sum, value, i) => sum + (value - mean[i]) ** 2, 0);
    expect(variance).toBeGreaterThan(0);
    expect(error * count).toBeLessThan(1.6 * variance);
  });

  test("a tolerance that asks for every sample gives the exact gradient", () => {
    const [exact, sampled] = [gradients(pool, undefined), gradients(pool, 1e-6)];
    for (const [name, g] of sampled) expect(relativeError(g, exact.get(name)!)).toBeLessThan(1e-5);
  });

  test("another trainer that goes on from a state has the same bits", () => {
    const mark = pool.memory.mark();
    const [first, second] = [trainerFor(pool, 2), trainerFor(pool, 2)];
    for (let k = 0; k < 3; k++) first.step(batch);
    second.restore(first.state());
    for (let k = 0; k < 5; k++) for (const trainer of [first, second]) trainer.step(batch);
    expect(second.theta("linear1.weight")).toEqual(first.theta("linear1.weight"));
    pool.memory.release(mark);
  });
});

/** Noise around a pattern for each of 5 classes. */
const data = () => {
  const random = stream(3, "data");
  const patterns = Array.from({ length: 1500 }, () => random.normal());
  const part = (count: number) => ({
    labels: Uint8Array.from({ length: count }, (_, k) => k % 5),
    inputs: Float32Array.from(
      { length: count * 300 },
      (_, k) => patterns[300 * (Math.floor(k / 300) % 5) + (k % 300)] + 3 * random.normal(),
    ),
  });
  return fromArrays({ shape: [300], train: part(600), test: part(200) });
};

test.each(["native", "wasm"] as const)(
  "the same bits on 1, 2 and 3 threads (%s)",
  async (backend) => {
    const available = await createPool({ backend, threads: 1 }).then(
      (pool) => pool.close().then(() => true),
      () => false,
    );
    if (!available) return console.log(`${backend} is not tested: it is not built`);
    const run = (threads: number) =>
      fit(MODEL, data(), {
        optimizer: {
          weights: linBreg({ tau: 0.1, regularizer: l1(0.02) }),
          biases: linBreg({ tau: 0.1 }),
        },
        init: { weights: { density: 0.05 } },
        epochs: 3,
        sampleDual: 2,
        batchSize: BATCH,
        backend,
        threads,
      });
    const [one, ...others] = [await run(1), await run(2), await run(3)];
    for (const other of others) expect(other.parameters).toEqual(one.parameters);
  },
);

test("runs learn with it (chance: 20 %), by LinBreg and AdaBreg, with frozen steps and in parts", async () => {
  const plain = linBreg({ tau: 0.1, regularizer: l1(0.02) });
  for (const more of [
    {},
    { weights: adaBreg({ tau: 0.005, regularizer: l1(0.02) }) },
    { freeze: 3 },
    { microBatches: 2 },
  ]) {
    const { weights = plain, ...options } = more as { weights?: typeof plain };
    const { final } = await fit(MODEL, data(), {
      optimizer: { weights, biases: linBreg({ tau: 0.1 }) },
      init: { weights: { density: 0.05 } },
      epochs: 6,
      sampleDual: 2,
      batchSize: BATCH,
      threads: 2,
      ...options,
    });
    expect(final.testAccuracy).toBeGreaterThan(0.8);
    expect(final.density).toBeLessThan(0.8);
  }
});

test.each([0, -1, Number.NaN, Infinity])("a tolerance of %d is refused", async (sampleDual) => {
  await expect(
    fit(MODEL, data(), {
      optimizer: { weights: linBreg(), biases: linBreg() },
      epochs: 1,
      sampleDual,
    }),
  ).rejects.toThrow(`fit: sampleDual must be a finite number above 0, found ${sampleDual}`);
});
