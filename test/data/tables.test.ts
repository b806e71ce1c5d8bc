/**
 * Tables of real measures, with texts and gaps: what becomes of them is decided of the training
 * rows, is kept with the network, and is done to all other rows.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "#bregman/data/dataset.js";
import { loadData } from "#bregman/data/load.js";
import type { CsvSource } from "#bregman/data/source.js";
import { unlabelled, type UnlabelledOptions } from "#bregman/data/unlabelled.js";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import type { Network } from "#bregman/nn/network.js";
import type { PreparedColumn } from "#bregman/preparation.js";
import { adaBreg, fit, l1, mlp, predict } from "../support/bregman.js";
import { runCli } from "../cli/run-cli.js";
import { forCases, TIMEOUT } from "../fuzz/cases.js";
import { mutatedBytes } from "../fuzz/mutate.js";
import { temporaryFolder } from "./idx-files.js";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/data/tables/${name}`, import.meta.url));
const penguins: CsvSource = {
  kind: "csv",
  train: fixture("penguins.csv"),
  label: "species",
  categories: "text",
  missing: "mean",
};
const load = (more: Partial<CsvSource>) => loadData({ ...penguins, ...more });
const rows = readFileSync(penguins.train, "utf8").trim().split("\n").slice(1);
/** The numbers of a column that are there. */
const there = (k: number) => rows.map((row) => row.split(",")[k]).filter((cell) => cell !== "NA");

function file(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** The prepared column of a name. */
function column(data: Dataset, name: string): PreparedColumn {
  return data.preparation!.table!.columns.find((one) => one.name === name)!;
}

describe("penguins", () => {
  const data = loadData(penguins);

  test("each text is a feature of its own, sorted; a missing number is the mean", () => {
    expect(data).toMatchObject({ classes: 3, shape: [10, 1, 1] });
    expect(column(data, "island")).toEqual({
      name: "island",
      categories: ["Biscoe", "Dream", "Torgersen"],
    });
    expect(column(data, "sex").categories).toEqual(["female", "male"]);
    const mass = there(5).map(Number);
    const mean = mass.reduce((sum, x) => sum + x, 0) / mass.length;
    expect(column(data, "body_mass_g").fill).toBeCloseTo(mean, 8);
    const first = [...data.train.inputs.subarray(0, 10)];
    expect(first).toEqual([0, 0, 1, 39.1, 18.7, 181, 3750, 0, 1, 2007]);
    // The fourth row has its island and its year only.
    const fourth = [...data.train.inputs.subarray(30, 40)];
    expect([...fourth.slice(0, 3), ...fourth.slice(7)]).toEqual([0, 0, 1, 0, 0, 2007]);
    expect(fourth[6]).toBe(column(data, "body_mass_g").fill);
    expect(data.notes).toEqual([
      `${penguins.train}: missing cells of 344 rows are filled: 2 in "bill_length_mm", ` +
        '2 in "bill_depth_mm", 2 in "flipper_length_mm", 2 in "body_mass_g", 11 in "sex".',
    ]);
  });

  test("the median, a number, and rows left out", () => {
    const sorted = there(5)
      .map(Number)
      .sort((a, b) => a - b);
    expect(sorted.length).toBe(342);
    expect(column(load({ missing: "median" }), "body_mass_g").fill).toBe(
      (sorted[170] + sorted[171]) / 2,
    );
    expect(column(load({ missing: -1 }), "body_mass_g").fill).toBe(-1);
    const dropped = load({ missing: "drop" });
    expect(dropped.train.count).toBe(rows.filter((row) => !row.includes("NA")).length);
    expect(dropped.notes).toEqual([expect.stringContaining("11 of 344 rows have a missing cell")]);
  });

  test("as spreadsheets write it where decimals have a comma", () => {
    const train = fixture("penguins-semicolon.csv");
    const other = load({ train, delimiter: ";", decimal: "," });
    expect(other.train).toEqual(data.train);
    expect(other.preparation).toEqual(data.preparation);
  });

  test("other rows go the way of the training rows: their own means and texts don't count", () => {
    const names = readFileSync(penguins.train, "utf8").split("\n")[0];
    const test = file(
      "new.csv",
      `${names}\nAdelie,Atlantis,NA,20,180,3000,male,2007\nGentoo,Dream,40,?,,1,NA,2009\n`,
    );
    const { train, test: both } = load({ test });
    expect(train).toEqual(data.train);
    const { fill } = column(data, "bill_length_mm");
    const depth = column(data, "bill_depth_mm").fill;
    const flipper = column(data, "flipper_length_mm").fill;
    expect([...both.inputs]).toEqual(
      [
        [0, 0, 0, fill, 20, 180, 3000, 0, 1, 2007],
        [0, 1, 0, 40, depth, flipper, 1, 0, 0, 2009],
      ].flat(),
    );
  });

  describe("a network that has learned of them", () => {
    let network: Network;
    let accuracy: number;
    beforeAll(async () => {
      const model = mlp([10, 16, 3]);
      const optimizer = {
        weights: adaBreg({ tau: 0.01, regularizer: l1(0.01) }),
        biases: adaBreg(),
      };
      const options = {
        optimizer,
        epochs: 40,
        batchSize: 32,
        threads: 1,
        validation: 68,
        onWarning: () => {},
      };
      const { final, ...result } = await fit(model, data, options);
      accuracy = final.validAccuracy!;
      network = decodeModel(encodeModel({ model, ...result }));
    });
    const options = (csv: UnlabelledOptions["csv"] = {}): UnlabelledOptions => ({
      input: network.model.input,
      piece: 1000,
      csv: { ...csv, prepared: network.preparation?.table },
    });
    const read = (text: string, csv?: UnlabelledOptions["csv"]) => {
      const { pieces } = unlabelled(file("more.csv", text), options(csv));
      return [...pieces].flatMap(({ inputs }) => [...inputs]);
    };

    test("tells those apart that it has not seen", () => expect(accuracy).toBeGreaterThan(0.95));

    test("has in its file what it takes to read new ones: the same inputs, the same answers", async () => {
      expect(network.preparation).toEqual(data.preparation);
      const inputs = read(readFileSync(penguins.train, "utf8"));
      expect(inputs).toEqual([...data.train.inputs]);
      const [kept, own] = [Float64Array.from(inputs), data.train.inputs];
      expect(await predict(network, kept, { threads: 1 })).toEqual(
        await predict(network, own, { threads: 1 }),
      );
    });

    const four = [0, 1, 0, 1, 2, 3, 4, 1, 0, 2008];
    test.each([
      [
        "without the label",
        "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\nDream,1,2,3,4,female,2008\n",
      ],
      [
        "in another order",
        "year,sex,x,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g\n2008,female,7,Dream,1,2,3,4\n",
      ],
      ["without names", "Dream,1,2,3,4,female,2008\n"],
    ])("%s", (_, text) => expect(read(text, { headerInTraining: undefined })).toEqual(four));

    test("semicolons and commas, where they are said", () => {
      const text = "Dream;1,5;2;3;4;female;2008\n";
      expect(read(text, { delimiter: ";", decimal: "," })).toEqual(four.with(3, 1.5));
    });

    test("names that are not those of training are counted, and a text for a number is refused", () => {
      expect(() => read("island,a\nDream,1\n")).toThrow(/expected 7 columns, as many as the netw/);
      expect(() => read("Dream,one,2,3,4,female,2008\n", { header: false })).toThrow(
        /row 1, column 1: expected a number, found "one"$/,
      );
    });
  });
});

test("columns of categories by name and by index; numbers may be categories; gaps are texts", () => {
  const train = file("a.csv", "zip,a,y\n10115,,0\n20095,b,1\n10115,b,0\n");
  const source: CsvSource = { kind: "csv", train, label: "y" };
  const data = load({ ...source, missing: undefined, categories: ["zip", 1] });
  expect(data.preparation!.table).toEqual({
    columns: [
      { name: "zip", categories: ["10115", "20095"] },
      { name: "a", categories: ["", "b"] },
    ],
    missing: [],
  });
  expect([...data.train.inputs]).toEqual([1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1]);
  // A column of numbers, told by its first cell, has no texts.
  expect(() => load({ ...source, missing: "drop" })).not.toThrow();
});

test.each([
  ["iris", [4, 1, 1], ["setosa", "versicolor", "virginica"], 150],
  ["wine", [13, 1, 1], ["class_0", "class_1", "class_2"], 178],
  ["breast-cancer", [30, 1, 1], ["benign", "malignant"], 569],
] as const)("%s, as scikit-learn ships it", (name, shape, labelNames, count) => {
  const data = loadData({ kind: "csv", train: fixture(`${name}.csv`), label: "kind" });
  expect(data).toMatchObject({ shape, labelNames, train: { count } });
  expect(data).not.toHaveProperty("preparation");
});

test("a recipe trains on them, and `predict` reads new rows as its model says", async () => {
  const cwd = temporaryFolder();
  const train = fixture("penguins-semicolon.csv");
  const recipe = {
    name: "penguins",
    data: { ...penguins, train, delimiter: ";", decimal: ",", validation: 0.2 },
    model: { kind: "mlp", features: [10, 16, 3] },
    init: { weights: { density: 0.5 } },
    optimizer: {
      weights: { kind: "adaBreg", tau: 0.01, regularizer: { kind: "l1", lambda: 0.01 } },
      biases: { kind: "adaBreg", tau: 0.01 },
    },
    batchSize: 32,
    epochs: 30,
  };
  writeFileSync(join(cwd, "penguins.json"), JSON.stringify(recipe));
  const trained = await runCli(["train", "penguins.json", "--out", "run"], { cwd });
  expect(trained).toMatchObject({ code: 0, stderr: expect.stringContaining('11 in "sex".') });
  const text = readFileSync(train, "utf8");
  const kinds = rows.map((row) => row.split(",")[0]);
  const right = (stdout: string) =>
    JSON.parse(stdout).filter(({ label }: { label: string }, k: number) => label === kinds[k]);
  const asTrained = await runCli(["predict", "run", train, "--json"], { cwd });
  expect(right(asTrained.stdout).length).toBeGreaterThan(0.95 * kinds.length);
  writeFileSync(join(cwd, "comma.csv"), text.replaceAll(",", ".").replaceAll(";", ","));
  const file = "run/model.safetensors";
  writeFileSync(join(cwd, "alone.safetensors"), readFileSync(join(cwd, file)));
  for (const [model, more] of [
    ["run", ["--delimiter", ",", "--decimal", "."]],
    ["alone.safetensors", []],
  ] as const) {
    const other = await runCli(["predict", model, "comma.csv", "--json", ...more], { cwd });
    expect(other).toEqual(asTrained);
  }
});

test(
  "damaged anywhere: finite numbers for each row, or one clear line",
  () =>
    forCases("tables", (random) => {
      const bytes = mutatedBytes(random, readFileSync(penguins.train));
      const train = join(temporaryFolder(), "a.csv");
      writeFileSync(train, bytes);
      const data = load({ train, missing: random.next() < 0.5 ? "median" : "drop" });
      const features = data.shape[0];
      expect(data.train.inputs.length).toBe(data.train.count * features);
      expect(data.train.inputs.every((x) => Number.isFinite(x))).toBe(true);
      return true;
    }),
  TIMEOUT,
);

describe("faults", () => {
  const loadText = (text: string, more: object = {}) =>
    loadData({ kind: "csv", train: file("a.csv", text), label: "y", ...more });
  test.each<[string, string, object, RegExp]>([
    [
      "text",
      "a,y\nx,0\n",
      {},
      /found "x"; if its texts are categories, say "categories": \["a"\]$/,
    ],
    ["a gap", "a,y\n1,0\nNA,0\n", {}, /row 3, .* found "NA"; "missing": "mean" would fill it$/],
    ["a comma", 'a,y\n"1,5",0\n', {}, /found "1,5"; say "decimal": ","$/],
    ["a point", "a;y\n1.5;0\n", { delimiter: ";", decimal: "," }, /expected a number, found "1.5"/],
    ["text among numbers", "a,y\n1,0\nx,1\n", { categories: "text" }, /row 3, column "a"/],
    ["nothing but gaps", "a,y\n,0\n,1\n", { missing: "median" }, /column "a" has no number/],
    ["all rows left out", "a,y\n,0\n", { missing: "drop" }, /found none: each of 1 has a missing/],
    ["a label that is missing", "a,y\n1,\n", { missing: 0 }, /expected a label, found ""$/],
    [
      "as many texts as rows",
      `a,y\n${Array.from({ length: 1001 }, (_, k) => `t${k},${k % 2}`).join("\n")}`,
      { categories: "text" },
      /column "a" has 1001 different texts: expected 1000 categories at most/,
    ],
    ["another delimiter", "a;y\n1;0\n", {}, /; a delimiter ";" would split the row$/],
  ])("%s", (_, text, more, message) => {
    expect(() => loadText(text, more)).toThrow(message);
    expect(() => loadText(text, more)).toThrow(/^[^\n]*$/);
  });

  test.each<[string, object, RegExp]>([
    ["the label as categories", { categories: ["y"] }, /column "y" can't be categories: it is no/],
    ["no such column", { categories: ["b"] }, /there is no column "b" of categories/],
    ["pixels", { pixels: true, missing: 0 }, /pixels can't be categories, nor be missing/],
  ])("%s", (_, more, message) => {
    expect(() => loadText("a,y\n1,0\n", more)).toThrow(InputError);
    expect(() => loadText("a,y\n1,0\n", more)).toThrow(message);
  });

  test.each<[string, unknown, RegExp]>([
    ["no object", [], /preparation must be an object, found Array/],
    ["other features", { table: { columns: [], missing: [] } }, /expected 2 features, .* found 0/],
    [
      "a gap without a number for it",
      { table: { columns: [{ name: 0 }, { name: 1 }], missing: [""] } },
      /columns\[0\].fill must be a finite number, found undefined/,
    ],
    [
      "no texts",
      { table: { columns: [{ name: "a", categories: [1, 2] }], missing: [] } },
      /columns\[0\].categories must be a list of texts/,
    ],
  ])("of a network's file: %s", async (_, preparation, message) => {
    const inputs = Float32Array.of(0, 1, 1, 0);
    const data = { shape: [2], train: { inputs, labels: [0, 1] } };
    const { fromArrays, linBreg } = await import("../support/bregman.js");
    const optimizer = { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) };
    const model = mlp([2, 2]);
    const result = await fit(model, fromArrays(data), { optimizer, epochs: 1, threads: 1 });
    const good = { table: { columns: [{ name: 0 }, { name: 1 }], missing: [] } };
    const bytes = encodeModel({ model, ...result, preparation: good });
    const text = Buffer.from(bytes).toString("latin1");
    const [before, after] = [good, preparation].map((value) =>
      JSON.stringify(JSON.stringify(value)).slice(1, -1),
    );
    const damaged = Buffer.from(text.replace(before, after), "latin1");
    const length = Number(damaged.readBigUInt64LE(0)) + after.length - before.length;
    damaged.writeBigUInt64LE(BigInt(length), 0);
    expect(() => decodeModel(damaged)).toThrow(UnusableFileError);
    expect(() => decodeModel(damaged)).toThrow(message);
  });
});
