/** Runs with planes of bf16: the same bits however they are computed, in less memory; options. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import type { Trainer, TrainerOptions } from "#bregman/engine/trainer.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { none } from "#bregman/regularizers/none.js";
import { decodeCheckpoint, encodeCheckpoint } from "#bregman/runs/checkpoint-file.js";
import { fit } from "#bregman/runs/fit.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { firstGradients } from "../support/first-gradients.js";
import { noisyImages, noisyNet, NOISY_SHAPE } from "../support/noisy-images.js";
import { normError } from "../support/norms.js";
import { randomProblem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { RESIDUAL_NET } from "../support/residual-net.js";
import { signalAt } from "../support/signal-at.js";

const { problem: notBuilt } = nativeVariants();
if (notBuilt) console.log(`native is not tested: ${notBuilt}`);
const onThreads = (threads: number) => createPool({ backend: "native", threads });
const pools = notBuilt ? [] : await Promise.all([1, 2, 3].map(onThreads));
const hasNative = pools.length > 0;

const BATCH = 40;
const COUNT = 90;
const TAU = 0.1;
const bias = linBreg({ tau: TAU });
const entries = linBreg({ tau: TAU, regularizer: l1(0.02) });
const kernels = linBreg({ tau: TAU, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) });

/** Dropout, pooling, a convolution's bias, odd sides, and one input of 5 channels. */
const CHAIN = sequential(
  [5, 9, 8],
  [
    conv2d(17, { kernel: 3, padding: 1 }),
    batchNorm2d(),
    relu(),
    dropout({ p: 0.2 }),
    conv2d(6, { kernel: 5, stride: 2, padding: 2 }),
    maxPool2d(2),
    relu(),
    conv2d(7, { kernel: 1, stride: 2 }),
    batchNorm2d(),
    relu(),
    flatten(),
    linear(5),
  ],
);

/** The second convolution has inputs and outputs enough to be sampled. */
const WIDE = sequential(
  [3, 6, 7],
  [
    conv2d(40, { kernel: 3, padding: 1, bias: false }),
    batchNorm2d(),
    relu(),
    conv2d(33, { kernel: 3, padding: 1, bias: false }),
    relu(),
    flatten(),
    linear(4),
  ],
);
const SAMPLED = "conv2d2.weight";

const CASES: Record<string, readonly [Model, TrainerOptions["optimizers"], number?]> = {
  "a residual net, dense": [RESIDUAL_NET, { weight: bias, bias }, 1],
  "a residual net by kernels": [RESIDUAL_NET, { weight: entries, conv: kernels, bias }],
  "a residual net by weights": [RESIDUAL_NET, { weight: entries, bias }],
  "a chain": [CHAIN, { weight: entries, conv: kernels, bias }],
};

function trainerFor(
  pool: Pool,
  [model, optimizers, density = 0.2]: (typeof CASES)[string],
  options: Partial<TrainerOptions> = {},
) {
  const problem = randomProblem(model, COUNT, { density });
  const settings = { batchSize: BATCH, optimizers, precision: "bf16", ...options } as const;
  return problemTrainer(pool, problem, settings);
}

/** Exact, fine and frozen steps, the last batch smaller, with evaluations between them. */
function run(trainer: Trainer, from = 0, to = 9) {
  const random = stream(5 + from, "batches");
  return Array.from({ length: to - from }, (_, step) => {
    const k = from + step;
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

describe.runIf(hasNative).each(Object.entries(CASES))("%s", (_name, net) => {
  const [pool] = pools;

  test("the bits are those of 2 and 3 threads", () => {
    const [one, ...others] = pools.map((one) => {
      const mark = one.memory.mark();
      const trainer = trainerFor(one, net);
      const found = [run(trainer), everything(trainer)];
      one.memory.release(mark);
      return found;
    });
    for (const other of others) expect(other).toEqual(one);
  });

  test("values that are computed again have the bits of those kept", () => {
    const mark = pool.memory.mark();
    const [kept, again] = [false, true].map((recompute) => trainerFor(pool, net, { recompute }));
    expect(run(again)).toEqual(run(kept));
    expect(everything(again)).toEqual(everything(kept));
    expect(again.plan.bytes).toBeLessThan(kept.plan.bytes);
    pool.memory.release(mark);
  });

  test("another trainer that goes on from a state has the same bits", () => {
    const mark = pool.memory.mark();
    const [first, second] = [0, 1].map(() => trainerFor(pool, net));
    run(first, 0, 6);
    second.restore(first.state());
    expect(run(second, 6)).toEqual(run(first, 6));
    expect(everything(second)).toEqual(everything(first));
    pool.memory.release(mark);
  });

  test("it takes less memory than float32, and comes near to it", () => {
    const mark = pool.memory.mark();
    const [exact, found] = (["float32", "bf16"] as const).map((precision) =>
      trainerFor(pool, net, { precision }),
    );
    expect(found.plan.bytes).toBeLessThan(0.8 * exact.plan.bytes);
    const indices = Int32Array.from({ length: BATCH }, (_, k) => 2 * k);
    const [losses, others] = [exact, found].map((trainer) => [
      trainer.evaluate(indices).loss,
      trainer.step(indices).loss,
    ]);
    losses.forEach((loss, k) => expect(Math.abs(others[k] - loss)).toBeLessThan(0.02 * loss));
    expect(others).not.toEqual(losses);
    pool.memory.release(mark);
  });

  test.runIf(net[1].weight === entries)("a frozen step moves the pattern alone", () => {
    const mark = pool.memory.mark();
    const indices = Int32Array.from({ length: BATCH }, (_, k) => 2 * k);
    const [frozen, fine] = [2, 0].map((coarse) => {
      const trainer = trainerFor(pool, net);
      if (coarse > 0) trainer.freeze(coarse, "kept");
      trainer.step(indices);
      const before = trainer.updaters.map(({ parameter }) => trainer.theta(parameter.name));
      const v = trainer.updaters.map(({ state }) => state.v.slice());
      expect(trainer.next).toBe(coarse > 0 ? "frozen" : "exact");
      trainer.step(indices);
      return { trainer, before, v };
    });
    frozen.trainer.updaters.forEach(({ parameter: { name }, state, freezes }, k) => {
      if (!freezes) return;
      const isThere = (i: number) => frozen.before[k][i] !== 0;
      expect(state.v.filter((_, i) => !isThere(i))).toEqual(
        frozen.v[k].filter((_, i) => !isThere(i)),
      );
      // What moves it is the gradient that a fine step sees.
      const moves = ({ v, trainer }: typeof fine) =>
        trainer.updaters[k].state.v.map((value, i) => value - v[k][i]).filter((_, i) => isThere(i));
      const [found, expected] = [frozen, fine].map(moves);
      expect(normError(new Map([[name, found]]), new Map([[name, expected]]))).toBeLessThan(0.01);
    });
    pool.memory.release(mark);
  });
});

describe.runIf(hasNative)("the sampled dual", () => {
  const [pool] = pools;
  const problem = randomProblem(WIDE, 120, { density: 0.12 });
  const theta = problem.parameters.get(SAMPLED)!;
  const indices = Int32Array.from({ length: 60 }, (_, k) => (7 * k) % 120);
  const gradients = (regularizer: ReturnType<typeof l1>, sampleDual?: number, seed = 0) =>
    firstGradients(
      pool,
      () =>
        problemTrainer(pool, problem, {
          batchSize: 60,
          optimizers: { weight: bias, bias, conv: linBreg({ tau: TAU, regularizer }) },
          precision: "bf16",
          sampleDual,
          seed,
        }),
      indices,
      TAU,
    ).get(SAMPLED)!;
  const squared = (x: Float64Array, y: Float64Array) =>
    x.reduce((sum, value, k) => sum + (value - y[k]) ** 2, 0);

  test.each([l1(0.1), groupLasso({ lambda: 0.1, groups: "kernels" })])(
    "leaves the non-zeros as they are, and estimates the others without bias ($kind)",
    (regularizer) => {
      const all = gradients(regularizer);
      const mean = new Float64Array(all.length);
      const draws = 40;
      let variance = 0;
      for (let seed = 0; seed < draws; seed++) {
        const found = gradients(regularizer, 2, seed);
        const ofNonZeros = (x: Float64Array) => x.filter((_, k) => theta[k] !== 0);
        expect(squared(ofNonZeros(found), ofNonZeros(all))).toBeLessThan(
          1e-8 * squared(all, new Float64Array(all.length)),
        );
        found.forEach((value, k) => (mean[k] += value / draws));
        variance += squared(all, found) / draws;
      }
      expect(variance).toBeGreaterThan(1e-6);
      expect(squared(all, mean) * draws).toBeLessThan(1.8 * variance);
    },
  );
});

const LEARNABLE = { classes: 3, period: 8, signal: 2 };
const random = stream(3, "data");
const data = fromArrays({
  shape: [...NOISY_SHAPE],
  train: noisyImages(random, 240, LEARNABLE),
  test: noisyImages(random, 90, LEARNABLE),
});
const base: FitOptions = {
  optimizer: { weights: entries, convs: kernels, biases: bias },
  init: { weights: { density: 0.3 }, convs: { density: 0.5, mask: "kernel" } },
  epochs: 4,
  batchSize: 32,
  validation: 30,
  threads: 1,
  precision: "bf16",
};
const fitted = (options: Partial<FitOptions> = {}) =>
  fit(noisyNet(3), data, { ...base, ...options });
const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-precision-"));

describe.runIf(hasNative)("a run", () => {
  test("learns, with everything else that a run may have (chance: 33 %)", async () => {
    const { final } = await fitted({
      targetDensity: 0.4,
      classWeights: "balanced",
      average: { decay: 0.8 },
      freshStatistics: 3,
      keep: "best",
      clip: { norm: 5 },
      microBatches: 2,
      labelSmoothing: 0.05,
      epochs: 6,
    });

    expect(final.testAccuracy).toBeGreaterThan(0.7);
  });

  test("that was stopped goes on from its checkpoint with the same bits", async () => {
    const whole = await fitted();
    const folder = newFolder();
    await fitted({ signal: signalAt(20), checkpoint: { folder } });
    const { parameters, final } = await fitted({ checkpoint: { folder, resume: true } });
    expect(parameters).toEqual(whole.parameters);
    expect(final).toMatchObject({ testLoss: whole.final.testLoss });
  });

  test("says what multiplies bf16, which its bits depend on", async () => {
    const [{ isa, halfIsa }] = pools;
    expect([isa, `${isa}+bf16`, `${isa}+amx`]).toContain(halfIsa);
    const told: string[] = [];
    const onEvent: FitOptions["onEvent"] = (event) =>
      event.type === "start" && void told.push(event.isa);
    for (const precision of ["float32", "bf16"] as const) {
      await fitted({ precision, epochs: 1, onEvent });
    }
    expect(told).toEqual([isa, halfIsa]);
  });

  test("is not gone on with in float32; one from before there was a choice is", async () => {
    const folder = newFolder();
    await fitted({ signal: signalAt(20), checkpoint: { folder } });
    const other = { precision: "float32", checkpoint: { folder, resume: true } } as const;
    await expect(fitted(other)).rejects.toThrow(UnusableFileError);
    await expect(fitted(other)).rejects.toThrow(/what differs: precision$/);
    for (const name of readdirSync(folder).filter((file) => file.startsWith("checkpoint-"))) {
      const { identity, ...checkpoint } = decodeCheckpoint(readFileSync(join(folder, name)));
      const { precision: _, ...earlier } = identity;
      writeFileSync(join(folder, name), encodeCheckpoint({ ...checkpoint, identity: earlier }));
    }
    await expect(fitted({ ...other, precision: "bf16" })).rejects.toThrow(
      /what differs: precision$/,
    );
    await expect(fitted(other)).resolves.toMatchObject({ epochs: { length: 5 } });
  });

  test("starts from a network, and leaves layers that don't train alone", async () => {
    const first = await fitted();
    const still = (train: boolean) =>
      sequential(NOISY_SHAPE, [
        conv2d(6, { kernel: 3, padding: 1, train }),
        batchNorm2d({ train }),
        relu(),
        flatten(),
        linear(30),
        relu(),
        linear(3),
      ]);
    const { parameters } = await fit(still(false), data, {
      ...base,
      optimizer: {
        weights: entries,
        convs: linBreg({ tau: TAU, regularizer: none() }),
        biases: bias,
      },
      init: {},
      start: { network: first },
    });
    for (const name of ["conv2d1.weight", "conv2d1.bias", "batchNorm2d1.weight"])
      expect(parameters.get(name), name).toEqual(first.parameters.get(name));
    expect(parameters.get("linear1.weight")).not.toEqual(first.parameters.get("linear1.weight"));
  });
});

test("wasm is refused, and what is no precision", async () => {
  await expect(fitted({ backend: "wasm" })).rejects.toThrow(
    new InputError('precision "bf16" takes the native backend, this one is "wasm": use "float32"'),
  );
  for (const precision of ["float16", "", 16, null])
    await expect(fitted({ precision: precision as never })).rejects.toThrow(
      new InputError(`fit: precision must be one of float32, bf16, found ${precision}`),
    );
});
