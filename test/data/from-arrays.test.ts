import { describe, expect, test } from "vitest";
import { type ArraysOptions, type ArraysPart, fromArrays } from "#bregman/data/dataset.js";
import { BregmanError, InputError } from "#bregman/errors.js";

const inputs = Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5);
const labels = Uint8Array.of(0, 2);
const targets2 = Float32Array.of(0.5, 1);

test("defaults are filled in, arrays are used as they are", () => {
  const data = fromArrays({ shape: [3], train: { inputs, labels } });
  expect(data.train.inputs).toBe(inputs);
  expect(data.train.labels).toBe(labels);
  expect(data).toMatchObject({
    name: "arrays",
    classes: 3,
    labelNames: ["0", "1", "2"],
    shape: [1, 1, 3],
    mean: [0],
    std: [1],
    train: { count: 2 },
    test: { count: 0 },
  });
});

test("images of bytes with several channels", () => {
  const image = { inputs: new Uint8Array(12), labels: Uint8Array.of(1) };
  const data = fromArrays({
    shape: [3, 2, 2],
    classes: 2,
    mean: [0.1, 0.2, 0.3],
    std: [1, 1, 2],
    train: image,
    test: image,
  });
  expect([data.train.count, data.test.count, data.classes]).toEqual([1, 1, 2]);
});

test("targets, with or without labels", () => {
  const targets = Float32Array.of(1, 2, 3, 4);
  const one = fromArrays({ shape: [3], train: { inputs, targets } });
  expect(one.train).toEqual({ inputs, labels: new Uint8Array(0), targets, count: 2 });
  expect(one.train.targets).toBe(targets);
  expect([one.classes, one.labelNames, one.test.count]).toEqual([0, [], 0]);
  expect(one.test.targets).toHaveLength(0);
  // Its samples make the same data set again.
  expect(fromArrays({ shape: [3], train: one.train, test: one.train }).train).toEqual(one.train);
  const both = fromArrays({
    shape: [3],
    train: { inputs, labels, targets },
    test: { inputs, labels, targets },
  });
  expect([both.classes, both.test.count]).toEqual([3, 2]);
  expect(fromArrays({ shape: [3], train: { inputs, labels } }).train).not.toHaveProperty("targets");
});

test("labels may be any array of whole numbers", () => {
  const lists = [
    [2, 0],
    Int32Array.of(2, 0),
    Float64Array.of(2, 0),
    BigInt64Array.of(2n, 0n),
    Buffer.from([2, 0]),
  ];
  for (const list of lists) {
    const { train, classes } = fromArrays({ shape: [3], train: { inputs, labels: list } });
    expect([...train.labels, classes]).toEqual([2, 0, 3]);
  }
});

test("flat samples have one mean for all features, or one for each", () => {
  const of = (facts: Partial<ArraysOptions>) => {
    const { mean, std } = fromArrays({ shape: [3], train: { inputs, labels }, ...facts });
    return [mean, std];
  };
  expect(of({})).toEqual([[0], [1]]);
  expect(of({ mean: [2] })).toEqual([[2], [1]]);
  expect(of({ mean: [1, 2, 3] })).toEqual([
    [1, 2, 3],
    [1, 1, 1],
  ]);
  expect(of({ std: [1, 2, 3] })).toEqual([
    [0, 0, 0],
    [1, 2, 3],
  ]);
  expect(of({ mean: [5], std: [1, 2, 3] })).toEqual([
    [5, 5, 5],
    [1, 2, 3],
  ]);
});

test("labels that don't begin with 0 are told of", () => {
  const notes = (...labels: number[]) =>
    fromArrays({ shape: [3], train: { inputs, labels } }).notes;
  expect(notes(0, 2)).toBeUndefined();
  expect(notes(1, 2)).toEqual([
    'The labels of "arrays" go from 1 to 2, so class 0 has no samples; labels count from 0: subtract 1 if that is not meant.',
  ]);
  expect(notes(3, 5)![0]).toContain("so classes 0 to 2 have no samples");
});

describe("what does not fit is named", () => {
  const good: ArraysOptions = { shape: [3], train: { inputs, labels } };
  const wrongKind = [0, 1] as unknown as Float32Array;
  const cases: [string, ArraysOptions, typeof BregmanError, RegExp][] = [
    [
      "length",
      { ...good, shape: [2] },
      InputError,
      /train\.inputs must have 2 labels x 2 features = 4 elements, found 6/,
    ],
    [
      "targets' kind",
      { ...good, train: { inputs, labels, targets: labels as unknown as Float32Array } },
      InputError,
      /train\.targets must be a Float32Array, found Uint8Array/,
    ],
    [
      "targets' length",
      { ...good, train: { inputs, targets: new Float32Array(3) } },
      InputError,
      /train\.targets must have the same number of features for each of the 2 samples, found 3 elements/,
    ],
    [
      "targets of the test samples",
      {
        ...good,
        train: { inputs, targets: new Float32Array(4) },
        test: { inputs, targets: new Float32Array(2) },
      },
      InputError,
      /test\.targets must have as many features a sample as train\.targets: expected 2, found 1/,
    ],
    [
      "no targets of the test samples",
      { ...good, train: { inputs, targets: new Float32Array(4) }, test: { inputs, labels } },
      InputError,
      /expected 2, found 0/,
    ],
    [
      "a target that is not finite",
      { ...good, train: { inputs, targets: Float32Array.of(0, 1, NaN, 3) } },
      InputError,
      /train\.targets must be finite, found NaN at index 2 \(sample 1, feature 0\)/,
    ],
    [
      "test length",
      { ...good, test: { inputs, labels: Uint8Array.of(1) } },
      InputError,
      /test\.inputs must have 1 labels x 3 features = 3 elements, found 6/,
    ],
    [
      "inputs' kind",
      { ...good, train: { inputs: wrongKind, labels } },
      InputError,
      /train\.inputs must be a Uint8Array, a Float32Array or a Float64Array, found Array/,
    ],
    [
      "labels' kind",
      { ...good, train: { inputs, labels: 2 as unknown as number[] } },
      InputError,
      /train\.labels must be an array of whole numbers, found Number/,
    ],
    [
      "a label that is no number",
      { ...good, train: { inputs, labels: [0, "cat"] as unknown as number[] } },
      InputError,
      /train\.labels: label "cat" at index 1: labels must be whole numbers from 0 to 65534/,
    ],
    [
      "a label between two",
      { ...good, train: { inputs, labels: Float32Array.of(0, 0.5) } },
      InputError,
      /train\.labels: label 0\.5 at index 1: labels must be whole/,
    ],
    [
      "a large label",
      { ...good, train: { inputs, labels: [65535, 0] } },
      InputError,
      /label 65535 at index 0: labels must be/,
    ],
    [
      "a negative label",
      { ...good, train: { inputs, labels: [0, -1] } },
      InputError,
      /label -1 at index 1: labels must be/,
    ],
    [
      "neither labels nor targets",
      { ...good, train: { inputs } as ArraysPart },
      InputError,
      /train: expected labels, or targets, found neither/,
    ],
    [
      "labels in one part only",
      {
        ...good,
        train: { inputs, labels, targets: targets2 },
        test: { inputs, targets: targets2 },
      },
      InputError,
      /test\.labels: expected labels, as in train, found none/,
    ],
    [
      "labels in the other part only",
      {
        ...good,
        train: { inputs, targets: targets2 },
        test: { inputs, labels, targets: targets2 },
      },
      InputError,
      /test\.labels: expected none, as in train, found labels/,
    ],
    [
      "classes without labels",
      { ...good, train: { inputs, targets: targets2 }, classes: 2 },
      InputError,
      /classes is for samples with labels, found samples with targets only/,
    ],
    [
      "labels that begin with 1",
      { ...good, train: { inputs, labels: [1, 2] }, classes: 2 },
      InputError,
      /label 2 at index 1: labels must be from 0 to 1; these labels go from 1 to 2, and they count from 0: subtract 1/,
    ],
    [
      "shape",
      { ...good, shape: [3, 1, 1, 1] },
      InputError,
      /shape must be \[features\], \[channels, length\] or \[channels, height, width\] of positive integers, found \[3, 1, 1, 1\]/,
    ],
    ["empty shape", { ...good, shape: [0] }, InputError, /shape must be/],
    [
      "label",
      { ...good, classes: 2 },
      InputError,
      /train\.labels: label 2 at index 1: labels must be from 0 to 1/,
    ],
    [
      "classes",
      { ...good, classes: 70000 },
      InputError,
      /classes must be an integer from 1 to 65535, found 70000/,
    ],
    [
      "not finite",
      { ...good, train: { inputs: Float32Array.of(0, 0, 0, 0, NaN, 0), labels } },
      InputError,
      /train\.inputs must be finite, found NaN at index 4 \(sample 1, feature 1\)/,
    ],
    [
      "mean",
      { ...good, mean: [0, 0] },
      InputError,
      /mean must have one number, or one for each of the 3 features, found 2/,
    ],
    [
      "mean of an image",
      { ...good, shape: [1, 3, 1], mean: [0, 0] },
      InputError,
      /mean must have one number for each of the 1 channels, found 2/,
    ],
    [
      "std",
      { ...good, std: [0] },
      InputError,
      /std must be positive and finite numbers, found 0 at index 0/,
    ],
    [
      "names",
      { ...good, labelNames: ["a"] },
      InputError,
      /labelNames must have one name for each of the 3 classes, found 1/,
    ],
    [
      "names that are none",
      { ...good, labelNames: ["a", 1, "c"] as never },
      InputError,
      /labelNames must be texts, found Number at index 1/,
    ],
  ];
  test.each(cases)("%s", (_, options, kind, message) => {
    expect(() => fromArrays(options)).toThrow(kind);
    expect(() => fromArrays(options)).toThrow(message);
  });
});

test("inputs of training and test are of one kind", () => {
  const labels = Uint8Array.of(0, 1);
  const parts = [new Uint8Array(4), new Float32Array(4), new Float64Array(4)].map((inputs) => ({
    inputs,
    labels,
  }));
  const [bytes, single, double] = parts;
  for (const numbers of [single, double]) {
    expect(() => fromArrays({ shape: [2], train: bytes, test: numbers })).toThrow(
      new InputError(
        "test.inputs must be of the kind of train.inputs: expected bytes, found numbers",
      ),
    );
  }
  expect(fromArrays({ shape: [2], train: single, test: double }).test.count).toBe(2);
});
