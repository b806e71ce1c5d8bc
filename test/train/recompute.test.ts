/** Values that are computed again instead of kept: less memory, the same bits. */
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import type { Trainer, TrainerOptions } from "#bregman/engine/trainer.js";
import { createWorkCounter } from "#bregman/measure/work.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomProblem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { RESIDUAL_NET } from "../support/residual-net.js";

const BATCH = 40;
const COUNT = 90;
const bias = sgd({ tau: 0.1 });
const sparse = linBreg({ tau: 0.1, regularizer: l1(0.02) });
const kernels = linBreg({ tau: 0.1, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) });

/** A chain: its convolutions' outputs are cuts as well, and pooling reads one of them. */
const CHAIN = sequential(
  [2, 8, 8],
  [
    conv2d(6, { kernel: 3, padding: 1 }),
    batchNorm2d(),
    relu(),
    dropout({ p: 0.2 }),
    conv2d(6, { kernel: 3, padding: 1 }),
    maxPool2d(2),
    relu(),
    conv2d(7, { kernel: 3 }),
    batchNorm2d(),
    relu(),
    flatten(),
    linear(5),
  ],
);

const CASES: Record<
  string,
  readonly [Model, number, TrainerOptions["optimizers"], Partial<TrainerOptions>?]
> = {
  "a residual net, dense": [RESIDUAL_NET, 1, { weight: bias, bias }],
  "a residual net by kernels": [RESIDUAL_NET, 0.15, { weight: sparse, conv: kernels, bias }],
  "a residual net by weights, clipped": [
    RESIDUAL_NET,
    0.1,
    { weight: sparse, bias },
    { clip: { norm: 0.1 } },
  ],
  "a residual net in parts": [
    RESIDUAL_NET,
    0.15,
    { weight: sparse, conv: kernels, bias },
    { microBatches: 2 },
  ],
  "a chain": [CHAIN, 0.2, { weight: sparse, bias }],
};

function trainerFor(
  pool: Pool,
  [model, density, optimizers, options]: (typeof CASES)[string],
  recompute: boolean,
) {
  const problem = randomProblem(model, COUNT, { density });
  return problemTrainer(pool, problem, { batchSize: BATCH, optimizers, recompute, ...options });
}

/** Exact, fine and frozen steps, the last batch smaller, with evaluations between them. */
function run(trainer: Trainer) {
  const random = stream(5, "batches");
  return Array.from({ length: 9 }, (_, k) => {
    if (k === 4 && trainer.updaters.some(({ freezes }) => freezes)) trainer.freeze(2);
    const indices = Int32Array.from({ length: k === 8 ? 7 : BATCH }, () => random.integer(COUNT));
    return [trainer.step(indices), trainer.evaluate(indices)];
  });
}

const everything = (trainer: Trainer) =>
  [...trainer.state().tensors].map(([name, { data }]) => [
    name,
    [...new Int32Array(data.slice().buffer)],
  ]);

describe.each(["native", "wasm"] as const)("%s", (backend) => {
  let pool: Pool;
  beforeAll(async () => void (pool = await createPool({ backend, threads: 1 })));
  afterAll(() => pool.close());

  test.each(Object.entries(CASES))("%s: the same bits in less memory", (_case, net) => {
    const mark = pool.memory.mark();
    const [kept, again] = [false, true].map((recompute) => trainerFor(pool, net, recompute));
    expect(run(again)).toEqual(run(kept));
    expect(everything(again)).toEqual(everything(kept));
    expect(again.plan.bytes).toBeLessThan(kept.plan.bytes);
    pool.memory.release(mark);
  });
});

test("a run's work counts what is computed again, and only that", async () => {
  const pool = await createPool({ threads: 1 });
  const [kept, again] = [false, true].map((recompute) => {
    const trainer = trainerFor(pool, CASES["a residual net, dense"], recompute);
    const counter = createWorkCounter(trainer);
    const indices = Int32Array.from({ length: BATCH }, (_, k) => k);
    counter.during(() => trainer.step(indices), BATCH);
    const convolutions = [...trainer.plan.lower().forward, ...trainer.plan.lower().backward]
      .flatMap(({ ops }) => ops)
      .filter(({ kernel }) => kernel === "convDense");
    return { work: counter.state(), trainer, convolutions: convolutions.length };
  });
  const repeated = again.trainer.plan.recomputed.filter((name) => name.startsWith("conv2d"));
  // The second block's last convolution and its shortcut's too: batch norm reads what they write.
  expect(repeated).toHaveLength(6);
  expect(again.convolutions - kept.convolutions).toBe(6);
  const [once, twice] = [kept, again].map(({ work }) => work.multiplications / BATCH);
  const first = 8 * 8 * 9 * (2 * 6 + 6 * 6 + 6 * 6) + 4 * 4 * (9 * (6 * 8 + 8 * 8) + 6 * 8);
  expect(twice - once).toBe(first);
  expect(again.work.dense).toBe(kept.work.dense);
  await pool.close();
});
