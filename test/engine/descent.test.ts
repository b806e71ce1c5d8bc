/**
 * Steps whose updates wait: gradients clipped by norm, and batches computed in parts.
 *
 * LinBreg's v moves by tau g, so what happens to the gradient is read off v.
 */
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import type { ClipOptions } from "#bregman/optim/clip.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import type { Optimizer } from "#bregman/optim/optimizer.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { sparseGroupLasso } from "#bregman/regularizers/sparse-group-lasso.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import type { Trainer } from "#bregman/engine/trainer.js";
import { describe, expect, test } from "vitest";
import { randomProblem, relativeError } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const FLAT = mlp([30, 24, 17, 5]);
const IMAGES = sequential(
  [2, 8, 8],
  [
    conv2d(6, { kernel: 3, padding: 1 }),
    relu(),
    conv2d(7, { kernel: 3, stride: 2 }),
    relu(),
    flatten(),
    linear(5),
  ],
);
const COUNT = 120;
const BATCH = 50;
const TAU = 0.3;

const sparse = linBreg({ tau: TAU, regularizer: l1(0.1) });
const kernels = linBreg({ tau: TAU, regularizer: groupLasso({ lambda: 0.05, groups: "kernels" }) });
const sparseKernels = linBreg({
  tau: TAU,
  regularizer: sparseGroupLasso({ lambda: 0.1, lambda0: 0.3, groups: "kernels" }),
});
const columns = linBreg({ tau: TAU, regularizer: groupLasso({ lambda: 0.05, groups: "columns" }) });

/** [model, weights, convs]; from sparse kernels, and from dense ones. */
const NETS: Record<string, readonly [Model, number, Optimizer, Optimizer?]> = {
  "linear layers": [FLAT, 0.1, sparse],
  "linear layers, dense": [FLAT, 0.95, sparse],
  "convolutions by single weights": [IMAGES, 0.1, sparse],
  "convolutions by kernels": [IMAGES, 0.15, sparse, kernels],
  "convolutions by kernels with zero taps": [IMAGES, 0.15, sparse, sparseKernels],
};

interface Options {
  readonly clip?: ClipOptions;
  readonly microBatches?: number;
}

function trainerFor(
  pool: Pool,
  [model, density, weight, conv]: (typeof NETS)[string],
  options: Options = {},
): Trainer {
  return problemTrainer(pool, randomProblem(model, COUNT, { density }), {
    batchSize: BATCH,
    optimizers: { weight, conv, bias: linBreg({ tau: TAU }) },
    ...options,
  });
}

/** Seeded batches; the last is smaller. */
function batchesOf(steps: number): Int32Array[] {
  const random = stream(5, "batches");
  return Array.from({ length: steps }, (_, k) =>
    Int32Array.from({ length: k === steps - 1 ? 7 : BATCH }, () => random.integer(COUNT)),
  );
}

/**
 * By how much v moves in a step, all parameters one after the other, divided by tau: the gradient
 * that the optimizers saw.
 */
function gradientOf(trainer: Trainer, step: () => void): Float64Array {
  const read = () => trainer.updaters.flatMap(({ state }) => [...state.v]);
  const before = read();
  step();
  return Float64Array.from(read(), (v, i) => (before[i] - v) / TAU);
}

const norm = (x: Float64Array): number => Math.hypot(...x);
const everything = (trainer: Trainer) =>
  [...trainer.state().tensors].map(([name, { data }]) => [
    name,
    new Int32Array(data.slice().buffer),
  ]);

forEachBackend((_name, pool) => {
  describe.each(Object.entries(NETS))("%s", (_net, net) => {
    test.each<[string, Options]>([
      ["norm", { clip: { norm: 1e9 } }],
      ["value", { clip: { value: 1e9 } }],
    ])(
      "clipping by a huge %s changes no bit, in exact, fine and frozen steps",
      (_kind, options) => {
        const mark = pool.memory.mark();
        const [one, other] = [trainerFor(pool, net), trainerFor(pool, net, options)];
        batchesOf(12).forEach((indices, k) => {
          if (k === 5) for (const trainer of [one, other]) trainer.freeze(2);
          expect(other.step(indices)).toEqual(one.step(indices));
        });
        expect(everything(other)).toEqual(everything(one));
        pool.memory.release(mark);
      },
    );

    test("by norm: all gradients are scaled by one factor to that norm, in a frozen step those of the patterns", () => {
      const mark = pool.memory.mark();
      const limit = 0.05;
      const [plain, clipped] = [
        trainerFor(pool, net),
        trainerFor(pool, net, { clip: { norm: limit } }),
      ];
      const bites = batchesOf(9).map((indices, k) => {
        if (k === 4) for (const trainer of [plain, clipped]) trainer.freeze(2);
        // Both from the same state.
        plain.restore(clipped.state());
        const g = gradientOf(plain, () => plain.step(indices));
        const seen = gradientOf(clipped, () => clipped.step(indices));
        const factor = Math.min(1, limit / norm(g));
        // v is rounded to float32 before and after.
        seen.forEach((value, i) => expect(Math.abs(value - factor * g[i])).toBeLessThan(2e-6));
        expect(norm(seen)).toBeLessThan(limit + 1e-5);
        return factor < 1;
      });
      expect(bites.filter(Boolean).length).toBeGreaterThan(6);
      pool.memory.release(mark);
    });

    test("by value: each component for itself", () => {
      const mark = pool.memory.mark();
      const limit = 0.01;
      const [plain, clipped] = [
        trainerFor(pool, net),
        trainerFor(pool, net, { clip: { value: limit } }),
      ];
      for (const indices of batchesOf(3)) {
        plain.restore(clipped.state());
        const g = gradientOf(plain, () => plain.step(indices));
        const seen = gradientOf(clipped, () => clipped.step(indices));
        expect(g.some((value) => Math.abs(value) > 2 * limit)).toBe(true);
        seen.forEach((value, i) =>
          expect(Math.abs(value - Math.max(-limit, Math.min(limit, g[i])))).toBeLessThan(2e-6),
        );
      }
      pool.memory.release(mark);
    });

    test.each([2, 3, 50])(
      "a batch in %i parts is the same step, the last smaller batch too",
      (microBatches) => {
        const mark = pool.memory.mark();
        const [whole, parts] = [trainerFor(pool, net), trainerFor(pool, net, { microBatches })];
        expect(parts.plan.batchSize).toBe(Math.ceil(BATCH / microBatches));
        batchesOf(10).forEach((indices, k) => {
          if (k === 6) for (const trainer of [whole, parts]) trainer.freeze(2);
          const [a, b] = [whole.step(indices), parts.step(indices)];
          expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-4 * a.loss);
          expect(b.correct).toBe(a.correct);
        });
        for (const { parameter } of whole.updaters) {
          expect(
            relativeError(
              parts.theta(parameter.name),
              Float64Array.from(whole.theta(parameter.name)),
            ),
          ).toBeLessThan(2e-4);
        }
        pool.memory.release(mark);
      },
    );
  });

  test("the gradient of a batch in parts is clipped as a whole", () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, NETS["linear layers"], {
      microBatches: 4,
      clip: { norm: 0.05 },
    });
    for (const indices of batchesOf(4)) {
      expect(norm(gradientOf(trainer, () => trainer.step(indices)))).toBeCloseTo(0.05, 5);
    }
    pool.memory.release(mark);
  });

  test("an optimizer in TypeScript, and AdaBreg, see the clipped sum too", () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, [FLAT, 0.2, columns], {
      microBatches: 2,
      clip: { norm: 0.05 },
    });
    expect(norm(gradientOf(trainer, () => trainer.step(batchesOf(2)[0])))).toBeCloseTo(0.05, 5);
    // Adam's step does not depend on the size of the gradient: two steps with it bounded are those
    // without.
    const adam = adaBreg({ tau: 0.01, eps: 1e-30, regularizer: l1(0.05) });
    const [one, other] = [
      trainerFor(pool, [FLAT, 0.2, adam]),
      trainerFor(pool, [FLAT, 0.2, adam], { clip: { norm: 1e-3 } }),
    ];
    for (const trainer of [one, other]) trainer.step(batchesOf(2)[0]);
    expect(
      relativeError(other.theta("linear1.weight"), Float64Array.from(one.theta("linear1.weight"))),
    ).toBeLessThan(1e-4);
    pool.memory.release(mark);
  });
});

test("the bits are the same for any number of threads", async () => {
  const [one, three] = await Promise.all([1, 3].map((threads) => createPool({ threads })));
  const options = { microBatches: 3, clip: { norm: 0.05 } };
  const [a, b] = [one, three].map((pool) =>
    trainerFor(pool, NETS["convolutions by kernels"], options),
  );
  for (const indices of batchesOf(6)) expect(b.step(indices)).toEqual(a.step(indices));
  expect(everything(b)).toEqual(everything(a));
  await Promise.all([one.close(), three.close()]);
});

test("a batch in parts takes the memory of a part", async () => {
  const pool = await createPool({ threads: 1 });
  const [whole, parts] = [1, 4].map((microBatches) =>
    trainerFor(pool, NETS["convolutions by kernels"], { microBatches }),
  );
  expect(parts.plan.bytes).toBeLessThan(0.5 * whole.plan.bytes);
  expect(() => parts.step(new Int32Array(BATCH + 1))).toThrow(
    "a batch of 51 samples does not fit the trainer's batch size 50",
  );
  await pool.close();
});
