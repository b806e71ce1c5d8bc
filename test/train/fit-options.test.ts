/**
 * What `fit` refuses before it begins, also from JavaScript, where no type has checked the options.
 */
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { plateau, sgd } from "#bregman/optim/index.js";
import { fit } from "#bregman/runs/fit.js";
import { checkOptions } from "#bregman/train/check-options.js";
import type { FitOptions } from "#bregman/train/fit-options.js";

const data = fromArrays({
  shape: [2],
  train: { inputs: Float32Array.of(0, 1, 1, 0), labels: Uint8Array.of(0, 1) },
});
const good = { optimizer: { weights: sgd(), biases: sgd() }, epochs: 1 };
const check = (changes: object, on = data) =>
  checkOptions(mlp([2, 2]), on, { ...good, ...changes } as FitOptions);

const byTable = (factorOf: (epoch: number) => number) => ({
  kind: "mine",
  init: () => ({ factor: factorOf(0) }),
  next: (_: unknown, { epoch }: { epoch: number }) => ({ factor: factorOf(epoch + 1) }),
});

describe("fit's options", () => {
  test("good ones pass; groups that have a default may be undefined", () => {
    expect(() => check({})).not.toThrow();
    expect(() =>
      check({ optimizer: { ...good.optimizer, convs: undefined, norms: sgd() } }),
    ).not.toThrow();
  });

  test.each([
    [
      undefined,
      "fit: optimizer.weights must be an optimizer such as linBreg({ tau: 0.1 }), found undefined",
    ],
    [
      { weights: sgd() },
      "fit: optimizer.biases must be an optimizer such as linBreg({ tau: 0.1 }), found undefined",
    ],
    [
      { ...good.optimizer, weights: sgd },
      "fit: optimizer.weights must be an optimizer such as linBreg({ tau: 0.1 }), found function",
    ],
    [
      { ...good.optimizer, conv: sgd() },
      'fit: optimizer: unknown option "conv" (did you mean "convs"?); options: weights, biases, convs, norms, skips',
    ],
  ])("optimizers %j", (optimizer, message) => {
    expect(() => check({ optimizer })).toThrow(new InputError(message));
  });

  test.each([
    [
      { loss: "mse" },
      "fit: loss must be one of crossEntropy, meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, found mse",
    ],
    [{ epochs: undefined }, "fit: epochs must be a positive integer, found undefined"],
    [{ batchSize: 0.5 }, "fit: batchSize must be a positive integer, found 0.5"],
    [{ microBatches: 0 }, "fit: microBatches must be a positive integer, found 0"],
    [{ batchSize: 4, microBatches: 5 }, "fit: microBatches must be at most batchSize (4), found 5"],
    [{ average: { decay: 1 } }, "average: decay must be in (0, 1), found 1"],
    [{ clip: {} }, "clip: expected either norm or value, found neither"],
    [{ labelSmoothing: 1 }, "fit: labelSmoothing must be at least 0 and less than 1, found 1"],
    [
      { validation: 2 },
      "fit: could not hold out 2 of 2 samples for validation: expected less than all of them",
    ],
    [
      { validation: 0.9 },
      "fit: could not hold out 0.9 of 2 samples for validation: expected less than all of them",
    ],
    [{ validation: 0.1 }, "fit: could not hold out 0.1 of 2 samples for validation: that is none"],
    [
      { validation: 1.5 },
      "fit: validation must be a whole number of samples, or a share between 0 and 1, found 1.5",
    ],
    [
      { validation: -0.2 },
      "fit: validation must be a whole number of samples, or a share between 0 and 1, found -0.2",
    ],
  ])("%j", (changes, message) => {
    expect(() => check(changes)).toThrow(new InputError(message));
  });

  test("label smoothing is for labels", () => {
    expect(() => check({ labelSmoothing: 0.1 })).not.toThrow();
    expect(() => check({ labelSmoothing: 0.1, loss: "meanSquaredError" })).toThrow(
      new InputError("fit: labelSmoothing is for crossEntropy, found meanSquaredError"),
    );
  });

  test("a data set without samples", () => {
    const empty = fromArrays({
      shape: [2],
      train: { inputs: new Uint8Array(0), labels: new Uint8Array(0) },
      classes: 2,
    });
    expect(() => check({}, empty)).toThrow(new InputError('fit: "arrays" has no training samples'));
  });
});

test("bytes of another number of channels than the model's are refused", () => {
  const flat = fromArrays({
    shape: [48],
    train: { inputs: new Uint8Array(96), labels: Uint8Array.of(0, 1) },
  });
  const model = sequential([3, 4, 4], [conv2d(2, { kernel: 3 }), flatten(), linear(2)]);
  const options = { optimizer: { weights: sgd(), biases: sgd() }, epochs: 1 };
  expect(() => checkOptions(model, flat, options)).toThrow(
    new InputError(
      'fit: the model takes images of [3, 4, 4], a sample of "arrays" has [1, 1, 48]: state the shape of its samples',
    ),
  );
});

describe("a model that does not fit the data", () => {
  const layers = [conv2d(2, { kernel: 3 }), flatten(), linear(2)];
  const samples = (
    shape: readonly number[],
    inputs: Float32Array | Uint8Array = new Float32Array(144),
  ) => fromArrays({ shape, train: { inputs, labels: Uint8Array.of(0, 1) } });
  const options = { optimizer: { weights: sgd(), biases: sgd() }, epochs: 1 };
  const model = sequential([3, 6, 4], layers);

  test("images of another shape are refused, flat samples of floats are not", () => {
    expect(() => checkOptions(model, samples([3, 4, 6]), options)).toThrow(
      'fit: the model takes images of [3, 6, 4], a sample of "arrays" has [3, 4, 6]: state the shape of its samples',
    );
    expect(() => checkOptions(model, samples([3, 6, 4]), options)).not.toThrow();
    expect(() => checkOptions(model, samples([72]), options)).not.toThrow();
    expect(() =>
      checkOptions(sequential([72], [linear(2)]), samples([3, 6, 4]), options),
    ).not.toThrow();
  });

  test("a model without weights", () => {
    expect(() => checkOptions(sequential([2], [relu()]), data, options)).toThrow(
      "fit: expected a model with a linear layer or a convolution, found one without weights",
    );
  });
});

test("a schedule that watches the validation accuracy needs one", () => {
  const schedule = plateau({ metric: "validAccuracy" });
  expect(() => check({ schedule, validation: 1 })).not.toThrow();
  expect(() => check({ schedule })).toThrow(
    'fit: the schedule "plateau" watches the validation accuracy: expected validation samples and the loss crossEntropy, found 0 validation samples and the loss crossEntropy',
  );
});

test("a schedule may end with the last epoch", async () => {
  const table = [1, 0.5];
  const schedule = byTable((epoch) => table[epoch]);
  const { epochs } = await fit(mlp([2, 2]), data, { ...good, epochs: 2, schedule, threads: 1 });
  expect(epochs.map(({ tau }) => tau)).toEqual([0.1, 0.1, 0.05]);
  const short = byTable((epoch) => [1][epoch]);
  await expect(
    fit(mlp([2, 2]), data, { ...good, epochs: 2, schedule: short, threads: 1 }),
  ).rejects.toThrow('the schedule "mine" has a factor of undefined for epoch 2');
});

test("a schedule whose factor can't be stops the run before it has done harm", async () => {
  const schedule = {
    kind: "mine",
    init: () => ({ factor: 1 }),
    next: () => ({ factor: Number.NaN }),
  };
  await expect(
    fit(mlp([2, 2]), data, { ...good, epochs: 3, schedule, threads: 1 }),
  ).rejects.toThrow(
    'the schedule "mine" has a factor of NaN for epoch 2: it must be a finite number of at least 0',
  );
});
