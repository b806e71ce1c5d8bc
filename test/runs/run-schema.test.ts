/** The schema of a run's files has all that runs write: what is read back is what was written. */
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { UnusableFileError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { parseEpoch, parsePartialResult } from "#bregman/runs/run-schema.js";

const random = stream(1, "images");
const part = (count: number) => {
  const inputs = Uint8Array.from({ length: count * 144 }, () => random.integer(256));
  return {
    inputs,
    labels: Uint8Array.from({ length: count }, (_, k) => k % 10),
    targets: Float32Array.from(inputs, (byte) => byte / 255),
  };
};
const data = fromArrays({ shape: [1, 12, 12], train: part(30), test: part(10) });
const weights = linBreg({ tau: 0.1, regularizer: l1(0.001) });

const RUNS: Record<string, [Model, Partial<FitOptions>]> = {
  classification: [mlp([144, 10, 10]), {}],
  convolutions: [
    sequential([1, 12, 12], [conv2d(2, { kernel: 3 }), flatten(), linear(10)]),
    { freeze: 1 },
  ],
  "restoration, with skip connections": [
    skipAutoencoder({ features: 144, layers: 2 }),
    { loss: "meanSquaredError" },
  ],
};

test.each(Object.entries(RUNS))("%s", async (_, [model, more]) => {
  const options = {
    optimizer: { weights, biases: weights },
    epochs: 2,
    batchSize: 10,
    validation: 10,
    threads: 1,
  };
  const { epochs, final } = await fit(model, data, { ...options, ...more });
  for (const line of epochs) {
    const text = JSON.stringify(line);
    expect(parseEpoch(text, "line")).toEqual(JSON.parse(text));
  }
  const text = JSON.stringify({ final });
  expect(parsePartialResult(text, "result")).toEqual(JSON.parse(text));
});

test("a figure that was not finite is absent; a line that is none says so", () => {
  const line = { epoch: 1, density: 0.5, trainLoss: null, tau: null };
  expect(parseEpoch(JSON.stringify(line), "line")).toEqual({
    epoch: 1,
    density: 0.5,
    layers: [],
    tau: NaN,
    births: 0,
    deaths: 0,
    regularizer: 0,
    seconds: 0,
  });
  const layer = { name: "a", shape: 5 };
  expect(() => parseEpoch(JSON.stringify({ ...line, layers: [layer] }), "m.jsonl, line 3")).toThrow(
    new UnusableFileError(
      "m.jsonl, line 3: layers[0].shape: expected an array, found 5 (and 6 more)",
    ),
  );
});
