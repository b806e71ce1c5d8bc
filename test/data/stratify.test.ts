/** Parts held out by their shares: of each class as many as its share, by a seed. */
import { describe, expect, test } from "vitest";
import { type AnySamples, fromArrays } from "#bregman/data/dataset.js";
import { samplesInUse } from "#bregman/data/in-use.js";
import { loadData } from "#bregman/data/load.js";
import type { DataSource } from "#bregman/data/source.js";
import { stratifiedSplit } from "#bregman/data/split.js";
import { channelStatistics } from "#bregman/data/statistics.js";
import { BregmanError, InputError } from "#bregman/errors.js";
import type { Inputs } from "#bregman/inputs.js";
import { stream } from "#bregman/random.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { dataOf, fitOptionsOf } from "#bregman/runs/recipe-options.js";

const IRIS = "test/fixtures/data/tables/iris.csv";
const DIABETES = "test/fixtures/data/tables/diabetes.csv";
const countsOf = (
  labels: ArrayLike<number> & { keys(): Iterable<number> },
  rows: ArrayLike<number>,
) => {
  const counts = new Map<number, number>();
  for (const row of Array.from(rows)) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
  return counts;
};

describe("stratifiedSplit", () => {
  test.each([
    [10, 3],
    [57, 19],
    [100, 1],
    [240, 100],
    [31, 30],
  ])("of %i samples %i: each class by its share, to less than a sample", (count, held) => {
    const random = stream(count, "labels");
    // Classes of very different sizes.
    const labels = Uint8Array.from({ length: count }, () => Math.floor(6 * random.uniform() ** 2));
    const { train, valid } = stratifiedSplit(labels, held, stream(1, "split"));
    expect([...train, ...valid].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    expect(valid).toHaveLength(held);
    const found = countsOf(labels, valid);
    for (const [label, all] of countsOf(labels, labels.keys() as unknown as number[])) {
      expect(Math.abs((found.get(label) ?? 0) - (all * held) / count)).toBeLessThan(1);
    }
  });

  test("follows from the seed, and is in no order of labels", () => {
    const labels = Uint8Array.from({ length: 90 }, (_, k) => Math.floor(k / 30));
    const [a, b, c] = [1, 1, 2].map((seed) => stratifiedSplit(labels, 30, stream(seed, "split")));
    expect(a).toEqual(b);
    expect(a.valid).not.toEqual(c.valid);
    expect(a.train.map((row) => labels[row])).not.toEqual(
      a.train.map((row) => labels[row]).sort((x, y) => x - y),
    );
  });
});

describe("iris", () => {
  const recipe = checkRecipe(
    {
      name: "iris",
      data: {
        kind: "csv",
        train: IRIS,
        label: "kind",
        testShare: 0.2,
        validation: 0.25,
        stratify: true,
      },
      model: { kind: "mlp", features: [4, 8, 3] },
      optimizer: { weights: { kind: "sgd", tau: 0.1 }, biases: { kind: "sgd", tau: 0.1 } },
      epochs: 1,
    },
    "iris",
  );
  const data = dataOf(recipe);
  const whole = loadData({ kind: "csv", train: IRIS, label: "kind" });

  test("ten of each class to test, ten to validate, thirty to train", () => {
    expect([data.train.count, data.test.count]).toEqual([120, 30]);
    expect([...countsOf(data.test.labels, data.test.labels.keys() as never).values()]).toEqual([
      10, 10, 10,
    ]);
    const { valid, train } = samplesInUse(data, fitOptionsOf(recipe));
    expect([...countsOf(data.train.labels, valid).values()]).toEqual([10, 10, 10]);
    expect([...countsOf(data.train.labels, train).values()]).toEqual([30, 30, 30]);
  });

  test("each sample is in one part, and normalised by those to train with", () => {
    const rowsOf = ({ inputs }: AnySamples) =>
      Array.from({ length: inputs.length / 4 }, (_, k) =>
        Array.from({ length: 4 }, (_one, j) => (inputs as Inputs)[4 * k + j]).join(),
      );
    expect([...rowsOf(data.train), ...rowsOf(data.test)].sort()).toEqual(
      rowsOf(whole.train).sort(),
    );
    const { train } = samplesInUse(data, fitOptionsOf(recipe));
    const { mean } = channelStatistics(data.train.inputs, 4, 1, train.toSorted());
    expect(data.mean).toEqual(mean);
    expect(data.mean).not.toEqual(whole.mean);
  });

  test("another seed draws others; without stratify there are as many as of all", () => {
    const source = { kind: "csv", train: IRIS, label: "kind", testShare: 30 } as const;
    const [a, b] = [1, 2].map((splitSeed) => loadData(source, { splitSeed, stratify: true }));
    expect(a.test.inputs).not.toEqual(b.test.inputs);
    const plain = loadData(source);
    expect(plain.test.count).toBe(30);
    expect([
      ...countsOf(plain.test.labels, plain.test.labels.keys() as never).values(),
    ]).not.toEqual([10, 10, 10]);
  });
});

test("targets have a test share too, and their units are those of the others", () => {
  const source = { kind: "csv", train: DIABETES, targets: ["progression"] } as const;
  const { train, test: held, targetNormalization } = loadData({ ...source, testShare: 0.1 });
  expect([train.count, held.count]).toEqual([398, 44]);
  const { mean } = channelStatistics(train.targets!, 1, 1);
  expect(targetNormalization!.mean).toEqual(mean);
});

test.each<[object, object, string]>([
  [{ testShare: 1.5 }, {}, "testShare must be a whole number of samples, or a share"],
  [{ testShare: 150 }, {}, "could not hold out 150 of 150 samples for test"],
  [{ testShare: 0 }, {}, "testShare must be above 0"],
  [{ testShare: 0.2, test: IRIS }, {}, "data.testShare: expected no test file beside it"],
  [{ testShare: 0.2 }, { limit: 50 }, "data.testShare: expected no limit beside it"],
])("%o %o is one clear error", (more, options, message) => {
  const source = { kind: "csv", train: IRIS, label: "kind", ...more } as DataSource;
  const load = () => loadData(source, options);
  expect(load).toThrow(BregmanError);
  expect(load).toThrow(message);
});

test("stratify is for labels, and for all samples", () => {
  const inputs = new Float32Array(4);
  const numbers = fromArrays({ shape: [1], train: { inputs, targets: inputs } });
  const some = fromArrays({ shape: [1], train: { inputs, labels: [0, 1, 0, 1] } });
  const stratify = true;
  expect(() => samplesInUse(numbers, { validation: 2, stratify })).toThrow("stratify needs labels");
  const limited = () => samplesInUse(some, { validation: 2, limit: 1, stratify });
  expect(limited).toThrow(InputError);
  expect(limited).toThrow("expected no limit beside it");
});
