/** Data that are more than memory is to hold: the same samples, hashes and trainings to the bit. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { samplesInUse } from "#bregman/data/in-use.js";
import { loadData, openData, type LoadOptions } from "#bregman/data/load.js";
import type { OwnSource } from "#bregman/data/source.js";
import { InputError } from "#bregman/errors.js";
import { type AnyInputs, inputRows, isStored } from "#bregman/inputs.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { stream } from "#bregman/random.js";
import { identityOf } from "#bregman/runs/identity.js";
import { fromArrays } from "#bregman/data/dataset.js";
import {
  adaBreg,
  evaluate,
  fit,
  flatten,
  l1,
  linear,
  mlp,
  sequential,
} from "../support/bregman.js";
import { idxBytes, temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const fixtures = (name: string) =>
  fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
const COUNT = 60;
const random = stream(7, "samples");
const bytes = (length: number) =>
  Uint8Array.from({ length }, () => Math.floor(256 * random.uniform()));
const labels = Uint8Array.from({ length: COUNT }, (_, k) => k % 3);
const int16 = Int16Array.from(bytes(COUNT * 12), (x) => 100 * x);

/** Writes the files of a source. */
type Make = (folder: string) => OwnSource;

function npy(descr: string, shape: readonly number[], elements: Uint8Array): Make {
  return (folder) => {
    const [trainInputs, trainLabels] = ["x.npy", "y.npy"].map((name) => join(folder, name));
    writeFileSync(trainInputs, npyBytes(descr, [COUNT, ...shape], elements));
    writeFileSync(trainLabels, npyBytes("|u1", [COUNT], labels));
    return { kind: "npy", trainInputs, trainLabels };
  };
}

const SOURCES: Readonly<Record<string, Make>> = {
  "bytes in .npy": npy("|u1", [1, 4, 3], bytes(COUNT * 12)),
  "channels that come last": (folder) => ({
    ...npy("|u1", [2, 2, 3], bytes(COUNT * 12))(folder),
    channels: "last",
  }),
  "float32, features": npy("<f4", [12], bytesOf(Float32Array.from(int16, Math.sqrt))),
  "float64, images": npy("<f8", [3, 2, 2], bytesOf(Float64Array.from(int16, Math.cbrt))),
  "16 bits, the other way round": npy(">i2", [12], bytesOf(int16)),
  "images in idx": (folder) => {
    const [trainImages, trainLabels] = ["x.idx", "y.idx"].map((name) => join(folder, name));
    writeFileSync(trainImages, idxBytes([COUNT, 4, 3], bytes(COUNT * 12)));
    writeFileSync(trainLabels, idxBytes([COUNT], labels));
    return { kind: "idx", trainImages, trainLabels };
  },
  "images of a folder": () => ({
    kind: "imageFolder",
    train: fixtures("photos"),
    shape: [3, 12, 10],
    fit: "cut",
  }),
  "images in Parquet": () => ({
    kind: "parquet",
    train: fixtures("photos.parquet"),
    label: "label",
    image: "image",
    shape: [3, 12, 10],
    fit: "cut",
  }),
  sounds: () => ({ kind: "soundFolder", train: fixtures("sounds"), rate: 8000, length: 500 }),
};

/** All of them, in memory. */
const whole = (inputs: AnyInputs, count: number) =>
  inputRows(
    inputs,
    inputs.length / count,
    Int32Array.from({ length: count }, (_, k) => k),
  );

describe.each(Object.entries(SOURCES))("%s", (_, make) => {
  let [cache, folder] = ["", ""];
  beforeEach(() => {
    [cache, folder] = [temporaryFolder(), temporaryFolder()];
    vi.stubEnv("XDG_CACHE_HOME", cache);
    return () => vi.unstubAllEnvs();
  });

  test.each<[string, LoadOptions, number | undefined]>([
    ["all samples", {}, undefined],
    ["some held out", { validation: 4 }, undefined],
    ["a test part", { validation: 0.2 }, 0.25],
    ["few of them", { validation: 3, limit: 7 }, undefined],
  ])("%s: what is in memory, and what is not", (_name, use, testShare) => {
    const source = { ...make(folder), testShare };
    const [wanted, data] = [loadData(source, use), openData(source, { ...use, memory: 0 })];
    expect(isStored(wanted.train.inputs)).toBe(false);
    expect(isStored(data.train.inputs)).toBe(true);
    const { train, test: tested, ...facts } = data;
    const { train: _train, test: _test, ...wantedFacts } = wanted;
    expect(facts).toEqual(wantedFacts);
    for (const [part, other] of [
      [train, wanted.train],
      [tested, wanted.test],
    ] as const) {
      expect(whole(part.inputs, part.count || 1)).toEqual(other.inputs);
      expect({ ...part, inputs: 0 }).toEqual({ ...other, inputs: 0 });
    }
    const model = mlp([12, 3]);
    expect(identityOf(model, data, {})).toEqual(identityOf(model, wanted, {}));
    // As fit sees them: the same samples in the same places.
    const [used, usedWanted] = [samplesInUse(data, use), samplesInUse(wanted, use)];
    expect(used.valid).toEqual(usedWanted.valid);
    const [one] = used.valid.length > 0 ? used.valid : used.train;
    const features = wanted.train.inputs.length / wanted.train.count;
    const picked = Int32Array.of(one);
    expect(inputRows(used.used.train.inputs, features, picked)).toEqual(
      inputRows(usedWanted.used.train.inputs, features, picked),
    );
    // Nothing is left behind.
    expect(readdirSync(cache).flatMap((name) => readdirSync(join(cache, name)))).toEqual([]);
  });

  test("a training and its evaluation: the same bits", async () => {
    const source = { ...make(folder), testShare: 0.3 };
    const use = { validation: 5 };
    const results = [];
    for (const data of [loadData(source, use), openData(source, { ...use, memory: 0 })]) {
      const { shape, classes } = data;
      const images = shape[1] > 1;
      const model = images
        ? sequential(shape, [conv2d(2, { kernel: 2 }), flatten(), linear(classes)])
        : mlp([shape[0] * shape[2], classes]);
      const ada = (lambda?: number) =>
        adaBreg({ tau: 0.01, ...(lambda && { regularizer: l1(lambda) }) });
      const result = await fit(model, data, {
        optimizer: { weights: ada(0.01), biases: ada() },
        init: { weights: { density: 0.5 } },
        epochs: 3,
        batchSize: 7,
        microBatches: 2,
        threads: 1,
        ...use,
        ...(images && data.train.inputs.BYTES_PER_ELEMENT === 1 && { augment: { flip: true } }),
        onWarning: () => {},
      });
      const network = { ...result, model };
      const [judged] = await evaluate([network], data, { ...use, threads: 1 });
      const { seconds: _seconds, ...final } = result.final;
      results.push({ judged, parameters: result.parameters, loss: final.testLoss });
    }
    expect(results[1]).toEqual(results[0]);
  });
});

test("what takes less than that is in memory; so is what is packed", () => {
  const folder = temporaryFolder();
  const source = SOURCES["bytes in .npy"](folder);
  const isAway = (memory?: number) => isStored(openData(source, { memory }).train.inputs);
  expect([isAway(), isAway(COUNT * 12), isAway(COUNT * 12 - 1)]).toEqual([false, false, true]);
  const packed = join(folder, "x.npy.gz");
  writeFileSync(packed, gzipSync(npyBytes("|u1", [COUNT, 12], bytes(COUNT * 12))));
  const data = openData({ ...source, trainInputs: packed } as OwnSource, { memory: 0 });
  expect(isStored(data.train.inputs)).toBe(false);
  expect(() => openData(source, { memory: -1 })).toThrow(
    new InputError("memory must be a number of bytes, found -1"),
  );
});

test("a number that is not finite is found, wherever it is", () => {
  const folder = temporaryFolder();
  const values = Float32Array.from({ length: COUNT * 12 }, (_, k) => (k === 500 ? Infinity : k));
  const source = npy("<f4", [12], bytesOf(values))(folder);
  expect(() => openData(source, { memory: 0 })).toThrow(/x\.npy.*must be finite, found Infinity/);
});

test("inputs of one's own that are read as they are needed", async () => {
  const inputs = Float32Array.from({ length: 40 }, (_, k) => Math.sin(k));
  const asked: number[] = [];
  const stored = {
    kind: "numbers",
    length: 40,
    BYTES_PER_ELEMENT: 4,
    rows(places: Int32Array) {
      asked.push(...places);
      return inputRows(inputs, 4, places);
    },
  } as const;
  const answers = Array.from({ length: 10 }, (_, k) => k % 2);
  const optimizer = { weights: adaBreg({ tau: 0.01 }), biases: adaBreg({ tau: 0.01 }) };
  const options = { optimizer, epochs: 2, batchSize: 4, threads: 1, onWarning: () => {} };
  const [own, plain] = await Promise.all(
    [stored, inputs].map((given) => {
      const data = fromArrays({ shape: [4], train: { inputs: given, labels: answers } });
      return fit(mlp([4, 2]), data, options);
    }),
  );
  expect(own.parameters).toEqual(plain.parameters);
  expect(new Set(asked).size).toBe(10);
});
