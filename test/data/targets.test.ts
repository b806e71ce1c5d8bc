/** Files with targets: columns of a table, .npy beside inputs. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadData } from "#bregman/data/load.js";
import type { DataSource } from "#bregman/data/source.js";
import { BregmanError } from "#bregman/errors.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { npyBytes } from "./own-files.js";

/** Of numbers, as they are in memory. */
const npy = (descr: string, shape: readonly number[], numbers: Float32Array | Float64Array) =>
  npyBytes(descr, shape, new Uint8Array(numbers.buffer));

const folder = mkdtempSync(join(tmpdir(), "bregman-targets-"));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const rows = ["size,rooms,price,age,rent", "50,2,100,30,5", "80,3,180,10,8", "65,2,150,20,7"];
const table = file("homes.csv", rows.join("\n"));

describe("columns of a table", () => {
  test("are told in the order of their names, and are no features", () => {
    const data = loadData({
      kind: "csv",
      train: table,
      targets: ["rent", "price"],
      ignore: ["age"],
    });
    expect(data.targetNames).toEqual(["rent", "price"]);
    expect([...data.train.targets!]).toEqual([5, 100, 8, 180, 7, 150]);
    expect(data.shape).toEqual([2, 1, 1]);
    expect([...data.train.inputs]).toEqual([50, 2, 80, 3, 65, 2]);
    expect(data.classes).toBe(0);
    const { mean, std } = data.targetNormalization!;
    expect(mean[1]).toBeCloseTo(430 / 3, 10);
    expect(std[0]).toBeCloseTo(
      Math.sqrt(((5 - 20 / 3) ** 2 + (8 - 20 / 3) ** 2 + (1 / 3) ** 2) / 3),
      10,
    );
  });

  test("stay as they are where that is said", () => {
    const source = { kind: "csv", train: table, targets: [-1], normalizeTargets: false } as const;
    const { targetNormalization, targetNames } = loadData(source);
    expect(targetNormalization).toBeUndefined();
    expect(targetNames).toEqual(["rent"]);
  });

  test("of rows with missing cells are left out with the row, and never filled", () => {
    const train = file("gaps.csv", "a,b,y\n1,NA,3\n2,5,NA\n4,6,8\n5,7,9");
    const read = (missing: "drop" | "mean") =>
      loadData({ kind: "csv", train, targets: ["y"], missing });
    const dropped = read("drop");
    expect([...dropped.train.targets!]).toEqual([8, 9]);
    expect(() => read("mean")).toThrow(
      'gaps.csv: row 3, column "y": expected a number, found "NA"',
    );
  });
});

test.each<[object, string]>([
  [{ targets: ["cost"] }, 'there is no column "cost" for the targets'],
  [{ targets: ["price", "price"] }, 'column "price" is a target twice'],
  [{ targets: ["price"], ignore: ["price"] }, `column "price" can't be a target and be ignored`],
  [{ targets: ["price"], label: "rent" }, "expected a label or targets, found both"],
  [{}, "expected a label or targets, found neither"],
  [{ targets: ["price"], labelNames: ["a"] }, "labelNames is for samples with labels"],
  [
    { targets: ["size", "rooms", "price", "age", "rent"] },
    "expected targets and one number or more in each row",
  ],
])("%o is one clear error", (options, message) => {
  const load = () => loadData({ kind: "csv", train: table, ...options } as DataSource);
  expect(load).toThrow(BregmanError);
  expect(load).toThrow(message);
});

test("the test table must have the same columns", () => {
  const other = file("other.csv", "size,floors,price\n1,2,3");
  const train = file("some.csv", "size,rooms,price\n1,2,3");
  const load = () => loadData({ kind: "csv", train, test: other, targets: ["price"] });
  expect(load).toThrow("expected the columns of");
});

describe(".npy", () => {
  const inputs = file("x.npy", npy("<f4", [4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  const one = file("y.npy", npy("<f8", [4], Float64Array.of(0.5, 1.5, 2.5, 3.5)));
  const two = file("y2.npy", npy("<f4", [4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)));

  test("targets are [count] or [count, features]", () => {
    const [a, b] = [one, two].map((trainTargets) =>
      loadData({ kind: "npy", trainInputs: inputs, trainTargets }),
    );
    expect([...a.train.targets!]).toEqual([0.5, 1.5, 2.5, 3.5]);
    expect(b.train.targets).toHaveLength(8);
    expect(b.targetNormalization!.mean).toEqual([4, 5]);
    expect(b.targetNames).toBeUndefined();
  });

  test("with a limit those of the same samples are read", () => {
    const source = { kind: "npy", trainInputs: inputs, trainTargets: two } as const;
    const { train } = loadData(source, { limit: 2, validation: 1 });
    expect(train.count).toBe(3);
    expect([...train.targets!]).toEqual([...train.inputs]);
  });

  test.each<[object, string]>([
    [{ trainLabels: one, trainTargets: one }, "expected trainLabels or trainTargets, found both"],
    [{}, "expected trainLabels or trainTargets, found neither"],
    [{ trainTargets: one, testInputs: inputs, testLabels: one }, "expected testTargets"],
    [{ trainTargets: one, testInputs: inputs }, "data.testTargets: missing"],
    [
      { trainTargets: file("nan.npy", npy("<f4", [4], Float32Array.of(1, NaN, 3, 4))) },
      "targets must be finite in float32, found NaN at index 1",
    ],
    [
      { trainTargets: file("few.npy", npy("<f4", [3], Float32Array.of(1, 2, 3))) },
      "counts must be equal",
    ],
  ])("%o is one clear error", (options, message) => {
    const load = () =>
      loadData({ kind: "npy", trainInputs: inputs, ...options } as unknown as DataSource);
    expect(load).toThrow(BregmanError);
    expect(load).toThrow(message);
  });
});

describe("recipes", () => {
  const recipe = (data: object, more: object = {}) => ({
    name: "homes",
    data: { kind: "csv", train: "homes.csv", ...data },
    model: { kind: "mlp", features: [4, 8, 1] },
    optimizer: { weights: { kind: "sgd", tau: 0.1 }, biases: { kind: "sgd", tau: 0.1 } },
    epochs: 1,
    ...more,
  });

  test("the loss follows the data", () => {
    expect(checkRecipe(recipe({ targets: ["price"] }), "r").loss).toBe("meanSquaredError");
    expect(checkRecipe(recipe({ label: "rent" }), "r").loss).toBe("crossEntropy");
  });

  test.each<[object, object, string]>([
    [{}, {}, "data.label: missing; expected it, or targets"],
    [{ label: "rent", targets: ["price"] }, {}, "data.targets: expected none beside label"],
    [{ targets: [] }, {}, "data.targets: expected at least 1 elements"],
    [{ targets: ["price"] }, { loss: "crossEntropy" }, "loss: expected"],
    [
      { label: "rent" },
      { loss: "meanSquaredError" },
      "data.restore: missing; expected it, or targets",
    ],
    [{ targets: ["price"], restore: {} }, {}, "data.restore: expected none beside targets"],
    [{ targets: ["price"] }, { labelSmoothing: 0.1 }, "labelSmoothing: expected it with"],
  ])("%o %o", (data, more, message) => {
    expect(() => checkRecipe(recipe(data, more), "r")).toThrow(message);
  });
});
