/**
 * Measuring the dense step leaves no trace: the training after it has the bits of one that was not
 * measured.
 */
import { expect, test } from "vitest";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { adaBreg, linBreg, proxSgd, rigL, type Optimizer } from "#bregman/optim/index.js";
import { groupLasso, l1 } from "#bregman/regularizers/index.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { measureDenseStep } from "#bregman/measure/dense-step.js";
import type { TrainerOptions } from "#bregman/engine/trainer.js";
import { randomProblem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const BATCH = 20;
const STEPS = 20;
const FLAT = mlp([30, 24, 17, 5]);
const CONV = sequential(
  [2, 6, 6],
  [
    conv2d(6, { kernel: 3, padding: 1 }),
    batchNorm2d(),
    relu(),
    conv2d(4, { kernel: 3, padding: 1 }),
    relu(),
    dropout({ p: 0.3 }),
    flatten(),
    linear(5),
  ],
);
const entries = l1(0.02);
const kernels = groupLasso({ lambda: 0.01, groups: "kernels" });

interface Case {
  readonly model: Model;
  readonly weight: Optimizer;
  readonly conv?: Optimizer;
  readonly more?: Partial<TrainerOptions>;
  readonly coarse?: number;
  /** Default true. */
  readonly measured?: boolean;
}

const CASES: Record<string, Case> = {
  LinBreg: { model: FLAT, weight: linBreg({ tau: 0.1, regularizer: entries }) },
  "momentum, frozen steps": {
    model: FLAT,
    weight: linBreg({ tau: 0.1, momentum: 0.9, regularizer: entries }),
    coarse: 2,
  },
  AdaBreg: { model: FLAT, weight: adaBreg({ tau: 0.01, regularizer: entries }) },
  ProxSGD: { model: FLAT, weight: proxSgd({ tau: 0.1, regularizer: entries }) },
  "RigL, whose steps are in TypeScript": {
    model: FLAT,
    weight: rigL({ tau: 0.1, every: 3 }),
    measured: false,
  },
  "kernel groups, batch norm, dropout, clipped, in parts": {
    model: CONV,
    weight: linBreg({ tau: 0.05, regularizer: entries }),
    conv: linBreg({ tau: 0.05, momentum: 0.5, regularizer: kernels }),
    more: { microBatches: 3, clip: { norm: 0.1 } },
    coarse: 1,
  },
};

/** The samples of step k. */
const batch = (k: number) => Int32Array.from({ length: BATCH }, (_, i) => (k * 7 + i) % 60);

function trainerFor(pool: Pool, { model, weight, conv, more }: Case, value?: number) {
  const problem = randomProblem(model, 60, { density: 0.1 });
  if (value !== undefined) problem.inputs.fill(value);
  return problemTrainer(pool, problem, {
    batchSize: BATCH,
    optimizers: { weight, conv, bias: linBreg({ tau: 0.1 }) },
    steps: STEPS,
    ...more,
  });
}

/** All that the next steps depend on, after some. */
async function trainedState(pool: Pool, setting: Case, look: boolean) {
  const { coarse = 0 } = setting;
  const mark = pool.memory.mark();
  const trainer = trainerFor(pool, setting);
  const seconds = look ? await measureDenseStep(trainer, batch(3)) : undefined;
  const losses: number[] = [];
  if (coarse > 0) trainer.freeze(coarse);
  for (let k = 0; k < STEPS; k++) losses.push(trainer.step(batch(k)).loss);
  const { tensors, ...facts } = trainer.state();
  const bits = [...tensors].map(([name, { data }]) => {
    return [name, Buffer.from(new Uint8Array(data.slice().buffer)).toString("hex")];
  });
  pool.memory.release(mark);
  return { seconds, state: { ...facts, bits, losses } };
}

forEachBackend((_name, pool) => {
  test.each(Object.entries(CASES))("%s: the same bits with and without", async (_case, setting) => {
    const { measured = true } = setting;
    const plain = await trainedState(pool, setting, false);
    const looked = await trainedState(pool, setting, true);
    expect(looked.state).toEqual(plain.state);
    expect(looked.seconds).toEqual(measured ? expect.any(Number) : undefined);
  });

  test("what is measured are dense kernels, at learning rate 0", async () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, CASES.LinBreg);
    const kernels = () => trainer.updaters.map(({ parameter }) => parameter.kernel).join();
    const seen: [string, number | undefined][] = [];
    await measureDenseStep(
      {
        ...trainer,
        step(indices, tauFactor, augmentation) {
          const result = trainer.step(indices, tauFactor, augmentation);
          seen.push([kernels(), tauFactor]);
          return result;
        },
      },
      batch(0),
    );
    expect(kernels()).toContain("sparse");
    expect(seen.length).toBeGreaterThan(1);
    for (const line of seen) expect(line).toEqual(["dense,dense,dense,dense,dense,dense", 0]);
    pool.memory.release(mark);
  });

  test("where the loss is not finite there is no dense step, and the trainer is as it was", async () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, CASES.LinBreg, NaN);
    const before = trainer.theta("linear1.weight");
    expect(await measureDenseStep(trainer, batch(0))).toBeUndefined();
    expect(trainer.steps).toBe(0);
    expect(trainer.theta("linear1.weight")).toEqual(before);
    expect(trainer.updaters[0].parameter.kernel).toBe("sparse");
    pool.memory.release(mark);
  });
});
