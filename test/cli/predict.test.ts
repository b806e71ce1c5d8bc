/** `bregman predict`: samples of every kind in, classes or numbers out, as table, CSV and JSON. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import Papa from "papaparse";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, saveModel } from "#bregman/export/model-file.js";
import { predict } from "#bregman/predict/predict.js";
import { npyBytes } from "../data/own-files.js";
import { type CliOptions, runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData(400, 2500);
const images = join(data, "t10k-images-idx3-ubyte");
const pixels = new Uint8Array(readFileSync(images).subarray(16));
const image = (k: number) => pixels.slice(784 * k, 784 * (k + 1));
const folder = temporaryFolder();
const [run, restored, flowers] = ["run", "restored", "flowers"].map((name) => join(folder, name));
const model = join(run, "model.safetensors");

/** What the command prints, and that it ended well. */
async function output(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCli(["predict", ...args], { cwd: folder, ...options });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

interface Told {
  readonly name: string;
  readonly class: number;
  readonly label: string;
  readonly probability: number;
  readonly top?: readonly Omit<Told, "name">[];
}
const json = async (args: readonly string[], options?: CliOptions) =>
  JSON.parse(await output([...args, "--json"], options)) as Told[];
const classes = (told: readonly Told[]) => told.map((one) => one.class);
const write = (name: string, content: Uint8Array | string) => {
  writeFileSync(join(folder, name), content);
  return name;
};

/** Two clouds; the labels are texts, and a column numbers the rows. */
const flower = (k: number): number[] => [(k % 2) * 3 + (k % 5) / 10, 1 - (k % 2) + (k % 7) / 10];
const kinds = ["aster, blue", "rose"];

beforeAll(async () => {
  const rows = Array.from({ length: 120 }, (_, k) => [k, ...flower(k), kinds[k % 2]]);
  const csv = write("flowers.csv", Papa.unparse([["id", "a", "b", "kind"], ...rows]));
  const table = { kind: "csv", train: join(folder, csv), label: "kind", ignore: ["id"] };
  const adam = { kind: "adam", tau: 0.05 };
  const recipes: readonly (readonly [string, string])[] = [
    [tinyRecipe({ epochs: 6 }), run],
    [
      tinyRecipe({
        data: { name: "mnist", validation: 50, restore: { noise: 0.05 }, normalize: false },
        model: { kind: "layers", input: [784], layers: [{ kind: "linear", out: 784 }] },
        loss: "meanSquaredError",
        epochs: 1,
      }),
      restored,
    ],
    [
      tinyRecipe({
        data: { ...table, validation: 0 },
        model: { kind: "mlp", features: [2, 8, 2] },
        optimizer: { weights: adam, biases: adam },
        epochs: 30,
      }),
      flowers,
    ],
  ];
  for (const [recipe, out] of recipes) {
    const own = out === flowers ? [] : ["--data-dir", data];
    const { code, stderr } = await runCli([
      "train",
      recipe,
      "--out",
      out,
      "--threads",
      "1",
      ...own,
    ]);
    expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
  }
}, 120_000);

describe("a classifier", { timeout: 60_000 }, () => {
  it("tells classes and their probabilities, those of predict's logits", async () => {
    const told = await json([run, images, "--top", "3"]);
    const logits = await predict(loadModel(model), pixels);
    expect(told).toHaveLength(2500);
    told.forEach(({ name, top, ...first }, k) => {
      const mine = logits.subarray(10 * k, 10 * k + 10);
      const shares = Array.from(mine, (z) => Math.exp(z));
      const sum = shares.reduce((a, b) => a + b);
      expect(name).toBe(String(k));
      expect(top).toHaveLength(3);
      expect(top![0]).toEqual(first);
      for (const one of top!) {
        expect(one.label).toBe(String(one.class));
        expect(one.probability).toBeCloseTo(shares[one.class] / sum, 5);
      }
      expect(first.probability).toBe(Math.max(...top!.map(({ probability }) => probability)));
    });
    const right = told.filter((one, k) => one.class === k % 10).length / told.length;
    expect(right).toBeGreaterThan(0.9);
  });

  it("says the same as a table, as CSV and as JSON", async () => {
    const some = write("some.npy", npyBytes("|u1", [12, 28, 28], pixels.slice(0, 12 * 784)));
    const told = await json([run, some, "--top", "2"]);
    const table = (await output([run, some, "--top", "2"])).trimEnd().split("\n");
    expect(table[0].trim().split(/ {2,}/)).toEqual([
      "sample",
      "label",
      "probability",
      "label",
      "probability",
    ]);
    table.slice(1).forEach((line, k) => {
      const cells = told[k].top!.flatMap((one) => [
        one.label,
        `${(100 * one.probability).toFixed(2)} %`,
      ]);
      expect(line.trim().split(/ {2,}/)).toEqual([told[k].name, ...cells]);
    });
    expect(new Set(table.slice(1).map((line) => line.length)).size).toBe(1);
    const { data: csv } = Papa.parse<Record<string, string>>(
      await output([run, some, "--top", "2", "--csv"]),
      { header: true, skipEmptyLines: true },
    );
    expect(
      csv.map((row) => [row.name, Number(row.class), row.label, Number(row.probability)]),
    ).toEqual(told.map((one) => [one.name, one.class, one.label, one.probability]));
    expect(csv.map((row) => Number(row.probability2))).toEqual(
      told.map((one) => one.top![1].probability),
    );
    expect(await json([run, some, "--top", "99"]).then(([one]) => one.top)).toHaveLength(10);
  });

  it("takes every kind of file, folders and standard input, several at once", async () => {
    const count = 4;
    const some = pixels.slice(0, count * 784);
    mkdirSync(join(folder, "pictures", "one"), { recursive: true });
    const png = (k: number) =>
      encode({ width: 28, height: 28, channels: 1, depth: 8, data: image(k) });
    for (let k = 0; k < count; k++)
      write(k < 2 ? `pictures/${k}.png` : `pictures/one/${k}.png`, png(k));
    const npy = npyBytes("|u1", [count, 784], some);
    const text = Array.from({ length: count }, (_, k) => image(k).join()).join("\n");
    const expected = (await json([model, images])).slice(0, count);
    const files: readonly (readonly [string[], (Uint8Array | string)?])[] = [
      [[write("a.npy", npy)]],
      [[write("a.npy.gz", gzipSync(npy))]],
      [[write("a.csv", text), "--pixels"]],
      [["pictures"]],
      [["-"], npy],
      [["-"], gzipSync(npy)],
      [["-", "--pixels"], text],
    ];
    for (const [args, input] of files) {
      const told = await json([run, ...args, "--backend", "wasm", "--threads", "1"], { input });
      expect(classes(told)).toEqual(classes(expected));
      told.forEach((one, k) => expect(one.probability).toBeCloseTo(expected[k].probability, 4));
    }
    const all = await json([run, "pictures", "a.npy", "pictures/1.png", "-"], { input: png(3) });
    expect(all.map(({ name }) => name)).toEqual([
      ...["0.png", "1.png", "one/2.png", "one/3.png"].map((name) => `pictures/${name}`),
      "a.npy:0",
      "a.npy:1",
      "a.npy:2",
      "a.npy:3",
      "pictures/1.png",
      "standard input",
    ]);
    expect(classes(all)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 1, 3].map((k) => expected[k].class));
  });

  it("ends well when nobody reads on", async () => {
    const many = Array.from({ length: 40 }, () => images);
    const { code, stderr } = await runCli(["predict", run, ...many, "--csv"], {
      readUntil: /\n1,/,
    });
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("without names tells its outputs, and says so once", async () => {
    const { labelNames: _, ...network } = loadModel(model);
    const unnamed = join(folder, "unnamed.safetensors");
    saveModel(unnamed, network);
    const { code, stdout, stderr } = await runCli(["predict", unnamed, images, "--json"]);
    expect([code, stderr]).toEqual([
      0,
      `${unnamed} has no names of classes: these are the network's outputs as they are\n`,
    ]);
    const told = JSON.parse(stdout) as { outputs: number[] }[];
    const logits = await predict(network, pixels);
    expect(told[7].outputs).toHaveLength(10);
    told[7].outputs.forEach((z, k) => expect(z).toBeCloseTo(logits[70 + k], 3));
  });
});

describe("a table's classifier", { timeout: 60_000 }, () => {
  const few = Array.from({ length: 6 }, (_, k) => flower(k + 200));
  const labels = few.map((_, k) => kinds[k % 2]);
  const bare = few.map((row) => row.join()).join("\n");

  it("leaves out what training left out, if it is there", async () => {
    const whole = [["id", "a", "kind", "b"], ...few.map(([a, b], k) => [k, a, "?", b])];
    for (const input of [Papa.unparse(whole), `a,b\n${bare}`, bare]) {
      const told = await json([flowers, "-"], { input });
      expect(told.map(({ label }) => label)).toEqual(labels);
    }
    const { data: csv } = Papa.parse(await output([flowers, "-", "--csv"], { input: bare }), {
      header: true,
      skipEmptyLines: true,
    });
    expect(csv).toMatchObject(labels.map((label, k) => ({ name: String(k), label })));
  });

  it("alone in a file leaves out what it is told to", async () => {
    const alone = join(folder, "alone.safetensors");
    saveModel(alone, loadModel(join(flowers, "model.safetensors")));
    const rows = few.map(([a, b], k) => [`n${k}`, a, b, "x"].join(";")).join("\n");
    const input = `id;a;b;kind\n${rows}\n`;
    const shared = ["--delimiter", ";", "--json"];
    const named = [alone, "-", "--label", "kind", "--ignore", "id", ...shared];
    const placed = [alone, "-", "--no-header", "--label", "-1", "--ignore", "0", ...shared];
    for (const [args, text] of [
      [named, input],
      [placed, rows],
    ] as const) {
      const told = JSON.parse(await output(args, { input: text })) as Told[];
      expect(told.map(({ label }) => label)).toEqual(labels);
    }
  });
});

describe("a network that does not classify", { timeout: 60_000 }, () => {
  it("tells its numbers, with all digits where they are not read by eye", async () => {
    const one = write("one.npy", npyBytes("|u1", [28, 28], image(5)));
    const [told] = JSON.parse(await output([restored, one, "--json"])) as { outputs: number[] }[];
    const csv = (await output([restored, one, "--csv"])).trim().split("\n");
    expect(csv.map((line) => line.split(",").length)).toEqual([785, 785]);
    expect(csv[0].startsWith("name,output0,output1,")).toBe(true);
    expect(csv[1].split(",").slice(1).map(Number)).toEqual(told.outputs);
    const table = (await output([restored, one])).split("\n");
    expect(table[1].trim().split(/ {2,}/).slice(1, 9)).toEqual(
      told.outputs.slice(0, 8).map((x) => x.toPrecision(6)),
    );
    expect(table[2]).toBe("  (776 more outputs: --csv and --json have all)");
  });
});

describe("what can't be is one line", { timeout: 60_000 }, () => {
  it.each<[string, () => string[], string]>([
    ["no run", () => ["nowhere", images], "cannot read a network from nowhere: there is no such"],
    ["no model", () => [images, images], "not safetensors"],
    ["no inputs", () => [run], "missing required argument 'inputs'"],
    ["no file", () => [run, images, "nothing.npy"], "could not read nothing.npy: there is no such"],
    [
      "labels",
      () => [run, join(data, "t10k-labels-idx1-ubyte")],
      "expected samples of shape [784]",
    ],
    ["nothing comes in", () => [run, "-"], "standard input: expected rows of numbers, found none"],
    ["twice", () => [run, "-", "-"], "standard input (-) can be read once, found it twice"],
    ["two forms", () => [run, images, "--csv", "--json"], "'--csv' cannot be used with"],
    ["no classes", () => [run, images, "--top", "0"], "--top must be an integer of at least 1"],
    ["no column", () => [flowers, "flowers.csv", "--label", "kinds"], 'no column "kinds"'],
    ["words between", () => [flowers, "flowers.csv", "--delimiter", "ab"], "--delimiter must be"],
    ["bytes as numbers", () => [run, write("b.csv", image(3).join())], "say --pixels for bytes"],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(["predict", ...args()], { cwd: folder });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^bregman: [^\n]*\n$/);
    expect(stderr).toContain(message);
  });
});

it("has a help text, and a line in the program's", async () => {
  const { stdout } = await runCli(["help", "predict"]);
  for (const option of ["--top", "--csv", "--json", "--label", "--ignore", "--pixels", "--threads"])
    expect(stdout).toContain(option);
  expect((await runCli(["--help"])).stdout).toMatch(/^ {2}predict +classify/m);
}, 60_000);
