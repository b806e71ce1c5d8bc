/**
 * Batch norm's statistics taken anew before evaluations: those of the weights as they are, and
 * without a trace in the training.
 */
import { fromArrays } from "#bregman/data/dataset.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { reestimateBatchNorm } from "#bregman/train/batch-norm-statistics.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { expect, test } from "vitest";
import { relativeError } from "../support/problem.js";
import { noisyImages } from "../support/noisy-images.js";

const random = stream(9, "fresh statistics");
const part = (count: number) => noisyImages(random, count, { classes: 3, period: 8, signal: 2 });
const data = fromArrays({ shape: [2, 4, 4], train: part(120), test: part(60) });
const model = sequential(
  [2, 4, 4],
  [
    conv2d(8, { kernel: 3, padding: 1, bias: false }),
    batchNorm2d({ momentum: 0.3 }),
    relu(),
    conv2d(6, { kernel: 3, bias: false }),
    batchNorm2d({ momentum: 0.02 }),
    relu(),
    flatten(),
    linear(3),
  ],
);
const options: FitOptions = {
  optimizer: {
    weights: linBreg({ tau: 0.3, regularizer: l1(0.02) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.2 } },
  epochs: 3,
  batchSize: 32,
  validation: 20,
  seed: 1,
  threads: 1,
};

/** Losses and weights, which are of the training alone. */
const trained = ({ epochs, parameters }: Awaited<ReturnType<typeof fit>>) => ({
  losses: epochs.map(({ trainLoss }) => trainLoss),
  weights: [...parameters].map(([name, { data: values }]) => [name, [...values]]),
});

test.each(["auto", "wasm"] as const)(
  "%s: they are those of the final weights, and training has the bits of one without",
  async (backend) => {
    const plain = await fit(model, data, { ...options, backend });
    const fresh = await fit(model, data, { ...options, backend, freshStatistics: 3 });
    expect(trained(fresh)).toEqual(trained(plain));

    const settings = { validation: 20, backend, threads: 1 };
    const expected = await reestimateBatchNorm({ model, ...plain }, data, {
      ...settings,
      batchSize: 32,
      batches: 3,
    });
    for (const [name, { data: values }] of fresh.buffers) {
      expect(relativeError(values, expected.buffers.get(name)!.data), name).toBeLessThan(1e-5);
      expect(relativeError(plain.buffers.get(name)!.data, values), name).toBeGreaterThan(0.01);
    }
    // What was tested is what is returned.
    const [again] = await evaluate([{ model, ...fresh }], data, settings);
    expect(fresh.final.testLoss).toBeCloseTo(again.testLoss!, 5);
    expect(fresh.final.testLoss).not.toBeCloseTo(plain.final.testLoss!, 3);
  },
);

test("with a limit they are of the samples in use, there and where they are estimated anew", async () => {
  const use = { limit: 64, validation: 20 };
  const limited = await fit(model, data, { ...options, ...use, freshStatistics: 2 });
  const estimate = (limit: number | undefined) =>
    reestimateBatchNorm({ model, ...limited }, data, { ...use, limit, batchSize: 32, batches: 9 });
  const [expected, ofAll] = [await estimate(use.limit), await estimate(undefined)];
  for (const [name, { data: values }] of limited.buffers) {
    expect(relativeError(values, expected.buffers.get(name)!.data), name).toBeLessThan(1e-5);
    expect(relativeError(values, ofAll.buffers.get(name)!.data), name).toBeGreaterThan(1e-3);
  }
});

test("in parts of a batch, of more batches than there are, and beside an average of the weights", async () => {
  const parts = await fit(model, data, { ...options, microBatches: 2, freshStatistics: 100 });
  const expected = await reestimateBatchNorm({ model, ...parts }, data, {
    batchSize: 16,
    batches: 6,
    validation: 20,
  });
  for (const [name, { data: values }] of parts.buffers) {
    expect(relativeError(values, expected.buffers.get(name)!.data), name).toBeLessThan(1e-5);
  }
  const average = { decay: 0.8 };
  const averaged = await fit(model, data, { ...options, average, freshStatistics: 3 });
  const own = await reestimateBatchNorm({ model, ...averaged }, data, {
    batchSize: 32,
    batches: 3,
    validation: 20,
  });
  for (const [name, { data: values }] of averaged.buffers) {
    expect(relativeError(values, own.buffers.get(name)!.data), name).toBeLessThan(1e-5);
  }
});

test("nothing is dropped while they are taken", async () => {
  const dropping = sequential(
    [2, 4, 4],
    [
      conv2d(8, { kernel: 3, padding: 1 }),
      batchNorm2d(),
      relu(),
      dropout({ p: 0.5 }),
      conv2d(6, { kernel: 3 }),
      batchNorm2d(),
      relu(),
      flatten(),
      linear(3),
    ],
  );
  const plain = await fit(dropping, data, options);
  const fresh = await fit(dropping, data, { ...options, freshStatistics: 3 });
  expect(trained(fresh)).toEqual(trained(plain));
  const settings = { batchSize: 32, batches: 3, validation: 20 };
  const expected = await reestimateBatchNorm({ model: dropping, ...fresh }, data, settings);
  for (const [name, { data: values }] of fresh.buffers) {
    expect(relativeError(values, expected.buffers.get(name)!.data), name).toBeLessThan(1e-5);
  }
});

test("a number that can't be", async () => {
  await expect(fit(model, data, { ...options, freshStatistics: 0 })).rejects.toThrow(
    "fit: freshStatistics must be a positive integer, found 0",
  );
});
