/** `bregman new`: a recipe for data that nobody has said anything of, which trains as it is. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { loadRecipe } from "#bregman/recipes/load.js";
import { newRecipe } from "#bregman/recipes/new-recipe.js";
import { bytesOf, npyBytes } from "../data/own-files.js";
import { schemaOf } from "../support/schema-of.js";
import { runCli, temporaryFolder } from "./run-cli.js";

const DATA = fileURLToPath(new URL("../fixtures/data", import.meta.url));
const table = (name: string) => join(DATA, "tables", name);

/** Writes a recipe with `bregman new`, runs it with nothing edited, and returns its result. */
async function trained(path: string) {
  const folder = temporaryFolder();
  const [file, run] = [join(folder, "mine.jsonc"), join(folder, "run")];
  expect((await runCli(["new", path, "--out", file])).code).toBe(0);
  const { code, stderr } = await runCli(["train", file, "--threads", "1", "--out", run]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("epoch")]);
  return JSON.parse(readFileSync(join(run, "result.json"), "utf8")).final;
}

describe("with nothing edited, on a fifth that is held out", () => {
  test.each([
    ["iris.csv", 0.93],
    ["wine.csv", 0.95],
    ["breast-cancer.csv", 0.95],
    ["penguins-semicolon.csv", 0.95],
    ["iris-snappy.parquet", 0.93],
  ])("%s: %d", async (name, least) => {
    const { testAccuracy, density } = await trained(table(name));
    expect(testAccuracy).toBeGreaterThanOrEqual(least);
    expect(density).toBeLessThan(0.25);
  });

  test("diabetes.csv: R^2 0.45", async () => {
    expect((await trained(table("diabetes.csv"))).testR2).toBeGreaterThanOrEqual(0.45);
  });

  test("digits.npz, images of 8 x 8: 0.9", async () => {
    expect((await trained(join(DATA, "digits.npz"))).testAccuracy).toBeGreaterThanOrEqual(0.9);
  });

  // Some files of each class: that they are learnt is shown elsewhere.
  test.each(["photos", "photos.parquet", "sounds"])("%s runs", async (name) => {
    const { testAccuracy } = await trained(join(DATA, name));
    expect(testAccuracy).toBeGreaterThan(0);
  });
});

describe("what it writes", () => {
  const folder = temporaryFolder();
  const file = join(folder, "penguins.jsonc");
  let text: string;
  let stdout: string;
  beforeAll(async () => {
    copyFileSync(table("penguins.csv"), join(folder, "penguins.csv"));
    ({ stdout } = await runCli(["new", join(folder, "penguins.csv"), "--out", file]));
    text = readFileSync(file, "utf8");
  });

  test("says what it found, and what to do next", () => {
    expect(stdout).toContain(
      "275 training samples, 69 test samples of shape [10, 1, 1], 3 classes",
    );
    expect(stdout).toContain('"species" is told from the other columns');
    expect(stdout).toMatch(/bregman train .*penguins\.jsonc\n$/);
  });

  test("has comments, a schema that is there, and the data's path from its own folder", () => {
    expect(text).toContain('// "species" is told from the other columns');
    expect(Object.keys(schemaOf(file).properties)).toContain("optimizer");
    // As it was given: an absolute path stays one.
    expect(text).toContain(`"train": ${JSON.stringify(join(folder, "penguins.csv"))}`);
    expect(loadRecipe(file).data).toMatchObject({
      train: join(folder, "penguins.csv"),
      label: "species",
      categories: "text",
      missing: "median",
      testShare: 0.2,
      stratify: true,
    });
  });

  test("another column is told if it is asked for: an amount, or texts", () => {
    const amount = loadRecipe(
      written(newRecipe(table("iris.csv"), { target: "petal width (cm)" })),
    );
    expect(amount.data).toMatchObject({ targets: ["petal width (cm)"], stratify: false });
    const island = loadRecipe(written(newRecipe(table("penguins.csv"), { target: "island" })));
    expect(island.data).toMatchObject({ label: "island" });
  });

  test("features of an archive are no signal", () => {
    const inputs = npyBytes(
      "<f4",
      [40, 6],
      bytesOf(Float32Array.from({ length: 240 }, (_, k) => Math.sin(k))),
    );
    const labels = npyBytes(
      "|u1",
      [40],
      Uint8Array.from({ length: 40 }, (_, k) => k % 2),
    );
    const path = join(temporaryFolder(), "mine.npz");
    writeFileSync(path, zipSync({ "x_train.npy": inputs, "y_train.npy": labels }));
    expect(newRecipe(path).text).not.toContain("conv1d");
    expect(newRecipe(path).text).toContain('{ "kind": "linear", "out": 64 }');
  });

  test("what numbers the rows, or is empty, is left out", () => {
    const rows = Array.from({ length: 40 }, (_, k) => `${k},,${k % 2},${(k * 7) % 5},person ${k}`);
    const path = join(temporaryFolder(), "odd.csv");
    writeFileSync(path, `id,nothing,label,number,who\n${rows.join("\n")}\n`);
    const { text: odd, found } = newRecipe(path);
    expect(odd).toContain('"ignore": [ "id", "nothing", "who" ]');
    expect(found).toContain('"id" is left out: it numbers the rows');
  });

  const written = ({ text: recipe }: { readonly text: string }) => {
    const path = join(temporaryFolder(), "written.jsonc");
    writeFileSync(path, recipe);
    return path;
  };
});

describe("what it can't do is one line, and nothing is written", () => {
  const out = join(temporaryFolder(), "no.jsonc");
  test.each([
    [["nowhere.csv"], "could not read nowhere.csv: there is no such file"],
    [
      [table("iris.csv"), "--target", "knd"],
      'no column "knd" (did you mean "kind"?); columns: sepal',
    ],
    [[join(DATA, "photos"), "--target", "kind"], "--target is for tables, found imageFolder"],
    [[table("diabetes.csv"), "--out", "no-such-folder/a.json"], "its folder does not exist"],
  ])("%j", async (args, message) => {
    const { code, stderr } = await runCli(["new", "--out", out, ...args]);
    expect([code, stderr.trim().split("\n")]).toEqual([1, [expect.stringContaining(message)]]);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ["a,name", (k: number) => `${k % 7},person ${k}`, 'column "name" has 300 different values'],
    [
      "a,label",
      (k: number) => (k < 4 ? `${k},${k % 2}` : ""),
      "expected 10 samples or more, found 4",
    ],
    ["a,label", (k: number) => `${k % 7},x`, "expected two classes or more, found 1"],
  ])("%s", async (head, row, message) => {
    const path = join(temporaryFolder(), "mine.csv");
    writeFileSync(path, [head, ...Array.from({ length: 300 }, (_, k) => row(k))].join("\n"));
    const { code, stderr } = await runCli(["new", path, "--out", out]);
    expect([code, stderr.trim().split("\n")]).toEqual([1, [expect.stringContaining(message)]]);
    expect(existsSync(out)).toBe(false);
  });

  test("a recipe that is there stays, unless --force", async () => {
    const path = join(temporaryFolder(), "there.jsonc");
    writeFileSync(path, "{}");
    const again = await runCli(["new", table("iris.csv"), "--out", path]);
    expect([again.code, readFileSync(path, "utf8")]).toEqual([1, "{}"]);
    expect(again.stderr).toContain("is there already: expected another --out, or --force");
    expect((await runCli(["new", table("iris.csv"), "--out", path, "--force"])).code).toBe(0);
    expect(loadRecipe(path).name).toBe("iris");
  });
});
