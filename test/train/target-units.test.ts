/**
 * Regression: targets are normalised in training and given back in their units, by whoever computes
 * the network; errors are told in units, and R^2 without.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { fromArrays, type Dataset } from "#bregman/data/dataset.js";
import { loadData } from "#bregman/data/load.js";
import { InputError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { decodeOnnx } from "#bregman/export/onnx/decode-onnx.js";
import { encodeOnnx } from "#bregman/export/onnx/onnx.js";
import { prune } from "#bregman/export/prune.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import { predict } from "#bregman/predict/predict.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { fit } from "#bregman/runs/fit.js";
import { evaluate } from "#bregman/train/evaluate.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";

const TABLE = "test/fixtures/data/tables/diabetes.csv";
const FEATURES = 6;
/** Two targets, of very different units. */
const random = stream(21, "units");
const part = (count: number) => {
  const inputs = Float32Array.from({ length: count * FEATURES }, () => random.normal());
  const targets = new Float32Array(count * 2);
  for (let k = 0; k < count; k++) {
    const x = inputs.subarray(k * FEATURES, (k + 1) * FEATURES);
    targets[2 * k] = 5e5 + 2e4 * (x[0] + Math.max(0, x[1]) + 0.1 * random.normal());
    targets[2 * k + 1] = 0.02 + 1e-3 * (x[2] * x[3] + 0.1 * random.normal());
  }
  return { inputs, targets };
};
const [train, held] = [part(300), part(120)];
const names = ["price", "share"];
const data = fromArrays({
  shape: [FEATURES],
  train,
  test: held,
  targetNames: names,
  normalizeTargets: true,
});
const model = mlp([FEATURES, 24, 2]);
const options: FitOptions = {
  optimizer: {
    weights: adaBreg({ tau: 0.01, regularizer: l1(0.005) }),
    biases: adaBreg({ tau: 0.01 }),
  },
  epochs: 30,
  batchSize: 30,
  validation: 60,
  threads: 1,
};

/** Mean absolute error and R^2 of a target by their definitions. */
function judged(outputs: Float32Array, targets: Float32Array, j: number) {
  const [y, t] = [outputs, targets].map((all) => [...all].filter((_, k) => k % 2 === j));
  const mean = t.reduce((sum, x) => sum + x, 0) / t.length;
  const sum = (f: (k: number) => number) => t.reduce((total, _, k) => total + f(k), 0);
  return {
    mae: sum((k) => Math.abs(y[k] - t[k])) / t.length,
    r2: 1 - sum((k) => (y[k] - t[k]) ** 2) / sum((k) => (t[k] - mean) ** 2),
  };
}

/** One epoch is too short for births. */
const onWarning = () => {};

describe("targets in their units", () => {
  let result: FitResult;
  let network: Network;
  let outputs: Float32Array;
  beforeAll(async () => {
    result = await fit(model, data, options);
    network = { model, ...result };
    outputs = await predict(network, held.inputs);
  });

  test("outputs are in units, and the figures are those of the outputs", () => {
    const all = names.map((name, j) => ({ name, ...judged(outputs, held.targets, j) }));
    const { testMae, testR2, targets } = result.final;
    expect(all[0].r2).toBeGreaterThan(0.9);
    expect(all[0].mae).toBeGreaterThan(1000);
    expect(all[1].mae).toBeLessThan(1e-3);
    targets!.forEach((target, j) => {
      expect(target.name).toBe(names[j]);
      expect(target.mae! / all[j].mae).toBeCloseTo(1, 3);
      expect(target.r2).toBeCloseTo(all[j].r2, 3);
    });
    expect(testMae! / ((all[0].mae + all[1].mae) / 2)).toBeCloseTo(1, 3);
    expect(testR2).toBeCloseTo((all[0].r2 + all[1].r2) / 2, 3);
  });

  test("training is that with targets normalised by hand", async () => {
    const { mean, std } = data.targetNormalization!;
    const by = ({ inputs, targets }: typeof train) => ({
      inputs,
      targets: targets.map((y, k) => (y - mean[k % 2]) / std[k % 2]),
    });
    const plain = fromArrays({ shape: [FEATURES], train: by(train), test: by(held) });
    const other = await fit(model, plain, options);
    const lines = (one: FitResult) =>
      one.epochs.map(({ trainLoss, validLoss }) => [trainLoss, validLoss]);
    expect(lines(other)).toEqual(lines(result));
    expect(other.final.testLoss).toBe(result.final.testLoss);
    expect(other.parameters.get("linear1.weight")).toEqual(result.parameters.get("linear1.weight"));
    const [own, scaled] = [other, result].map((one) => one.parameters.get("linear2.weight")!.data);
    own.forEach((w, k) => expect(scaled[k]).toBe(Math.fround(w * std[Math.floor(k / 24)])));
  });

  test("so they are out of every file", async () => {
    const back = decodeModel(encodeModel(network));
    expect(back.targets).toEqual({ names, std: data.targetNormalization!.std });
    expect(await predict(back, held.inputs)).toEqual(outputs);
    const onnx = decodeOnnx(encodeOnnx(network), { where: "onnx" });
    const found = await predict(onnx, held.inputs);
    found.forEach((y, k) => expect(y / outputs[k]).toBeCloseTo(1, 4));
  });

  test("evaluate says what training said", async () => {
    const [now, small] = await evaluate([network, simplify(network)], data, { validation: 60 });
    const { testLoss, testMae, testR2, validLoss } = result.final;
    for (const found of [now, small]) {
      expect(found.testLoss).toBeCloseTo(testLoss!, 5);
      expect(found.validLoss).toBeCloseTo(validLoss!, 5);
      expect(found.testMae! / testMae!).toBeCloseTo(1, 4);
      expect(found.testR2).toBeCloseTo(testR2!, 5);
    }
  });

  test("a training that starts from it goes on where it was", async () => {
    const { epochs } = await fit(model, data, { ...options, start: network, epochs: 1, onWarning });
    expect(epochs[0].validLoss).toBeCloseTo(result.final.validLoss!, 4);
    expect(epochs[0].validR2).toBeCloseTo(result.final.validR2!, 4);
  });

  test("weights are cut as if they were in no units", () => {
    const { std } = data.targetNormalization!;
    const last = network.parameters.get("linear2.weight")!;
    const bare = last.data.map((w, k) => w / std[Math.floor(k / 24)]);
    const parameters = new Map(network.parameters);
    parameters.set("linear2.weight", { shape: last.shape, data: bare });
    const { targets: _targets, ...rest } = network;
    const [cut, wanted] = [network, { ...rest, parameters }].map((one) => {
      const weights = prune(one, { density: 0.2 }).parameters;
      return ["linear1.weight", "linear2.weight"].map((name) =>
        [...weights.get(name)!.data].map((w) => w !== 0),
      );
    });
    expect(cut).toEqual(wanted);
    expect(cut[1].filter(Boolean).length).toBeLessThan(40);
  });
});

test("a model that can't give units back trains with the targets as they are, and says so", async () => {
  const notes: string[] = [];
  const bare = sequential([FEATURES], [linear(8), relu(), linear(2, { bias: false })]);
  const shares = {
    inputs: train.inputs,
    targets: train.targets.map((y, k) => (k % 2 === 0 ? y / 1e6 : y * 10)),
  };
  const small = fromArrays({ shape: [FEATURES], train: shares, normalizeTargets: true });
  const onEvent: FitOptions["onEvent"] = (event) => event.type === "note" && notes.push(event.text);
  const { targets } = await fit(bare, small, { ...options, epochs: 1, onEvent });
  expect(notes.join()).toContain("are not normalised: the model does not end in a linear layer");
  expect(targets).toBeUndefined();
});

test("one target that is always the same has no R^2", async () => {
  const same = { inputs: train.inputs, targets: new Float32Array(300).fill(7) };
  const constant = fromArrays({
    shape: [FEATURES],
    train: same,
    test: same,
    normalizeTargets: true,
  });
  const { final } = await fit(mlp([FEATURES, 4, 1]), constant, { ...options, epochs: 1 });
  expect(final.testR2).toBeUndefined();
  expect(final.testMae).toBeGreaterThanOrEqual(0);
});

test.each([
  [{ targetNames: ["one"] }, "targetNames must have one name for each of the 2 features"],
  [{ train: { inputs: train.inputs, labels: new Uint8Array(300) } }, "normalizeTargets is for"],
])("fromArrays: %o", (changes, message) => {
  const make = () => fromArrays({ shape: [FEATURES], train, normalizeTargets: true, ...changes });
  expect(make).toThrow(InputError);
  expect(make).toThrow(message);
});

/** The progression of 442 patients' diabetes, one in five held out, by networks of few weights. */
test("diabetes: R^2 of 0.45 or more with a tenth of the weights", async () => {
  const patients: Dataset = loadData({ kind: "csv", train: TABLE, targets: ["progression"] });
  expect(patients.targetNames).toEqual(["progression"]);
  const found: number[] = [];
  for (const splitSeed of [1, 2, 3]) {
    const { final } = await fit(mlp([10, 32, 1]), patients, {
      optimizer: {
        weights: adaBreg({ tau: 0.01, regularizer: l1(0.1) }),
        biases: adaBreg({ tau: 0.01 }),
      },
      init: { weights: { density: 0.05 } },
      targetDensity: 0.1,
      epochs: 60,
      batchSize: 32,
      validation: 0.2,
      splitSeed,
      threads: 1,
    });
    found.push(final.validR2!);
    expect(final.validMae).toBeLessThan(55);
    expect(final.density).toBeLessThan(0.11);
  }
  expect(found.reduce((sum, r2) => sum + r2, 0) / 3).toBeGreaterThanOrEqual(0.45);
});
