/** Means and deviations that are none are refused in one line, wherever they come from. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { channelNumbers } from "#bregman/data/channel-numbers.js";
import { type Dataset, fromArrays } from "#bregman/data/dataset.js";
import { loadData } from "#bregman/data/load.js";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import { loadModel } from "#bregman/export/model-file.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { encodeOnnx } from "#bregman/export/onnx/onnx.js";
import { prune } from "#bregman/export/prune.js";
import { decodeSafetensors, encodeSafetensors } from "#bregman/export/safetensors-format.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { mlp } from "#bregman/models/mlp.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import type { Normalization } from "#bregman/normalization.js";
import { sgd } from "#bregman/optim/sgd.js";
import { reestimateBatchNorm } from "#bregman/train/batch-norm-statistics.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import { predict } from "#bregman/predict/predict.js";
import { temporaryFolder } from "./cli/run-cli.js";
import { randomNetwork } from "./support/random-network.js";

/** What no normalization of five features can be: the fault's kind, and its words. */
const WRONG: readonly (readonly [unknown, "InputError" | "InputError", RegExp])[] = [
  [
    { mean: [0, 0, 0], std: [1, 1, 1] },
    "InputError",
    /mean must have one number.*5 features, found 3$/,
  ],
  [{ mean: [], std: [] }, "InputError", /mean must have one number.* found 0$/],
  [{ mean: [0], std: [] }, "InputError", /std must have one number.* found 0$/],
  [
    { mean: [0, 0, 0, 0, 0], std: [1] },
    "InputError",
    /as many deviations as means, found 1 and 5$/,
  ],
  [
    { mean: [0], std: [0] },
    "InputError",
    /std must be positive and finite numbers, found 0 at index 0$/,
  ],
  [{ mean: [0], std: [-1] }, "InputError", /std must be positive and finite numbers, found -1 at/],
  [
    { mean: [0], std: [Infinity] },
    "InputError",
    /std must be positive .* found (Infinity|null) at/,
  ],
  [{ mean: [0], std: [NaN] }, "InputError", /std must be positive .* found (NaN|null) at index 0$/],
  [
    { mean: [0, 1, NaN, 3, 4], std: [1, 1, 1, 1, 1] },
    "InputError",
    /mean must be finite .* at index 2$/,
  ],
  [{ mean: ["0"], std: [1] }, "InputError", /mean must be finite numbers, found "0" at index 0$/],
  [{ mean: [[0]], std: [1] }, "InputError", /mean must be finite numbers, found Array at index 0$/],
  [{ mean: "0", std: [1] }, "InputError", /mean must be a list of numbers, found String$/],
  [{ mean: 0, std: 1 }, "InputError", /mean must be a list of numbers, found Number$/],
  [{ mean: [0] }, "InputError", /expected mean and std, found no std$/],
  [{ std: [1] }, "InputError", /expected mean and std, found no mean$/],
  [{}, "InputError", /expected mean and std, found no mean$/],
  [null, "InputError", /expected mean and std, found null$/],
  [5, "InputError", /expected mean and std, found Number$/],
];

const model = sequential([5], [linear(2)]);
const bare = randomNetwork(model, { density: 1, dead: 0 });
const withNormalization = (value: unknown): Network => ({
  ...bare,
  normalization: value as Normalization,
});
const data = fromArrays({
  shape: [5],
  train: { inputs: new Float32Array(20), labels: [0, 1, 0, 1] },
});

/** The bytes of a file that says this, as nobody here would write it. */
function fileWith(value: unknown, network = bare): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeModel(network));
  return encodeSafetensors(tensors, { ...metadata, normalization: JSON.stringify(value) });
}

/** Every function that takes a network. */
const OF_NETWORKS: Readonly<Record<string, (network: Network) => unknown>> = {
  encodeModel: (network) => encodeModel(network),
  encodeOnnx: (network) => encodeOnnx(network),
  simplify,
  prune: (network) => prune(network, { density: 0.5 }),
  predict: (network) => predict(network, new Float32Array(5)),
  evaluate: (network) => evaluate([network], data),
};

/** Every function that takes a data set as it is. */
const OF_DATA: Readonly<Record<string, (changed: Dataset) => unknown>> = {
  fit: (changed) =>
    fit(model, changed, { optimizer: { weights: sgd(), biases: sgd() }, epochs: 1 }),
  evaluate: (changed) => evaluate([bare], changed),
};

async function errorOf(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error");
}

describe.each(WRONG)("%j", (value, kind, message) => {
  test.each(Object.entries(OF_NETWORKS))("as a network's, in %s", async (_name, use) => {
    const error = await errorOf(() => use(withNormalization(value)));
    expect([error.name, error.message]).toEqual([kind, expect.stringMatching(message)]);
    expect(error.message).toMatch(/^normalization: .*$/);
  });

  test("in a file", async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "a.safetensors");
    writeFileSync(path, fileWith(value));
    for (const read of [
      () => decodeModel(fileWith(value), { where: path }),
      () => loadModel(path),
    ]) {
      const error = await errorOf(read);
      expect([error.name, error.message]).toEqual([
        "UnusableFileError",
        expect.stringMatching(message),
      ]);
      expect(error.message.startsWith(`${path}: normalization: `)).toBe(true);
      expect(error.message).not.toContain("\n");
    }
  });

  test.each(Object.entries(OF_DATA))("as a data set's, in %s", async (_name, use) => {
    if (typeof value !== "object" || value === null) return;
    const changed = { ...data, mean: undefined!, std: undefined!, ...value };
    const error = await errorOf(() => use(changed));
    expect([error.name, error.message]).toEqual([kind, expect.stringMatching(message)]);
    expect(error.message).toMatch(/^\w+: "arrays": .*$/);
  });

  test("given to fromArrays", async () => {
    // What is not given has a default, and one number is for all.
    if (typeof value !== "object" || value === null || /as many|found no/.test(message.source))
      return;
    const facts = { shape: [5], train: { inputs: new Float32Array(5), labels: [0] }, ...value };
    const error = await errorOf(() => fromArrays(facts));
    expect([error.name, error.message]).toEqual([kind, expect.stringMatching(message)]);
  });
});

describe("those that fit", () => {
  const ones = (count: number) => Array.from({ length: count }, () => 1);
  const image = sequential([3, 2, 2], [flatten(), linear(2)]);

  test.each([
    ["flat, one for all", model, 1],
    ["flat, one for each", model, 5],
    ["flat, of images with three channels", mlp([12, 2]), 3],
    ["images, a channel each", image, 3],
    ["images, of flat data with one for all", image, 1],
    ["images, of flat data with one for each", image, 12],
  ])("%s", (_name, fitting, count) => {
    const network = {
      ...randomNetwork(fitting),
      normalization: { mean: ones(count), std: ones(count) },
    };
    expect(decodeModel(encodeModel(network)).normalization).toEqual(network.normalization);
  });

  test.each([2, 4, 6, 24])("an image of three channels has not %i", (count) => {
    const value = { mean: ones(count), std: ones(count) };
    const bytes = fileWith(value, randomNetwork(image));
    expect(() => decodeModel(bytes)).toThrow(
      new UnusableFileError(
        "model: normalization: mean must have one number for each of the 3 channels, or one, " +
          `or one for each of the 12 features, found ${count}`,
      ),
    );
  });

  test("typed arrays are lists: they come back as such from files and data sets", () => {
    const value = { mean: Float64Array.of(0.5), std: Float64Array.of(2) };
    const { normalization } = decodeModel(encodeModel(withNormalization(value)));
    expect(normalization).toEqual({ mean: [0.5], std: [2] });
    const mean = Float64Array.of(1, 2, 3, 4, 5) as unknown as number[];
    expect(channelNumbers([1, 1, 5], { mean })).toEqual({
      mean: [1, 2, 3, 4, 5],
      std: [1, 1, 1, 1, 1],
    });
  });
});

test("bytes that would be infinite are refused, numbers too", async () => {
  const tiny = withNormalization({ mean: [0], std: [1e-300] });
  await expect(predict(tiny, Uint8Array.of(0, 0, 3, 0, 0))).rejects.toThrow(
    new InputError(
      "inputs: 3 at index 2 (sample 0, feature 2) is too large for float32, also as " +
        "(x / 255 - 0) / 1e-300; scale it before",
    ),
  );
  await expect(predict(tiny, Float32Array.of(1, 1, 1, 1, 1))).rejects.toThrow(
    /too large for float32/,
  );
});

test("a recipe's means that don't fit its file are refused", () => {
  const baseDir = temporaryFolder();
  writeFileSync(join(baseDir, "a.csv"), "a,b,y\n1,2,0\n3,4,1\n");
  const load = (facts: object) =>
    loadData({ kind: "csv", train: "a.csv", label: "y", ...facts }, { baseDir });
  expect(load({ mean: [0, 0], std: [1, 1] })).toMatchObject({ mean: [0, 0], std: [1, 1] });
  expect(() => load({ mean: [0, 0, 0], std: [1, 1, 1] })).toThrow(
    /mean must have one number.* found 3$/,
  );
  expect(() => load({ std: [0, 1] })).toThrow(
    /std must be positive and finite numbers, found 0 at index 0$/,
  );
});

test("batch norm takes its statistics from data of its own shape", async () => {
  const normed = sequential([3, 2, 2], [batchNorm2d(), flatten(), linear(2)]);
  await expect(reestimateBatchNorm(randomNetwork(normed), data)).rejects.toThrow(
    new InputError(
      'reestimateBatchNorm: the model takes 12 features, a sample of "arrays" has 5 ([1, 1, 5])',
    ),
  );
});
