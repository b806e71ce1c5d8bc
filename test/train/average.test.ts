/**
 * The average of the weights: against float64, restricted to the pattern, and without a trace in
 * the training.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { proxSgd } from "#bregman/optim/prox-sgd.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { checkAverage } from "#bregman/train/average.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";
import { predict } from "#bregman/predict/predict.js";
import { noisyImages } from "../support/noisy-images.js";
import { signalAt } from "../support/signal-at.js";

const STEPS = 20;
const random = stream(5, "average");
const part = (count: number) => noisyImages(random, count, { classes: 4, period: 8, signal: 2 });
const data = fromArrays({ shape: [2, 4, 4], train: part(48), test: part(40) });
const model = sequential(
  [2, 4, 4],
  [
    conv2d(8, { kernel: 3, padding: 1 }),
    batchNorm2d(),
    relu(),
    flatten(),
    linear(20),
    relu(),
    linear(4),
  ],
);

/** A step an epoch, so that `observe` sees the weights after each. */
const base: FitOptions = {
  optimizer: {
    weights: linBreg({ tau: 0.2, regularizer: l1(0.02) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.1 } },
  epochs: STEPS,
  batchSize: 48,
  normalize: false,
  threads: 1,
  seed: 2,
};
const groups = linBreg({ tau: 0.2, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) });
const settings: [string, FitOptions][] = [
  ["l1", base],
  [
    "kernel groups, frozen steps",
    { ...base, freeze: 2, optimizer: { ...base.optimizer, convs: groups } },
  ],
  [
    "proxSgd, where weights die",
    {
      ...base,
      optimizer: { ...base.optimizer, weights: proxSgd({ tau: 0.2, regularizer: l1(0.02) }) },
    },
  ],
  ["wasm", { ...base, backend: "wasm" }],
];

type Values = Map<string, Float32Array>;

/** Parameters and buffers after each step in training, from 1. */
async function run(options: FitOptions): Promise<{ result: FitResult; seen: Values[] }> {
  const seen: Values[] = [];
  const result = await fit(model, data, {
    ...options,
    observe(_, trainer) {
      const parameters = trainer.updaters.map(
        ({ parameter: { name } }) => [name, trainer.theta(name)] as const,
      );
      const buffers = [...trainer.buffers()].map(
        ([name, { data: values }]) => [name, values] as const,
      );
      seen.push(new Map([...parameters, ...buffers]));
    },
  });
  return { result, seen };
}

/** By the definition, in float64. */
function average(seen: readonly Values[], name: string, every: number, d: number): number[] {
  const looks = seen
    .filter((_, step) => step > 0 && step % every === 0)
    .map((values) => values.get(name)!);
  const shares = looks.map((_, s) => d ** (looks.length - 1 - s));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return Array.from(looks[0], (_, k) =>
    looks.reduce((sum, values, s) => sum + (shares[s] / total) * values[k], 0),
  );
}

/** As text: equal bits, told apart quickly. */
const bits = (seen: readonly Values[]) =>
  seen.map((values) =>
    [...values]
      .map(([name, { buffer }]) => `${name} ${Buffer.from(buffer).toString("base64")}`)
      .join(),
  );

const saved = ({ parameters, buffers }: FitResult) => new Map([...parameters, ...buffers]);

describe.each(settings)("%s", (_, options) => {
  test.each([
    ["every step", 0.8, 1],
    ["every fifth", 0.998, 5],
  ])(
    "the result is the average over %s where theta is, and zero elsewhere",
    async (_, decay, every) => {
      const { result, seen } = await run({ ...options, average: { decay } });
      let [forgotten, error] = [0, 0];
      const strays: number[] = [];
      for (const [name, { data: values }] of saved(result)) {
        const theta = result.parameters.has(name) ? seen.at(-1)!.get(name) : undefined;
        const expected = average(seen, name, every, decay ** every);
        values.forEach((value, k) => {
          if (theta?.[k] === 0) {
            if (value !== 0) strays.push(value);
            if (expected[k] !== 0) forgotten++;
          } else {
            error = Math.max(
              error,
              Math.abs(value - expected[k]) / Math.max(1, Math.abs(expected[k])),
            );
          }
        });
      }
      expect(strays).toEqual([]);
      expect(error).toBeLessThan(2e-6);
      if (options.optimizer.weights.kind === "proxSgd") expect(forgotten).toBeGreaterThan(0);
      expect(result.epochs.at(-1)!.layers.map(({ kernel }) => kernel)).toContain("sparse");
    },
  );

  test("training has the bits of one without; density and figures are those of the average", async () => {
    const [plain, averaged] = [
      await run(options),
      await run({ ...options, average: { decay: 0.9 } }),
    ];
    expect(bits(averaged.seen)).toEqual(bits(plain.seen));
    const trained = ({ epochs }: FitResult) =>
      epochs.map(({ trainLoss, layers, regularizer }) => ({ trainLoss, layers, regularizer }));
    expect(trained(averaged.result)).toEqual(trained(plain.result));
    const { result } = averaged;
    expect(result.final.testLoss).not.toBe(plain.result.final.testLoss);
    const weights = [...result.parameters]
      .filter(([, { shape }]) => shape.length > 1)
      .flatMap(([, { data: values }]) => [...values]);
    expect(result.final.density).toBe(weights.filter((w) => w !== 0).length / weights.length);
    // The network that is returned is the one that was tested.
    const outputs = await predict({ model, ...result }, data.test.inputs, {
      backend: options.backend ?? "auto",
      threads: 1,
    });
    const right = Array.from(data.test.labels, (label, k) => {
      const row = outputs.subarray(4 * k, 4 * k + 4);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(result.final.testAccuracy).toBe(right.filter(Boolean).length / right.length);
    const loss = Array.from(data.test.labels, (label, k) => {
      const row = outputs.subarray(4 * k, 4 * k + 4);
      return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label];
    });
    expect(result.final.testLoss).toBeCloseTo(
      loss.reduce((sum, one) => sum + one, 0) / loss.length,
      4,
    );
  });
});

test("a run that is stopped and resumed has the bits of one that is not, with validation in between", async () => {
  const options = {
    ...base,
    epochs: 6,
    batchSize: 8,
    validation: 8,
    freeze: 1,
    average: { decay: 0.95 },
  };
  const { result: whole } = await run(options);
  const signal = signalAt(18);
  const checkpoint = { folder: mkdtempSync(join(tmpdir(), "bregman-average-")), resume: true };
  const stopped = await fit(model, data, { ...options, signal, checkpoint });
  expect(stopped.interrupted).toBe(true);
  const resumed = await fit(model, data, { ...options, checkpoint });
  expect(saved(resumed)).toEqual(saved(whole));
  const timeless = ({ epochs }: FitResult) => epochs.map((line) => ({ ...line, seconds: 0 }));
  expect(timeless(resumed)).toEqual(timeless(whole));
  await expect(
    fit(model, data, { ...options, average: { decay: 0.9 }, checkpoint }),
  ).rejects.toThrow(/what differs: average\.decay \(0\.95, now 0\.9\)$/);
});

test.each([0, 1, -0.5, 1.5, NaN])("a decay of %s is refused", (decay) => {
  expect(() => checkAverage({ decay })).toThrow(
    new InputError(`average: decay must be in (0, 1), found ${decay}`),
  );
});
