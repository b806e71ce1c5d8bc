/**
 * Numbers that float32 takes for one: they are told apart from every kind of source, in training
 * and in prediction.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Dataset, fromArrays } from "#bregman/data/dataset.js";
import { fromBatches } from "#bregman/data/from-batches.js";
import { loadData } from "#bregman/data/load.js";
import { channelStatistics } from "#bregman/data/statistics.js";
import { InputError } from "#bregman/errors.js";
import { loadModel, saveModel } from "#bregman/export/model-file.js";
import { mlp } from "#bregman/models/mlp.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { createMemory } from "#bregman/runtime/memory.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import { predict } from "#bregman/predict/predict.js";
import { temporaryFolder } from "../data/idx-files.js";
import { bytesOf, npyBytes } from "../data/own-files.js";
import { expectWarnings } from "../support/warnings.js";

/** Two moments, 50 s apart: one number in float32. Which of them it is says the class. */
const EARLY = 1_700_000_000;
const COUNT = 80;
const classes = Array.from({ length: COUNT }, (_, k) => ((k * 7) % 5 < 2 ? 0 : 1));
const times = Float64Array.from(classes, (label) => EARLY + 50 * label);
const labels = Uint8Array.from(classes);
const FILES = {
  "times.csv": ["time,class", ...classes.map((c, k) => `${times[k]},${c}`)].join("\n"),
  "y.npy": npyBytes("|u1", [COUNT], labels),
  "f8.npy": npyBytes("<f8", [COUNT, 1], bytesOf(times)),
  "i8.npy": npyBytes("<i8", [COUNT, 1], bytesOf(BigInt64Array.from(times, BigInt))),
  "i4.npy": npyBytes("<i4", [COUNT, 1], bytesOf(Int32Array.from(times))),
};

const npy = (trainInputs: string) => ({ kind: "npy", trainInputs, trainLabels: "y.npy" }) as const;
const { mean, std } = channelStatistics(times, 1, 1);
const sources: Record<string, (folder: string) => Dataset | Promise<Dataset>> = {
  csv: (baseDir) => loadData({ kind: "csv", train: "times.csv", label: "class" }, { baseDir }),
  "npy of float64": (baseDir) => loadData(npy("f8.npy"), { baseDir }),
  "npy of int64": (baseDir) => loadData(npy("i8.npy"), { baseDir }),
  "npy of int32": (baseDir) => loadData(npy("i4.npy"), { baseDir }),
  arrays: () => fromArrays({ shape: [1], train: { inputs: times, labels }, mean, std }),
  batches: () =>
    fromBatches({
      shape: [1],
      mean,
      std,
      train: [0, COUNT / 2].map((from) => ({
        inputs: times.subarray(from, from + COUNT / 2),
        labels: labels.subarray(from, from + COUNT / 2),
      })),
    }),
};

describe.each(["native", "wasm"] as const)("%s", (backend) => {
  test.each(Object.entries(sources))("%s", async (name, load) => {
    const folder = temporaryFolder();
    for (const [file, content] of Object.entries(FILES)) writeFileSync(join(folder, file), content);
    const data = await load(folder);
    expect(new Set(data.train.inputs).size).toBe(2);
    expect(data.mean[0]).toBeCloseTo(EARLY + 30, 6);
    const model = mlp([1, 4, 2]);
    const result = await fit(model, data, {
      optimizer: { weights: linBreg({ tau: 0.5 }), biases: linBreg({ tau: 0.5 }) },
      batchSize: 8,
      epochs: 20,
      validation: 20,
      backend,
    });
    expect(result.final.validAccuracy).toBe(1);
    if (name === "csv") expectWarnings(/column "time" has another value for each class/);
    // The file keeps all digits of mean and deviation; the same moments get the same answer.
    const file = join(folder, `${name}.safetensors`);
    saveModel(file, { model, ...result });
    const network = loadModel(file);
    expect(network.normalization).toEqual({ mean: data.mean, std: data.std });
    const [found] = await evaluate([network], data, { validation: 20, backend });
    expect(found.validAccuracy).toBe(1);
    const logits = await predict(network, times, { backend });
    expect(logits).toEqual(await predict({ model, ...result }, data.train.inputs, { backend }));
    classes.forEach((label, k) =>
      expect(logits[2 * k + label]).toBeGreaterThan(logits[2 * k + 1 - label]),
    );
  });
});

test("what remains of a number is rounded once", () => {
  const memory = createMemory({ maxBytes: 2 ** 20 });
  const inputs = Float64Array.of(2 ** 40 + 0.25, -(2 ** 40) + 1 / 3);
  const { inputs: place } = storeSamples(memory, [{ inputs }], {
    features: 2,
    mean: [2 ** 40, -(2 ** 40)],
    std: [1, 2],
  });
  expect([...memory.f32(place, 2)]).toEqual([0.25, Math.fround((inputs[1] + 2 ** 40) / 2)]);
});

test("a number that float32 can't hold, even normalised, is named; one that it can is fine", () => {
  const store = (mean: number, std: number) =>
    storeSamples(
      createMemory({ maxBytes: 2 ** 20 }),
      [{ inputs: Float64Array.of(0, 1, 2, 1e45) }],
      {
        features: 2,
        mean: [0, mean],
        std: [1, std],
      },
    );
  expect(() => store(0, 1)).toThrow(
    new InputError(
      "inputs: 1e+45 at index 3 (sample 1, feature 1) is too large for float32, also as (x - 0) / 1; scale it before",
    ),
  );
  expect(store(5e44, 5e44).count).toBe(2);
});

test("a column that is constant but for rounding is not scaled up", () => {
  for (const value of [0.1, 1 / 3, 1e-30, -7.7e12]) {
    for (const count of [1, 3, 10, 1000]) {
      const { mean: m, std: s } = channelStatistics(new Float64Array(count).fill(value), 1, 1);
      expect(s).toEqual([1]);
      expect(Math.abs(m[0] - value)).toBeLessThanOrEqual(Number.EPSILON * Math.abs(value));
    }
  }
  // Microseconds are no rounding.
  expect(channelStatistics(Float64Array.of(EARLY, EARLY + 2e-6), 1, 1).std[0]).toBeCloseTo(1e-6, 7);
});
