/** Labels that begin with 1, as other programs count them, are told of, for every kind of data. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Dataset, fromArrays } from "#bregman/data/dataset.js";
import { fromBatches } from "#bregman/data/from-batches.js";
import { loadData } from "#bregman/data/load.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { sgd } from "#bregman/optim/sgd.js";
import { fit } from "#bregman/runs/fit.js";
import { idxBytes, temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes, writePng } from "./own-files.js";

const LABELS = [1, 2, 3, 2];
const inputs = Uint8Array.of(10, 20, 30, 20);

/** A folder with the same four samples in files of each kind, labels from 1. */
function files(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "x.idx"), idxBytes([4, 1, 1], [...inputs]));
  writeFileSync(join(folder, "y.idx"), idxBytes([4], LABELS));
  writeFileSync(join(folder, "x.npy"), npyBytes("|u1", [4, 1], inputs));
  writeFileSync(
    join(folder, "y.npy"),
    npyBytes("<i8", [4], bytesOf(BigInt64Array.from(LABELS, BigInt))),
  );
  writeFileSync(
    join(folder, "data.csv"),
    ["x,y", ...LABELS.map((y, k) => `${inputs[k]},${y}`)].join("\n"),
  );
  return folder;
}

const SOURCES: Readonly<Record<string, (folder: string) => Dataset | Promise<Dataset>>> = {
  "x.idx": (baseDir) =>
    loadData({ kind: "idx", trainImages: "x.idx", trainLabels: "y.idx" }, { baseDir }),
  "x.npy": (baseDir) =>
    loadData({ kind: "npy", trainInputs: "x.npy", trainLabels: "y.npy" }, { baseDir }),
  "data.csv": (baseDir) => loadData({ kind: "csv", train: "data.csv", label: "y" }, { baseDir }),
  arrays: () => fromArrays({ shape: [1], train: { inputs, labels: LABELS } }),
  batches: () => fromBatches({ shape: [1], train: [{ inputs, labels: LABELS }] }),
};
const optimizer = { weights: sgd(), biases: sgd() };

test.each(Object.entries(SOURCES))("%s", async (name, load) => {
  const data = await load(files());
  expect(data.classes).toBe(4);
  const notes: string[] = [];
  await fit(mlp([1, 4]), data, {
    optimizer,
    epochs: 1,
    threads: 1,
    onWarning: (text) => notes.push(text),
  });
  expect(notes).toEqual([
    `The labels of "${name}" go from 1 to 3, so class 0 has no samples; labels count from 0: subtract 1 if that is not meant.`,
  ]);
  await expect(fit(mlp([1, 3]), data, { optimizer, epochs: 1 })).rejects.toThrow(
    new InputError(
      `fit: the model has an output of [3], "${name}" has 4 classes, an output for each; these labels go from 1 to 3, and they count from 0: subtract 1`,
    ),
  );
});

test("folders of images, and texts of a table, are classes from 0 whatever they are called", () => {
  const folder = files();
  for (const name of ["1", "2"]) {
    mkdirSync(join(folder, "images", name), { recursive: true });
    writePng(join(folder, "images", name, "a.png"), 1, 1, 1, Uint8Array.of(7));
  }
  const images = loadData({ kind: "imageFolder", train: "images" }, { baseDir: folder });
  const named = {
    kind: "csv",
    train: "data.csv",
    label: "y",
    labelNames: ["1", "2", "3"],
  } as const;
  for (const data of [images, loadData(named, { baseDir: folder })]) {
    expect(data.train.labels[0]).toBe(0);
    expect(data.notes).toBeUndefined();
  }
});
