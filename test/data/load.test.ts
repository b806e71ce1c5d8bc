import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fit, mlp } from "../support/bregman.js";
import { loadData } from "#bregman/data/load.js";
import { type DataSource, resolvePaths } from "#bregman/data/source.js";
import { channelStatistics } from "#bregman/data/statistics.js";
import { BregmanError, InputError, UnusableFileError } from "#bregman/errors.js";
import { sgd } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { gzipped, idxBytes, temporaryFolder, tinySet, writeSet } from "./idx-files.js";
import { bytesOf, npyBytes, writePng } from "./own-files.js";

beforeEach(() => vi.stubEnv("BREGMAN_DATA", ""));
afterEach(() => vi.unstubAllEnvs());

/** A folder with these files. */
function folderWith(files: Record<string, Uint8Array | string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const npy = (shape: readonly number[], values: ArrayLike<number>) =>
  npyBytes("<f4", shape, bytesOf(Float32Array.from(values)));
const npyLabels = (...labels: number[]) =>
  npyBytes("<i8", [labels.length], bytesOf(BigInt64Array.from(labels, BigInt)));

describe("a named set", () => {
  test("by name, from --data-dir", () => {
    const dataDir = temporaryFolder();
    writeSet(dataDir);
    expect(loadData({ name: "mnist" }, { dataDir })).toMatchObject({
      name: "mnist",
      mean: [0.1307],
    });
    expect(loadData({ kind: "named", name: "mnist" }, { dataDir }).train.count).toBe(3);
  });
});

describe("idx", () => {
  const files = Object.fromEntries([...tinySet()].map(([name, bytes]) => gzipped(name, bytes)));
  const source = {
    kind: "idx",
    trainImages: "train-images-idx3-ubyte.gz",
    trainLabels: "train-labels-idx1-ubyte.gz",
    testImages: "t10k-images-idx3-ubyte.gz",
    testLabels: "t10k-labels-idx1-ubyte.gz",
  } as const;

  test("images and labels; mean and deviation are those of the training pixels", () => {
    const baseDir = folderWith(files);
    const data = loadData(source, { baseDir });
    const bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255];
    const mean = bytes.reduce((sum, x) => sum + x / 255, 0) / 12;
    const variance = bytes.reduce((sum, x) => sum + (x / 255 - mean) ** 2, 0) / 12;
    expect(data).toMatchObject({
      name: "train-images-idx3-ubyte.gz",
      classes: 10,
      shape: [1, 2, 2],
    });
    expect(data.mean[0]).toBeCloseTo(mean, 12);
    expect(data.std[0]).toBeCloseTo(Math.sqrt(variance), 12);
    expect([data.train.inputs, [...data.train.labels]]).toEqual([
      Uint8Array.from(bytes),
      [7, 0, 9],
    ]);
    expect([...data.test.labels]).toEqual([3, 4]);
  });

  test("what the recipe says goes before what the files say", () => {
    const labelNames = Array.from({ length: 12 }, (_, k) => `class ${k}`);
    const facts = { mean: [0.5], std: [0.25], labelNames, shape: [4] };
    const data = loadData({ ...source, ...facts }, { baseDir: folderWith(files) });
    expect(data).toMatchObject({
      mean: [0.5],
      std: [0.25],
      labelNames,
      classes: 12,
      shape: [1, 1, 4],
    });
  });

  test("without a test set", () => {
    const { testImages: _, testLabels: __, ...train } = source;
    expect(loadData(train, { baseDir: folderWith(files) }).test.count).toBe(0);
  });

  test("four dimensions are channels", () => {
    const baseDir = folderWith({
      x: idxBytes([2, 3, 1, 2], new Uint8Array(12)),
      y: idxBytes([2], [0, 1]),
    });
    expect(
      loadData({ kind: "idx", trainImages: "x", trainLabels: "y" }, { baseDir }).shape,
    ).toEqual([3, 1, 2]);
  });

  test("channels that may be last are asked for; last and first give the same samples", () => {
    const pixels = Uint8Array.from({ length: 2 * 5 * 4 * 3 }, (_, k) => (k * 37) % 256);
    const first = pixels.map(
      (_, k) => pixels[60 * Math.floor(k / 60) + (k % 20) * 3 + (Math.floor(k / 20) % 3)],
    );
    const files = {
      last: idxBytes([2, 5, 4, 3], pixels),
      first: idxBytes([2, 3, 5, 4], first),
      y: idxBytes([2], [0, 1]),
    };
    const baseDir = folderWith(files);
    const load = (trainImages: string, more: object = {}) =>
      loadData({ kind: "idx", trainImages, trainLabels: "y", ...more }, { baseDir });
    expect(() => load("last")).toThrow(InputError);
    expect(() => load("last")).toThrow(
      /last: shape \[2, 5, 4, 3\] may have its channels last; say "channels": "last", or "first" if it has 5 channels/,
    );
    expect(load("last", { channels: "last" })).toEqual({ ...load("first"), name: "last" });
    expect(load("last", { channels: "first" }).shape).toEqual([5, 4, 3]);
  });
});

describe("npy", () => {
  const source = { kind: "npy", trainInputs: "x.npy", trainLabels: "y.npy" } as const;
  const load = (files: Record<string, Uint8Array>, more: object = {}) =>
    loadData({ ...source, ...more }, { baseDir: folderWith(files) });

  test("numbers keep their digits", () => {
    const single = load({ "x.npy": npy([2, 3], [1, 2, 3, 4, 5, 6]), "y.npy": npyLabels(0, 4) });
    expect(single).toMatchObject({
      shape: [1, 1, 3],
      classes: 5,
      mean: [2.5, 3.5, 4.5],
      std: [1.5, 1.5, 1.5],
    });
    expect(single.train.inputs).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    const double = load({
      "x.npy": npyBytes("<f8", [1, 2], bytesOf(Float64Array.of(0.1, 7))),
      "y.npy": npyLabels(0),
    });
    expect(double.train.inputs).toEqual(Float64Array.of(0.1, 7));
    for (const [type, array] of [
      ["<i8", BigInt64Array.of(-(2n ** 53n - 1n), 7n)],
      ["<u8", BigUint64Array.of(2n ** 53n - 1n, 7n)],
      ["<i2", Int16Array.of(-300, 7)],
      ["|i1", Int8Array.of(-100, 7)],
      ["|b1", Uint8Array.of(0, 1)],
    ] as const) {
      const whole = load({
        "x.npy": npyBytes(type, [1, 2], bytesOf(array)),
        "y.npy": npyLabels(0),
      });
      expect(whole.train.inputs).toEqual(
        Float64Array.from(array as ArrayLike<number | bigint>, Number),
      );
    }
  });

  test("bytes stay bytes; labels may be [count, 1] and of any integer type", () => {
    const labels = npyBytes(">u2", [2, 1], Uint8Array.of(0, 1, 0, 0));
    const data = load({
      "x.npy": npyBytes("|u1", [2, 2, 2], Uint8Array.of(0, 255, 0, 255, 0, 255, 0, 255)),
      "y.npy": labels,
    });
    expect(data).toMatchObject({ shape: [1, 2, 2], mean: [0.5], std: [0.5] });
    expect(data.train.inputs).toEqual(Uint8Array.of(0, 255, 0, 255, 0, 255, 0, 255));
    expect([...data.train.labels]).toEqual([1, 0]);
  });

  test("channels first and last give the same samples", () => {
    const random = stream(0);
    // [sample][pixel][channel] -> [sample][channel][pixel]
    const last = Float32Array.from({ length: 2 * 20 * 3 }, () => random.uniform32());
    const first = last.map(
      (_, k) => last[60 * Math.floor(k / 60) + (k % 20) * 3 + (Math.floor(k / 20) % 3)],
    );
    const y = npyLabels(0, 1);
    const a = load({ "x.npy": npy([2, 4, 5, 3], last), "y.npy": y }, { channels: "last" });
    const b = load({ "x.npy": npy([2, 3, 4, 5], first), "y.npy": y });
    expect(a.shape).toEqual([3, 4, 5]);
    expect(b).toEqual(a);
    const flat = load({ "x.npy": npy([2, 60], first), "y.npy": y }, { shape: [3, 4, 5] });
    expect(flat).toEqual(a);
  });

  test("images whose channels may be last are not guessed at", () => {
    const files = { "x.npy": npy([1, 4, 5, 3], new Float32Array(60)), "y.npy": npyLabels(0) };
    // Four may be channels too: then they are read as they are documented to be.
    expect(load(files).shape).toEqual([4, 5, 3]);
    const plain = { ...files, "x.npy": npy([1, 5, 4, 3], new Float32Array(60)) };
    expect(() => load(plain)).toThrow(
      /x\.npy: shape \[1, 5, 4, 3\] may have its channels last; say "channels": "last", or "first" if it has 5 channels/,
    );
    expect(load(plain, { channels: "first" }).shape).toEqual([5, 4, 3]);
    expect(load(plain, { channels: "last" }).shape).toEqual([3, 5, 4]);
  });

  const good = { "x.npy": npy([2, 2], [1, 2, 3, 4]), "y.npy": npyLabels(0, 1) };
  const cases: [string, Record<string, Uint8Array>, object, typeof BregmanError, RegExp][] = [
    [
      "counts",
      { ...good, "y.npy": npyLabels(0) },
      {},
      UnusableFileError,
      /x\.npy has 2 samples, but .*y\.npy has 1 labels/,
    ],
    [
      "integers beyond float64",
      { ...good, "x.npy": npyBytes("<i8", [2, 1], bytesOf(BigInt64Array.of(0n, 2n ** 53n))) },
      {},
      UnusableFileError,
      /x\.npy: inputs must be whole numbers below 2\^53, which float64 holds, found 9007199254740992 at index 1/,
    ],
    [
      "kind of labels",
      { ...good, "y.npy": npy([2], [0, 1]) },
      {},
      UnusableFileError,
      /y\.npy: expected labels of an integer type, found float32/,
    ],
    [
      "shape of labels",
      { ...good, "y.npy": npyBytes("|u1", [1, 2], Uint8Array.of(0, 1)) },
      {},
      UnusableFileError,
      /y\.npy: expected labels of shape \[count\], found \[1, 2\]/,
    ],
    [
      "not a number",
      { ...good, "x.npy": npy([2, 2], [1, 2, NaN, 4]) },
      {},
      UnusableFileError,
      /x\.npy: inputs must be finite, found NaN at index 2/,
    ],
    [
      "too large to be squared",
      { ...good, "x.npy": npyBytes("<f8", [2, 1], bytesOf(Float64Array.of(1, 1e300))) },
      {},
      UnusableFileError,
      /x\.npy: the numbers are too large to be normalised: their deviation is not finite/,
    ],
    [
      "a large label",
      { ...good, "y.npy": npyLabels(0, 65535) },
      {},
      UnusableFileError,
      /y\.npy: label 65535 at index 1/,
    ],
    [
      "a negative label",
      { ...good, "y.npy": npyLabels(-1, 0) },
      {},
      UnusableFileError,
      /y\.npy: label -1 at index 0/,
    ],
    [
      "one dimension",
      { ...good, "x.npy": npy([2], [1, 2]) },
      {},
      UnusableFileError,
      /x\.npy: expected shape \[count, features\], .* found \[2\]/,
    ],
    [
      "another shape",
      good,
      { shape: [3, 2, 2] },
      UnusableFileError,
      /x\.npy: expected samples of shape \[3, 2, 2\] \(12 numbers\), found 2 of \[2\] \(2\)/,
    ],
    [
      "no labels of the test",
      good,
      { testInputs: "x.npy" },
      InputError,
      /data\.testLabels: missing; expected it beside data\.testInputs/,
    ],
    [
      "no inputs of the test",
      good,
      { testLabels: "y.npy" },
      InputError,
      /data\.testInputs: missing; expected it beside data\.testLabels/,
    ],
    [
      "test samples of another shape",
      { ...good, "t.npy": npy([2, 3], new Float32Array(6)) },
      { testInputs: "t.npy", testLabels: "y.npy" },
      UnusableFileError,
      /x\.npy has samples of shape \[1, 1, 2\], but .*t\.npy of \[1, 1, 3\]/,
    ],
    [
      "test samples of another kind",
      { ...good, "t.npy": npyBytes("|u1", [2, 2], new Uint8Array(4)) },
      { testInputs: "t.npy", testLabels: "y.npy" },
      UnusableFileError,
      /x\.npy has numbers, but .*t\.npy has bytes: both must be of one kind/,
    ],
    [
      "a label without a name",
      good,
      { labelNames: ["one"] },
      InputError,
      /label 1 at index 1: labels must be from 0 to 0/,
    ],
    [
      "mean of three features",
      good,
      { mean: [0, 0, 0] },
      InputError,
      /mean must have one number, or one for each of the 2 features, found 3/,
    ],
    [
      "labels that begin with 1, and names for fewer",
      { ...good, "y.npy": npyLabels(1, 2) },
      { labelNames: ["a", "b"] },
      InputError,
      /label 2 at index 1: labels must be from 0 to 1; these labels go from 1 to 2, and they count from 0: subtract 1/,
    ],
    [
      "a file that is not there",
      good,
      { trainInputs: "z.npy" },
      Error,
      /could not read .*z\.npy: there is no such file/,
    ],
  ];
  test.each(cases)("fault: %s", (_, files, more, kind, message) => {
    expect(() => load(files, more)).toThrow(kind);
    expect(() => load(files, more)).toThrow(message);
    expect(() => load(files, more)).not.toThrow(/\n/);
  });
});

describe("labels of a table that are not known", () => {
  const load = (train: string, test: string, more: object = {}) => {
    const baseDir = folderWith({ "train.csv": train, "test.csv": test });
    return loadData(
      { kind: "csv", train: "train.csv", test: "test.csv", label: "y", ...more },
      { baseDir },
    );
  };
  test.each([
    [
      "names of which one is a number",
      "a,y\n1,cat\n2,7\n",
      "a,y\n1,1\n",
      {},
      'label "1": expected one of 7, cat',
    ],
    [
      "numbers below zero",
      "a,y\n1,-1\n2,1\n",
      "a,y\n1,0\n",
      {},
      'label "0": expected one of -1, 1',
    ],
    [
      "given names that are numbers",
      "a,y\n1,1\n2,2\n",
      "a,y\n1,0\n",
      { labelNames: ["1", "2", "3"] },
      'label "0": expected one of 1, 2, 3',
    ],
  ])("%s", (_what, train, test, more, message) => {
    expect(() => load(train, test, more)).toThrow(message);
  });

  test("numbers stand for given names that are words", () => {
    const data = load("a,y\n1,0\n2,1\n", "a,y\n1,1\n", { labelNames: ["cat", "dog"] });
    expect([...data.train.labels, ...data.test.labels]).toEqual([0, 1, 1]);
  });
});

test("channels that come last need four dimensions", () => {
  const baseDir = folderWith({
    "x.npy": npy([2, 12], new Float32Array(24)),
    "y.npy": npyLabels(0, 1),
  });
  const source = {
    kind: "npy",
    trainInputs: "x.npy",
    trainLabels: "y.npy",
    shape: [3, 2, 2],
    channels: "last",
  } as const;
  expect(() => loadData(source, { baseDir })).toThrow(
    'x.npy: data.channels "last" is for images of four dimensions, found [2, 12]; reshape the array',
  );
});

describe("csv", () => {
  const load = (files: Record<string, string>, more: object = {}) =>
    loadData(
      { kind: "csv", train: "train.csv", label: "y", ...more },
      { baseDir: folderWith(files) },
    );

  test("each column is a channel, normalised by itself; one that does not vary keeps its scale", () => {
    const data = load({ "train.csv": "a,b,c,y\n1,100,5,0\n3,300,5,2\n" });
    expect(data).toMatchObject({
      shape: [3, 1, 1],
      classes: 3,
      mean: [2, 200, 5],
      std: [1, 100, 1],
    });
    expect(data.train).toEqual({
      count: 2,
      labels: Uint8Array.of(0, 2),
      inputs: Float64Array.of(1, 100, 5, 3, 300, 5),
    });
  });

  test("labels that are text are classes in the order of their names, for the test set too", () => {
    const files = { "train.csv": "a,y\n1,dog\n2,cat\n3,dog\n", "test.csv": "a,y\n4,cat\n" };
    const data = load(files, { test: "test.csv" });
    expect(data).toMatchObject({ labelNames: ["cat", "dog"], classes: 2 });
    expect([[...data.train.labels], [...data.test.labels]]).toEqual([[1, 0, 1], [0]]);
    const other = load(files, { test: "test.csv", labelNames: ["dog", "cat", "bird"] });
    expect(other.classes).toBe(3);
    expect([[...other.train.labels], [...other.test.labels]]).toEqual([[0, 1, 0], [1]]);
  });

  test("what should be known of the columns is told when training starts", async () => {
    const rows = Array.from({ length: 12 }, (_, k) => `${k},${(k * 7) % 5},${k % 2}`);
    const files = { "train.csv": ["id,a,y", ...rows].join("\n") };
    expect(load(files, { ignore: ["id"] })).not.toHaveProperty("notes");
    const data = load(files);
    expect(data.notes).toEqual([
      expect.stringMatching(/train\.csv: column "id" numbers the rows; .*"ignore": \["id"\]\.$/),
    ]);
    const told: string[] = [];
    await fit(mlp([2, 2]), data, {
      optimizer: { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) },
      epochs: 1,
      threads: 1,
      onWarning: (text) => told.push(text),
    });
    expect(told).toEqual(data.notes);
  });

  test("pixels of images", () => {
    const data = load(
      { "train.csv": "y,a,b,c,d\n0,0,255,0,255\n" },
      { pixels: true, shape: [1, 2, 2] },
    );
    expect(data).toMatchObject({ shape: [1, 2, 2], mean: [0.5], std: [0.5], classes: 1 });
    expect(load({ "train.csv": "y,a,b\n0,0,255\n" }, { pixels: true }).shape).toEqual([1, 1, 2]);
  });

  test.each<[string, Record<string, string>, object, RegExp]>([
    [
      "other columns in the test file",
      { "train.csv": "a,b,y\n1,2,0\n", "test.csv": "a,c,y\n1,2,0\n" },
      { test: "test.csv" },
      /test\.csv: expected the columns of .*train\.csv: "b", found "c"/,
    ],
    [
      "a test label that no training sample has",
      { "train.csv": "a,y\n1,cat\n", "test.csv": "a,y\n1,dog\n" },
      { test: "test.csv" },
      /test\.csv: sample 0: label "dog": expected one of cat/,
    ],
    [
      "a test label that is no number, as those of the training set are",
      { "train.csv": "a,y\n1,0\n", "test.csv": "a,y\n1,dog\n" },
      { test: "test.csv" },
      /test\.csv: sample 0: label "dog": expected a whole number from 0 to 65534/,
    ],
    [
      "a shape of another size",
      { "train.csv": "a,y\n1,0\n" },
      { shape: [2] },
      /train\.csv: expected samples of shape \[2\] \(2 numbers\), found 1 of \[1, 1, 1\] \(1\)/,
    ],
  ])("fault: %s", (_, files, more, message) => {
    expect(() => load(files, more)).toThrow(UnusableFileError);
    expect(() => load(files, more)).toThrow(message);
  });
});

describe("imageFolder", () => {
  function images(): string {
    const folder = temporaryFolder();
    writePng(join(folder, "train", "cat", "1.png"), 2, 1, 1, Uint8Array.of(0, 255));
    writePng(join(folder, "train", "dog", "1.png"), 2, 1, 1, Uint8Array.of(255, 0));
    writePng(join(folder, "test", "dog", "1.png"), 2, 1, 1, Uint8Array.of(9, 9));
    return folder;
  }
  const source: DataSource = { kind: "imageFolder", train: "train", test: "test" };

  test("classes by folder, the test folder's by the training folder's", () => {
    const data = loadData(source, { baseDir: images() });
    expect(data).toMatchObject({
      name: "train",
      labelNames: ["cat", "dog"],
      classes: 2,
      shape: [1, 1, 2],
      mean: [0.5],
      std: [0.5],
    });
    expect([[...data.train.labels], [...data.test.labels]]).toEqual([[0, 1], [1]]);
  });

  test("fault: a test image of another size", () => {
    const baseDir = images();
    mkdirSync(join(baseDir, "test", "cat"));
    writePng(join(baseDir, "test", "cat", "1.png"), 3, 1, 1, Uint8Array.of(9, 9, 9));
    expect(() => loadData(source, { baseDir })).toThrow(
      /test\/cat\/1\.png: expected 2 x 1 pixels .*, found 3 x 1/,
    );
  });
});

test("paths are made absolute, whatever the kind; absolute ones and other keys stay", () => {
  expect(
    resolvePaths({ kind: "csv", train: "a.csv", test: "/b.csv", label: "train" }, "/base"),
  ).toEqual({
    kind: "csv",
    train: "/base/a.csv",
    test: "/b.csv",
    label: "train",
  });
  expect(resolvePaths({ name: "mnist" }, "/base")).toEqual({ name: "mnist" });
});

test("statistics of a channel are those of its values, for bytes and floats", () => {
  const random = stream(3);
  const [channels, size, count] = [3, 7, 50];
  const bytes = Uint8Array.from({ length: channels * size * count }, () => random.integer(256));
  const floats = Float32Array.from(bytes, (x) => x * 1000 + 1e6);
  const fromBytes = channelStatistics(bytes, channels, size);
  const fromFloats = channelStatistics(floats, channels, size);
  for (let c = 0; c < channels; c++) {
    const values = [...bytes].filter((_, k) => Math.floor(k / size) % channels === c);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    expect(fromBytes.mean[c] * 255).toBeCloseTo(mean, 9);
    expect(fromBytes.std[c] * 255).toBeCloseTo(std, 9);
    expect(fromFloats.mean[c]).toBeCloseTo(mean * 1000 + 1e6, 4);
    expect(fromFloats.std[c]).toBeCloseTo(std * 1000, 4);
  }
});
