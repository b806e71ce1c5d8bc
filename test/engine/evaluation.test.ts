/** Evaluations are computed in the memory of training steps: neither changes a bit of the other. */
import { relu } from "#bregman/nn/layers/activation.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { size } from "#bregman/shape-size.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { storeSamples, unchanged } from "#bregman/nn/store-samples.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { TILE } from "#bregman/runtime/kernel-table.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { createTrainer, type Trainer, type TrainerOptions } from "#bregman/engine/trainer.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomProblem } from "../support/problem.js";
import { RESIDUAL_NET } from "../support/residual-net.js";

const FLAT = sequential(
  [40],
  [linear(30), relu(), dropout({ p: 0.2 }), linear(20), relu(), linear(5)],
);
const COUNT = 90;
/** Not whole tiles. */
const BATCH = 25;
const ALL = Int32Array.from({ length: COUNT }, (_, k) => COUNT - 1 - k);

const kernels = linBreg({ tau: 0.1, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) });
const sparse = linBreg({ tau: 0.1, regularizer: l1(0.02) });

interface Case {
  readonly model: Model;
  readonly optimizers: TrainerOptions["optimizers"];
  readonly density?: number;
  readonly bytes?: boolean;
  readonly options?: Partial<TrainerOptions>;
}
const bias = sgd({ tau: 0.1 });
const CASES: Record<string, Case> = {
  "linear layers": { model: FLAT, optimizers: { weight: sparse, bias }, density: 0.1 },
  "linear layers, dual sampled": {
    model: FLAT,
    optimizers: { weight: sparse, bias },
    density: 0.1,
    options: { sampleDual: 2 },
  },
  "a residual net, dense": { model: RESIDUAL_NET, optimizers: { weight: bias, bias } },
  "a residual net by kernels, gradients clipped": {
    model: RESIDUAL_NET,
    optimizers: { weight: sparse, conv: kernels, bias },
    density: 0.15,
    options: { clip: { norm: 0.1 } },
  },
  "a residual net by weights, in parts": {
    model: RESIDUAL_NET,
    optimizers: { weight: sparse, bias },
    density: 0.1,
    options: { microBatches: 3 },
  },
  "augmented bytes": {
    model: RESIDUAL_NET,
    optimizers: { weight: sparse, conv: kernels, bias },
    density: 0.15,
    bytes: true,
    options: { augment: true },
  },
};

function trainerFor(
  pool: Pool,
  { model, optimizers, density, bytes, options }: Case,
  more: Partial<TrainerOptions> = {},
) {
  const { inputs, labels, parameters } = randomProblem(model, COUNT, { density });
  const given = bytes ? Uint8Array.from(inputs, (x) => 128 + 40 * x) : inputs;
  const samples = storeSamples(pool.memory, [{ inputs: given, labels }], {
    features: size(model.input),
    ...unchanged(model.input),
  });
  const shared = { pool, model, samples, loss: "crossEntropy", initial: parameters } as const;
  return createTrainer({ ...shared, batchSize: BATCH, optimizers, ...options, ...more });
}

function stepsOf(trainer: Trainer, steps: number, between?: () => void) {
  const random = stream(5, "batches");
  return Array.from({ length: steps }, (_, k) => {
    between?.();
    if (k === 4 && trainer.updaters.some(({ freezes }) => freezes)) trainer.freeze(2);
    const indices = Int32Array.from({ length: k === steps - 1 ? 7 : BATCH }, () =>
      random.integer(COUNT),
    );
    return trainer.step(
      indices,
      1,
      Int32Array.from({ length: 3 * BATCH }, (_, i) => (i % 3 === 2 ? i % 2 : (i % 5) - 2)),
    );
  });
}

const bits = ({ buffer, byteOffset, length }: Float32Array) => [
  ...new Int32Array(buffer, byteOffset, length),
];
const everything = (trainer: Trainer) =>
  [...trainer.state().tensors].map(([name, { data }]) => [name, bits(data as Float32Array)]);

describe.each(["native", "wasm"] as const)("%s", (backend) => {
  let pool: Pool;
  beforeAll(async () => void (pool = await createPool({ backend, threads: 1 })));
  afterAll(() => pool.close());

  test.each(Object.entries(CASES))(
    "%s: steps have the bits they have without evaluations between them",
    (_case, net) => {
      const mark = pool.memory.mark();
      const [plain, evaluated] = [trainerFor(pool, net), trainerFor(pool, net)];
      const losses = stepsOf(plain, 9);
      const between = () => {
        evaluated.evaluate(ALL);
        evaluated.predict(ALL.subarray(0, 11));
      };
      expect(stepsOf(evaluated, 9, between)).toEqual(losses);
      expect(everything(evaluated)).toEqual(everything(plain));
      pool.memory.release(mark);
    },
  );

  test.each(Object.entries(CASES))(
    "%s: evaluations have the bits of a trainer that has never stepped",
    (_case, net) => {
      const mark = pool.memory.mark();
      const trainer = trainerFor(pool, net);
      stepsOf(trainer, 5);
      const outputs = trainer.predict(ALL);
      const found = trainer.evaluate(ALL);
      // With batches of another size, and as many tiles.
      const fresh = trainerFor(pool, net, { batchSize: 20 });
      fresh.restore(trainer.state());
      stepsOf(trainer, 1);
      expect(bits(outputs)).toEqual(bits(fresh.predict(ALL)));
      expect(found).toEqual(fresh.evaluate(ALL));
      pool.memory.release(mark);
    },
  );

  test("an evaluation in turns is the same, and takes one after each batch", async () => {
    const mark = pool.memory.mark();
    const trainer = trainerFor(pool, CASES["linear layers"]);
    let turns = 0;
    const found = await trainer.evaluateInTurns(ALL, async () => void turns++);
    expect(found).toEqual(trainer.evaluate(ALL));
    expect(turns).toBe(Math.ceil(COUNT / (trainer.plan.tiles * TILE)));
    pool.memory.release(mark);
  });
});
