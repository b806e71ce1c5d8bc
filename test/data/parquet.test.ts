/** Parquet files as pyarrow writes them (scripts/data-fixtures.py): tables, and images as bytes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadData } from "#bregman/data/load.js";
import { withParquet } from "#bregman/data/parquet.js";
import type { CsvSource, ParquetSource } from "#bregman/data/source.js";
import { unlabelled, type UnlabelledOptions } from "#bregman/data/unlabelled.js";
import { UnusableFileError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { fit, mlp, sgd } from "../support/bregman.js";
import { forCases, TIMEOUT } from "../fuzz/cases.js";
import { mutatedBytes, pick } from "../fuzz/mutate.js";
import { temporaryFolder } from "./idx-files.js";

const path = (name: string) => fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
const load = (name: string, more: Partial<ParquetSource> = {}) =>
  loadData({ kind: "parquet", train: path(`${name}.parquet`), label: "kind", ...more });
const csv = (name: string, more: Partial<CsvSource> = {}) =>
  loadData({ kind: "csv", train: path(`tables/${name}.csv`), label: "kind", ...more });
const penguins = { label: "species", categories: "text", missing: "mean" } as const;
const photos = { label: "label", image: "image", shape: [3, 24, 20], fit: "cut" } as const;

describe("tables", () => {
  test.each(["none", "snappy", "gzip"])("iris, packed by %s, is that of CSV", (packed) => {
    const [own, wanted] = [load(`tables/iris-${packed}`), csv("iris")];
    expect(own.train).toEqual(wanted.train);
    expect([own.shape, own.mean, own.std, own.labelNames]).toEqual([
      wanted.shape,
      wanted.mean,
      wanted.std,
      wanted.labelNames,
    ]);
  });

  test("penguins, with texts and gaps, are those of CSV", () => {
    const [own, wanted] = [load("tables/penguins", penguins), csv("penguins", penguins)];
    expect(own.train).toEqual(wanted.train);
    expect(own.preparation).toEqual(wanted.preparation);
    expect(own.notes).toEqual([expect.stringMatching(/missing cells of 344 .* 11 in "sex"\.$/)]);
    const [dropped, without] = [
      load("tables/penguins", { ...penguins, missing: "drop", ignore: ["year"] }),
      csv("penguins", { ...penguins, missing: "drop", ignore: ["year"] }),
    ];
    expect(dropped.train).toEqual(without.train);
    expect(dropped.train.count).toBe(333);
  });

  test("a test file goes the way of the training file", () => {
    const test = path("tables/penguins.parquet");
    const data = load("tables/penguins", { ...penguins, test });
    expect(data.test.inputs).toEqual(data.train.inputs);
  });

  test("predict finds the columns by their names, in Parquet and in CSV", async () => {
    const data = load("tables/penguins", penguins);
    const model = mlp([10, 3]);
    const optimizer = { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) };
    const options = { optimizer, epochs: 1, threads: 1, onWarning: () => {} };
    const result = await fit(model, data, options);
    const network = decodeModel(encodeModel({ model, ...result }));
    const read = (name: string, csvOptions: UnlabelledOptions["csv"] = {}) => {
      const table = { ...csvOptions, prepared: network.preparation?.table };
      const { pieces } = unlabelled(path(name), { input: [10], piece: 100, csv: table });
      return [...pieces].flatMap(({ inputs }) => [...inputs]);
    };
    expect(read("tables/penguins.parquet")).toEqual([...data.train.inputs]);
    expect(read("tables/penguins.csv")).toEqual([...data.train.inputs]);
    expect(() => read("tables/iris-none.parquet")).toThrow(/there is no column "island"/);
  });
});

describe("images as bytes, as Hugging Face has them", () => {
  test("are those of the files, with the classes that the file names", () => {
    const data = load("photos", photos);
    const folder = loadData({
      kind: "imageFolder",
      train: path("photos"),
      shape: [3, 24, 20],
      fit: "cut",
    });
    expect(data.train).toEqual(folder.train);
    expect(data.labelNames).toEqual(["china", "flower"]);
    expect(data.preparation).toEqual(folder.preparation);
    expect([data.mean, data.std]).toEqual([folder.mean, folder.std]);
  });

  test("a limit decodes no more than it uses", () => {
    const train = path("photos.parquet");
    const source: ParquetSource = { kind: "parquet", train, ...photos };
    const few = loadData(source, { limit: 4, validation: 2 });
    expect(few.train.count).toBe(6);
    const wanted = loadData(
      { kind: "imageFolder", train: path("photos"), shape: [3, 24, 20], fit: "cut" },
      { limit: 4, validation: 2 },
    );
    expect(few.train).toEqual(wanted.train);
  });

  test("predict takes the column of images", () => {
    const { train, preparation } = load("photos", photos);
    const options = { input: [3, 24, 20], piece: 5, image: preparation!.image };
    const all = [...unlabelled(path("photos.parquet"), options).pieces];
    expect(all.flatMap(({ inputs }) => [...inputs])).toEqual([...train.inputs]);
    expect(all.flatMap(({ names }) => names)).toEqual([...Array(12).keys()].map(String));
    const bytes = { where: "standard input", bytes: readFileSync(path("photos.parquet")) };
    expect([...unlabelled(bytes, options).pieces][0]).toEqual(all[0]);
  });
});

describe("faults", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "another label",
      () => load("tables/iris-none", { label: "kin" }),
      /there is no column "kin" \(did you mean "kind"\?\); columns: sepal length, /,
    ],
    [
      "text",
      () => load("tables/penguins", { label: "species" }),
      /column "island": expected numbers, found texts; "categories": \["island"\] takes them$/,
    ],
    [
      "gaps",
      () => load("tables/penguins", { ...penguins, missing: undefined }),
      /row 3, column "bill_length_mm": it has no value; "missing": "mean" would fill it$/,
    ],
    [
      "images in a table",
      () => load("photos", { label: "label" }),
      /column "image": expected numbers, found images; ignore it$/,
    ],
    [
      "no images",
      () => load("photos", { ...photos, image: "label" }),
      /column "label": expected images, found numbers$/,
    ],
    [
      "other sizes",
      () => load("photos", { ...photos, fit: undefined, shape: undefined }),
      /row 1: expected .* pixels \(as the first\), found .*; "fit": "cut" takes/,
    ],
    [
      "labels that are texts",
      () => load("photos", { ...photos, label: "image" }),
      /row 0: expected a label, a whole number from 0 to 65534/,
    ],
    [
      "of a flat shape",
      () => load("photos", { ...photos, shape: [9] }),
      /expected a shape \[channels, height, width\] for images, found \[9\]$/,
    ],
    [
      "a table without training",
      () => unlabelled(path("tables/iris-none.parquet"), { input: [4], piece: 9 }),
      /for a network whose file does not name its columns$/,
    ],
  ])("%s: one line", (_, read, message) => {
    expect(read).toThrow(message);
    expect(read).toThrow(/^[^\n]*$/);
  });

  const whole = readFileSync(path("tables/iris-snappy.parquet"));
  const file = (bytes: Uint8Array) => {
    const name = join(temporaryFolder(), "a.parquet");
    writeFileSync(name, bytes);
    return name;
  };
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /damaged Parquet file \(it has 0 bytes\)$/],
    ["cut short", whole.subarray(0, 2000), /damaged Parquet file \(its end is missing\)$/],
    ["its beginning gone", whole.subarray(1500), /damaged Parquet file/],
  ])("%s: one line", (_, bytes, message) => {
    const train = file(bytes);
    const read = () => loadData({ kind: "parquet", train, label: "kind" });
    expect(read).toThrow(UnusableFileError);
    expect(read).toThrow(message);
  });

  test(
    "damaged anywhere: as many values as rows, or one clear line",
    () =>
      forCases("parquet", (random) => {
        const name = pick(random, ["tables/iris-gzip", "tables/penguins", "photos"]);
        const bytes = mutatedBytes(random, readFileSync(path(`${name}.parquet`)));
        withParquet({ where: "a", bytes }, (opened) => {
          for (const column of opened.columns) {
            if (column.kind !== "other") expect(opened.read(column).length).toBe(opened.rows);
          }
        });
        return true;
      }),
    TIMEOUT,
  );
});
