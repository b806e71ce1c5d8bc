/** Numbers to be told (targets) of archives, Parquet files and folders of images and sounds. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { loadData } from "#bregman/data/load.js";
import type { DataSource } from "#bregman/data/source.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { dataOf, fitOptionsOf } from "#bregman/runs/recipe-options.js";
import { fit } from "../support/bregman.js";
import { buildModel } from "#bregman/recipes/build.js";
import { temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const DATA = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const IRIS = join(DATA, "tables/iris-snappy.parquet");
const PETAL = ["petal length", "petal width"];

/** A folder with the photos or sounds, each named with an age and whether it is old. */
function folderOf(kind: "photos" | "sounds", table?: string): { train: string; ages: number[] } {
  const train = temporaryFolder();
  const rows: string[] = [];
  for (const name of readdirSync(join(DATA, kind)).sort()) {
    mkdirSync(join(train, name));
    for (const file of readdirSync(join(DATA, kind, name)).sort()) {
      copyFileSync(join(DATA, kind, name, file), join(train, name, file));
      rows.push(`${rows.length * 1.5},${name}/${file},${rows.length % 2}`);
    }
  }
  writeFileSync(join(train, "metadata.csv"), table ?? `age,file_name,old\n${rows.join("\n")}\n`);
  return { train, ages: rows.map((_, k) => k * 1.5) };
}

describe("Parquet", () => {
  test("columns of a table are the numbers of the same CSV columns", () => {
    const more = { ignore: ["kind"], testShare: 0.2 } as const;
    const own = loadData({ kind: "parquet", train: IRIS, targets: PETAL, ...more });
    const csv = join(DATA, "tables/iris.csv");
    const inCsv = PETAL.map((name) => `${name} (cm)`);
    const wanted = loadData({ kind: "csv", train: csv, targets: inCsv, ...more });
    const { preparation, name: _, ...read } = own;
    expect({ ...read, name: wanted.name }).toEqual({ ...wanted, targetNames: PETAL });
    expect(preparation!.table!.columns).toHaveLength(2);
    expect(own.targetNames).toEqual(PETAL);
    expect(own.test.targets).toHaveLength(60);
    expect(own.targetNormalization!.mean[0]).toBeCloseTo(3.7, 0);
  });

  test("images with numbers in another column", () => {
    const photos = join(DATA, "photos.parquet");
    const from = { kind: "parquet", train: photos, image: "image", fit: "cut" } as const;
    const data = loadData({ ...from, targets: ["label"] });
    const classes = loadData({ ...from, label: "label" });
    expect(data.train.inputs).toEqual(classes.train.inputs);
    expect([...data.train.targets!]).toEqual([...classes.train.labels]);
    expect([data.classes, data.train.labels.length]).toEqual([0, 0]);
    const few = loadData({ ...from, targets: ["label"] }, { limit: 3 });
    expect(few.train.targets).toHaveLength(3);
  });

  test.each([
    [{ targets: ["petal"] }, /there is no column "petal"/],
    [{ targets: ["kind"] }, /row 0, column "kind": expected a number to be told, found "setosa"/],
    [{ label: "kind", targets: PETAL }, /expected a label or targets, found both/],
    [{}, /expected a label or targets, found neither/],
  ])("%j", (more, message) => {
    expect(() => loadData({ kind: "parquet", train: IRIS, ...more })).toThrow(message);
  });
});

describe("archives", () => {
  const x = Float64Array.from({ length: 40 }, (_, k) => Math.sin(k));
  const y = Float64Array.from({ length: 40 }, (_, k) => 100 + Math.cos(k));
  const archive = () => {
    const file = join(temporaryFolder(), "a.npz");
    const inputs = npyBytes("<f8", [20, 2], bytesOf(x));
    const targets = npyBytes("<f8", [20, 2], bytesOf(y));
    writeFileSync(file, zipSync({ "x.npy": inputs, "y.npy": targets }));
    return file;
  };
  const arrays = { inputs: "x", targets: "y", testInputs: "x", testTargets: "y" };

  test("have the numbers of their array, for both parts", () => {
    const data = loadData({ kind: "npz", file: archive(), arrays });
    expect(data.train.targets).toEqual(Float32Array.from(y));
    expect(data.test.targets).toEqual(data.train.targets);
    expect(data.targetNormalization!.mean[0]).toBeCloseTo(100, 0);
  });

  test.each([
    [{ inputs: "x" }, /data\.arrays: expected labels or targets, found neither/],
    [{ inputs: "x", labels: "y", targets: "y" }, /expected labels or targets, found both/],
    [{ inputs: "x", targets: "y", testInputs: "x" }, /arrays\.testTargets: missing/],
    [{ ...arrays, testLabels: "y" }, /expected testTargets, as for training, found the other kind/],
    [{ inputs: "x", labels: "y" }, /expected labels of shape \[count\], found \[20, 2\]/],
  ])("%j", (names, message) => {
    const source: DataSource = { kind: "npz", file: archive(), arrays: names };
    expect(() => loadData(source)).toThrow(message);
  });
});

describe("folders with a table", () => {
  test("images, one number or several", () => {
    const { train, ages } = folderOf("photos");
    const from = { kind: "imageFolder", train, fit: "cut", shape: [3, 24, 20] } as const;
    const data = loadData({ ...from, targets: ["age"] });
    expect([...data.train.targets!]).toEqual(ages);
    expect(data.train.inputs).toEqual(
      loadData({ ...from, train: join(DATA, "photos") }).train.inputs,
    );
    const two = loadData({ ...from, targets: ["old", "age"], normalizeTargets: false });
    expect([...two.train.targets!.subarray(0, 4)]).toEqual([0, 0, 1, 1.5]);
    expect(two.targetNames).toEqual(["old", "age"]);
    expect(loadData({ ...from, targets: ["age"] }, { limit: 4 }).train.targets).toHaveLength(4);
  });

  test("sounds", () => {
    const { train, ages } = folderOf("sounds");
    const from = { kind: "soundFolder", train, rate: 8000, length: 800 } as const;
    expect([...loadData({ ...from, targets: ["age"] }).train.targets!]).toEqual(ages);
  });

  test.each([
    ["file,age\na.jpg,1\n", /metadata\.csv: there is no column "file_name" for the files/],
    ["file_name,years\na.jpg,1\n", /there is no column "age" for the targets/],
    ["file_name,age\n../a.jpg,1\n", /expected names of files in .*, found "\.\.\/a\.jpg"/],
    ["file_name,age\n/etc/a.jpg,1\n", /expected names of files in/],
    ["file_name,age\nchina/0.jpg,old\n", /row 2, column "age": expected a number, found "old"/],
    ["file_name,age\nchina/77.jpg,1\n", /could not read .*77\.jpg: there is no such file/],
  ])("%j", (table, message) => {
    const { train } = folderOf("photos", table);
    const load = () => loadData({ kind: "imageFolder", train, fit: "cut", targets: ["age"] });
    expect(load).toThrow(message);
    expect(load).not.toThrow(/\n/);
  });

  test("without a table it is one line", () => {
    const source = { kind: "imageFolder", train: join(DATA, "photos"), targets: ["age"] } as const;
    expect(() => loadData(source)).toThrow(/could not read .*metadata\.csv: there is no such file/);
  });
});

test("a recipe of each trains, by a loss of regression or of several labels", async () => {
  const images = folderOf("photos").train;
  const data = { kind: "imageFolder", train: images, shape: [1, 8, 8], fit: "cut" };
  const step = { kind: "sgd", tau: 0.01 };
  const recipeOf = (source: object, input: number[], out: number) =>
    checkRecipe({
      name: "told",
      data: source,
      model: {
        kind: "layers",
        input,
        layers: [{ kind: "flatten" }, { kind: "linear", out }].slice(input.length === 1 ? 1 : 0),
      },
      optimizer: { weights: step, biases: step },
      epochs: 2,
    });
  const told = [
    recipeOf({ ...data, targets: ["age"] }, [1, 8, 8], 1),
    recipeOf({ kind: "parquet", train: IRIS, ignore: ["kind"], targets: PETAL }, [2], 2),
  ];
  for (const recipe of told) {
    expect(recipe.loss).toBe("meanSquaredError");
    const result = await fit(buildModel(recipe.model), dataOf(recipe), {
      ...fitOptionsOf(recipe),
      threads: 1,
    });
    expect(result.epochs.at(-1)!.trainLoss).toBeLessThan(result.epochs[1].trainLoss! + 1e-9);
    expect(result.targets!.names).toHaveLength(recipe === told[0] ? 1 : 2);
  }
});
