/** More than 256 classes, in every kind of file that may have them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { zipSync } from "fflate";
import { fromArrays } from "#bregman/data/dataset.js";
import { fromBatches } from "#bregman/data/from-batches.js";
import { samplesInUse } from "#bregman/data/in-use.js";
import { asLabels } from "#bregman/data/labels.js";
import { loadData } from "#bregman/data/load.js";
import { temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes, writePng } from "./own-files.js";

const COUNT = 600;
const numbers = Array.from({ length: COUNT }, (_, k) => (k * 7) % 300);
const nameOf = (label: number) => `kind ${String(label).padStart(3, "0")}`;
const inputs = Float32Array.from({ length: COUNT }, (_, k) => k);

function tableWith(labels: readonly (string | number)[]): { train: string; baseDir: string } {
  const baseDir = temporaryFolder();
  writeFileSync(join(baseDir, "a.csv"), ["x,y", ...labels.map((y, k) => `${k},${y}`)].join("\n"));
  return { train: "a.csv", baseDir };
}

describe("300 classes", () => {
  test("a CSV file with 300 categories as its label", () => {
    const { baseDir, train } = tableWith(numbers.map(nameOf));
    const data = loadData({ kind: "csv", train, label: "y" }, { baseDir });
    expect(data.classes).toBe(300);
    expect(data.labelNames[299]).toBe("kind 299");
    expect(data.train.labels).toEqual(Uint16Array.from(numbers));
  });

  test("with numbers as its label", () => {
    const { baseDir, train } = tableWith(numbers);
    const data = loadData({ kind: "csv", train, label: "y", testShare: 0.5 }, { baseDir });
    expect(data.classes).toBe(300);
    expect(data.labelNames[299]).toBe("299");
    for (const { labels, inputs: x } of [data.train, data.test])
      expect([...labels]).toEqual(Array.from(x, (k) => numbers[k]));
  });

  test("few large numbers are names, as they were", () => {
    const { baseDir, train } = tableWith([500, 1000, 70000, 500]);
    const data = loadData({ kind: "csv", train, label: "y" }, { baseDir });
    expect(data.labelNames).toEqual(["1000", "500", "70000"]);
    expect(data.train.labels).toEqual(Uint8Array.of(1, 0, 2, 1));
  });

  test(".npy and .npz files", () => {
    const folder = temporaryFolder();
    const x = npyBytes("<f4", [COUNT, 1], bytesOf(inputs));
    const y = npyBytes("<i8", [COUNT], bytesOf(BigInt64Array.from(numbers, BigInt)));
    writeFileSync(join(folder, "x.npy"), x);
    writeFileSync(join(folder, "y.npy"), y);
    writeFileSync(join(folder, "a.npz"), zipSync({ "x_train.npy": x, "y_train.npy": y }));
    const options = { baseDir: folder };
    const npy = loadData({ kind: "npy", trainInputs: "x.npy", trainLabels: "y.npy" }, options);
    expect(npy.train.labels).toEqual(Uint16Array.from(numbers));
    const few = loadData(
      { kind: "npy", trainInputs: "x.npy", trainLabels: "y.npy" },
      { ...options, limit: 100 },
    );
    expect(few.classes).toBe(300);
    expect([...few.train.labels]).toEqual(Array.from(few.train.inputs, (k) => numbers[k]));
    expect(loadData({ kind: "npz", file: "a.npz" }, options).train.labels).toEqual(
      npy.train.labels,
    );
  });

  test("folders of images", () => {
    const folder = temporaryFolder();
    for (let k = 0; k < 300; k++) {
      mkdirSync(join(folder, nameOf(k)));
      writePng(join(folder, nameOf(k), "a.png"), 1, 1, 1, Uint8Array.of(k & 255));
    }
    const data = loadData({ kind: "imageFolder", train: folder });
    expect(data.train.labels).toEqual(Uint16Array.from({ length: 300 }, (_, k) => k));
  });

  test("batches, the first of them of small labels", async () => {
    const batch = (from: number, to: number) => ({
      inputs: inputs.slice(from, to),
      labels: numbers.slice(from, to),
    });
    const data = await fromBatches({ shape: [1], train: [batch(0, 30), batch(30, 600)] });
    expect(data.train.labels).toEqual(Uint16Array.from(numbers));
  });

  test("are split by class", () => {
    const data = fromArrays({ shape: [1], train: { inputs, labels: numbers } });
    const { train, valid } = samplesInUse(data, { validation: 0.5, stratify: true });
    for (const rows of [train, valid])
      expect(Array.from(rows, (k) => numbers[k]).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 300 }, (_, k) => k),
      );
  });
});

describe("how many there may be", () => {
  test("labels up to 255 are bytes, whatever they came as", () => {
    expect(asLabels([0, 255], "y")).toEqual(Uint8Array.of(0, 255));
    expect(asLabels(Uint16Array.of(3), "y")).toEqual(Uint8Array.of(3));
    expect(asLabels([256], "y")).toEqual(Uint16Array.of(256));
  });

  test("65,535 classes, and not one more", () => {
    const train = { inputs: Float32Array.of(1, 2), labels: [0, 65534] };
    expect(fromArrays({ shape: [1], train }).classes).toBe(65535);
    expect(() => fromArrays({ shape: [1], train: { ...train, labels: [0, 65535] } })).toThrow(
      "train.labels: label 65535 at index 1: labels must be whole numbers from 0 to 65534",
    );
    expect(() => fromArrays({ shape: [1], train, classes: 65536 })).toThrow(
      "classes must be an integer from 1 to 65535, found 65536",
    );
    const { baseDir, train: file } = tableWith(
      Array.from({ length: 65536 }, (_, k) => `name ${k}`),
    );
    expect(() => loadData({ kind: "csv", train: file, label: "y" }, { baseDir })).toThrow(
      /a\.csv: expected 65535 classes at most, found 65536 different labels$/,
    );
  });
});
