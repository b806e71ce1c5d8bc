/**
 * The `data` of recipes: every kind is read with its defaults, faults are told by key, paths start
 * from the file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { checkRecipe, loadRecipe } from "#bregman/recipes/load.js";
import { recipeJsonSchema } from "#bregman/recipes/schema.js";
import { temporaryFolder } from "../data/idx-files.js";

const base = loadRecipe("mnist-quick");
const check = (data: unknown) => checkRecipe({ ...base, data }).data;
const defaults = { validation: 0, splitSeed: 42, normalize: true };

describe("each kind, with its defaults", () => {
  test.each<[object, object]>([
    [{ name: "cifar10" }, {}],
    [{ kind: "named", name: "cifar10" }, {}],
    [{ kind: "idx", trainImages: "a", trainLabels: "b", testImages: "c", testLabels: "d" }, {}],
    [{ kind: "npy", trainInputs: "a", trainLabels: "b", channels: "last", shape: [3, 32, 32] }, {}],
    [
      { kind: "csv", train: "a", label: -1 },
      { delimiter: ",", pixels: false },
    ],
    [
      {
        kind: "csv",
        train: "a",
        test: "b",
        label: "y",
        header: true,
        delimiter: ";",
        pixels: true,
        shape: [4],
      },
      {},
    ],
    [
      { kind: "csv", train: "a", label: "y", ignore: ["id", -1] },
      { delimiter: ",", pixels: false },
    ],
    [{ kind: "idx", trainImages: "a", trainLabels: "b", channels: "first" }, {}],
    [
      {
        kind: "csv",
        train: "a",
        label: "y",
        decimal: ",",
        categories: ["zip", -1],
        missing: "median",
        missingCells: ["-"],
      },
      { delimiter: ",", pixels: false },
    ],
    [
      { kind: "csv", train: "a", label: "y", categories: "text", missing: 0 },
      { delimiter: ",", pixels: false },
    ],
    [{ kind: "imageFolder", train: "a", labelNames: ["x", "y"], mean: [0.5], std: [0.5] }, {}],
    [{ kind: "parquet", train: "a", label: "y", categories: "text", missing: "mean" }, {}],
    [{ kind: "parquet", train: "a", label: "y", image: "x", fit: "cut", shape: [3, 8, 8] }, {}],
    [{ kind: "npz", file: "a", arrays: { inputs: "x", labels: "y" }, channels: "last" }, {}],
    [{ kind: "imageFolder", train: "a", shape: [1, 8, 8], fit: "stretch" }, {}],
    [{ kind: "soundFolder", train: "a", test: "b", rate: 8000, length: 4000, std: [2] }, {}],
    [{ name: "spoken-digits", rate: 4000, length: 2000 }, {}],
  ])("%j", (data, more) => {
    expect(check(data)).toEqual({ ...defaults, ...more, ...data });
  });

  test("a task of restoration", () => {
    const task = (data: object) =>
      checkRecipe({ ...base, loss: "meanSquaredError", data: { name: "mnist", ...data } }).data;
    expect(task({ restore: {} }).restore).toEqual({ noise: 0 });
    expect(task({ restore: { blur: {}, seed: 7 } }).restore).toEqual({
      blur: { size: 9, sigma: 5 },
      noise: 0,
      seed: 7,
    });
    expect(() => task({ restore: {}, augment: {} })).toThrow(
      "data.augment: expected nothing beside data.restore",
    );
  });

  test("what holds for every kind", () => {
    const use = {
      validation: 5,
      splitSeed: 1,
      normalize: false,
      limit: 9,
      augment: { crop: 4, padding: "reflect", flip: true, cutout: 8 },
    };
    for (const data of [{ name: "mnist" }, { kind: "imageFolder", train: "a" }]) {
      expect(check({ ...data, ...use })).toEqual({ ...data, ...use });
    }
    expect(check({ name: "mnist", augment: {} })).toMatchObject({
      augment: { crop: 0, padding: "black", flip: false, cutout: 0 },
    });
  });
});

describe("faults", () => {
  test.each<[unknown, string]>([
    [{}, "data.name: missing; expected one of mnist, fashion-mnist, cifar10, spoken-digits"],
    [
      { kind: "jpeg" },
      'data.kind: expected one of named, idx, npy, npz, csv, parquet, imageFolder, soundFolder, found "jpeg"',
    ],
    [{ kind: "imagefolder" }, 'found "imagefolder" (did you mean "imageFolder"?)'],
    [{ kind: "npy", trainInputs: "a" }, "data.trainLabels: missing; expected it, or trainTargets"],
    [{ kind: "csv", train: "a" }, "data.label: missing; expected it, or targets"],
    [
      { kind: "csv", train: "a", label: 0.5 },
      "data.label: expected a column's name or index, found 0.5",
    ],
    [{ kind: "csv", train: "", label: 0 }, 'data.train: expected a path, found ""'],
    [
      { kind: "npy", trainInputs: "a", trainLabels: "b", shape: [2, 2, 2, 2] },
      "data.shape: expected [features], [channels, length] or [channels, height, width], found [2,2,2,2]",
    ],
    [
      { kind: "imageFolder", train: "a", std: [0] },
      "data.std[0]: expected a value more than 0, found 0",
    ],
    [
      { name: "mnist", augment: { crop: -1 } },
      "data.augment.crop: expected a value at least 0, found -1",
    ],
    [
      { name: "mnist", augment: { cutout: 1.5 } },
      "data.augment.cutout: expected an integer, found 1.5",
    ],
    [
      { name: "mnist", augment: { padding: "edge" } },
      'data.augment.padding: expected one of black, reflect, found "edge"',
    ],
    [
      { name: "mnist", augment: { flp: true } },
      'data.augment.flp: unknown key (did you mean "flip"?)',
    ],
    [
      { name: "mnist", restore: { blur: { size: 4 } } },
      "data.restore.blur.size: expected an odd number, found 4",
    ],
    [
      { name: "mnist", restore: { blur: { sigma: 0 } } },
      "data.restore.blur.sigma: expected a value more than 0, found 0",
    ],
    [
      { name: "mnist", restore: { noise: -1 } },
      "data.restore.noise: expected a value at least 0, found -1",
    ],
    [
      { name: "mnist", restore: { nois: 1 } },
      'data.restore.nois: unknown key (did you mean "noise"?)',
    ],
    [{ name: "mnist", label: 3 }, "data.label: unknown key"],
    [
      { kind: "idx", trainImages: "a", trainLabels: "b", testImage: "c" },
      'data.testImage: unknown key (did you mean "testImages"?)',
    ],
  ])("%j: %s", (data, message) => {
    expect(() => check(data)).toThrow(InputError);
    expect(() => check(data)).toThrow(message);
  });
});

test("paths of a recipe file start from its folder; a recipe given as an object is left as it is", () => {
  const folder = temporaryFolder();
  const data = {
    kind: "npy",
    trainInputs: "x.npy",
    trainLabels: "deep/../y.npy",
    testInputs: "/t.npy",
    testLabels: "u",
  };
  const path = join(folder, "mine.json");
  writeFileSync(path, JSON.stringify({ ...base, data }));
  expect(loadRecipe(path).data).toMatchObject({
    trainInputs: join(folder, "x.npy"),
    trainLabels: join(folder, "y.npy"),
    testInputs: "/t.npy",
    testLabels: join(folder, "u"),
  });
  expect(check(data)).toMatchObject(data);
});

test("the JSON schema offers each kind", () => {
  const { properties } = recipeJsonSchema() as {
    properties: { data: { oneOf: { properties: { kind: object } }[] } };
  };
  expect(properties.data.oneOf.map(({ properties: { kind } }) => kind)).toMatchObject(
    ["named", "idx", "npy", "npz", "csv", "parquet", "imageFolder", "soundFolder"].map((kind) => ({
      const: kind,
    })),
  );
});
