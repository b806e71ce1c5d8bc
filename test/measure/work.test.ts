/** The count of a step's multiplications is that of its ops; the sums go on after a stop. */
import { describe, expect, test } from "vitest";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { linBreg, sgd, type Optimizer } from "#bregman/optim/index.js";
import { groupLasso, l1 } from "#bregman/regularizers/index.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { createTrainer, type Trainer } from "#bregman/engine/trainer.js";
import { createWorkCounter, savings } from "#bregman/measure/work.js";
import { randomProblem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const FLAT = mlp([30, 24, 17, 5]);
const IMAGES = sequential(
  [4, 8, 8],
  [
    conv2d(6, { kernel: 3, padding: 1, bias: false }),
    relu(),
    conv2d(10, { kernel: 3, stride: 2, padding: 1, bias: false }),
    relu(),
    flatten(),
    linear(5),
  ],
);
const BATCH = 20;
const indices = Int32Array.from({ length: BATCH }, (_, k) => k);

function trainerFor(pool: Pool, model: Model, weight: Optimizer, density: number): Trainer {
  return problemTrainer(pool, randomProblem(model, 60, { density }), {
    batchSize: BATCH,
    optimizers: { weight, bias: sgd({ tau: 0.1 }) },
  });
}

/** Multiplications a sample of the ops that the next step of a net of linear layers runs. */
function countOps({ plan, pool: { memory }, next }: Trainer): number {
  const { forward, backward } = plan.lower(next === "frozen");
  let sum = 0;
  for (const { kernel, rows, args } of [...forward, ...backward].flatMap(({ ops }) => ops)) {
    if (["denseForward", "denseInputGrad", "denseWeightGrad"].includes(kernel))
      sum += (args.rows as number) * (args.cols as number);
    if (["sparseForward", "sparseWeightGrad"].includes(kernel)) {
      sum += memory.i32(args.counts as number, rows).reduce((all, n) => all + n, 0);
    }
  }
  return sum;
}

forEachBackend((_name, pool) => {
  test.each([
    ["sparse", 0.1, 0],
    ["sparse, frozen steps", 0.1, 3],
    ["nearly full, frozen steps", 0.95, 2],
  ])("linear layers, %s: the multiplications of the ops", (_case, density, coarse) => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, FLAT, linBreg({ tau: 0.5, regularizer: l1(0.05) }), density);
    if (coarse) trainer.freeze(coarse);
    const counter = createWorkCounter(trainer);
    let carriedOut = 0;
    let frozenSteps = 0;
    for (let k = 0; k < 12; k++) {
      const samples = k === 11 ? 7 : BATCH;
      carriedOut += countOps(trainer) * samples;
      if (trainer.next === "frozen") frozenSteps++;
      counter.during(() => trainer.step(indices.subarray(0, samples)), samples);
    }
    const { multiplications, dense, seconds, ...rest } = counter.state();
    expect(rest).toEqual({ steps: 12, frozenSteps });
    expect(multiplications).toBe(carriedOut);
    // The first layer has no input gradient.
    expect(dense).toBe((2 * 30 * 24 + 3 * 24 * 17 + 3 * 17 * 5) * (11 * BATCH + 7));
    expect(frozenSteps).toBe(coarse ? 12 - Math.ceil(12 / (coarse + 1)) : 0);
    expect(seconds).toBeGreaterThan(0);
    pool.memory.release(mark);
  });

  test("convolutions: all taps of their kernels at each position, and only those in frozen steps", () => {
    const mark = pool.memory.mark();
    const kernels = groupLasso({ lambda: 0.01, groups: "kernels" });
    const weight = linBreg({ tau: 0.1, regularizer: kernels });
    const { inputs, labels, parameters } = randomProblem(IMAGES, 60, { density: 0.15 });
    // A zero tap takes part as long as its kernel does.
    const [first, second] = ["conv2d1.weight", "conv2d2.weight"].map((name) =>
      parameters.get(name)!,
    );
    second[second.findIndex((w) => w !== 0)] = 0;
    const trainer = createTrainer({
      pool,
      model: IMAGES,
      loss: "crossEntropy",
      samples: storeSamples(pool.memory, [{ inputs, labels }], { features: 256 }),
      batchSize: BATCH,
      initial: parameters,
      optimizers: {
        weight: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
        conv: weight,
        bias: sgd({ tau: 0.1 }),
      },
    });
    trainer.freeze(1);
    expect(trainer.updaters.map(({ parameter }) => parameter.kernel)).toEqual([
      "sparse",
      "sparse",
      "sparse",
      "dense",
    ]);
    const active = (w: Float32Array) =>
      9 *
      w.reduce(
        (n, _, k) => n + (k % 9 === 0 && w.subarray(k, k + 9).some((x) => x !== 0) ? 1 : 0),
        0,
      );
    const last = parameters.get("linear1.weight")!.reduce((n, w) => n + (w === 0 ? 0 : 1), 0);
    const [p1, p2] = [64 * active(first), 16 * active(second)];
    const [w1, w2] = [64 * first.length, 16 * second.length];
    const counter = createWorkCounter(trainer);
    const { length: all } = parameters.get("linear1.weight")!;
    const work = () => counter.state().multiplications / BATCH;
    counter.during(() => trainer.step(indices, 0), BATCH);
    expect(work()).toBe(p1 + w1 + 2 * p2 + w2 + 2 * last + all);
    counter.during(() => trainer.step(indices, 0), BATCH);
    expect(work()).toBe(p1 + w1 + 2 * p2 + w2 + 2 * last + all + 2 * p1 + 3 * p2 + 3 * last);
    expect(counter.state().dense / BATCH).toBe(2 * (2 * w1 + 3 * w2 + 3 * all));
    pool.memory.release(mark);
  });

  test("a dense training costs all of itself", () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, IMAGES, sgd({ tau: 0.1 }), 1);
    const counter = createWorkCounter(trainer);
    for (let k = 0; k < 3; k++) counter.during(() => trainer.step(indices), BATCH);
    expect(savings(counter.state(), [])!.trainingFlopDensity).toBe(1);
    pool.memory.release(mark);
  });

  test("counting goes on from what was counted", () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, FLAT, linBreg({ tau: 0.5, regularizer: l1(0.05) }), 0.1);
    const whole = createWorkCounter(trainer, { denseStep: 2 });
    let part = createWorkCounter(trainer, { denseStep: 2 });
    for (let k = 0; k < 6; k++) {
      whole.during(() => part.during(() => trainer.step(indices), BATCH), BATCH);
      if (k === 2) part = createWorkCounter(trainer, JSON.parse(JSON.stringify(part.state())));
    }
    expect({ ...part.state(), seconds: 0 }).toEqual({ ...whole.state(), seconds: 0 });
    pool.memory.release(mark);
  });
});

describe("savings", () => {
  const work = { steps: 10, frozenSteps: 8, multiplications: 30, dense: 120, seconds: 5 };
  const line = { epoch: 1, density: 0.1, layers: [], tau: 0.1, regularizer: 0, seconds: 1 };

  test("are sums, shares and means", () => {
    const history = [
      { ...line, births: 0, deaths: 0 },
      { ...line, births: 30, deaths: 4 },
      { ...line, births: 5, deaths: 6 },
    ];
    const facts = { steps: 10, frozenSteps: 8, births: 35, deaths: 10 };
    expect(savings(work, history)).toEqual({
      ...facts,
      trainingFlops: 60,
      trainingFlopDensity: 0.25,
      stepSeconds: 0.5,
    });
    expect(savings({ ...work, denseStep: 2 }, history)!.denseStepSeconds).toBe(2);
  });

  test("are not told before the first step", () => {
    expect(savings({ ...work, steps: 0 }, [])).toBeUndefined();
  });
});
