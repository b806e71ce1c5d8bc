/** The examples of docs/your-own-data.md run, and give what is said there. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkRecipe, loadRecipe } from "#bregman/recipes/load.js";
import { stream } from "#bregman/random.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { bytesOf, npyBytes } from "../data/own-files.js";
import { shellWords } from "../support/doc-commands.js";
import { flowers } from "../support/flowers.js";
import { allBlocks, pythonHere, readByPython, runScript } from "../support/doc-examples.js";

const KINDS = "text text python json sh json json json json json json json json js js js";
const blocks = allBlocks("docs/your-own-data.md", KINDS);
const [made, inspected, python] = blocks;
const of = (language: string) => blocks.filter((block) => block.language === language);

/** Three clouds of points in 20 dimensions, as .npy files. */
function writePoints(folder: string): void {
  const random = stream(0);
  for (const [part, count] of [
    ["train", 1000],
    ["test", 300],
  ] as const) {
    const labels = BigInt64Array.from({ length: count }, (_, k) => BigInt(k % 3));
    const inputs = Float32Array.from({ length: count * 20 }, (_, at) => {
      const isCentre = at % 20 === Number(labels[Math.floor(at / 20)]);
      return random.normal() + (isCentre ? 6 : 0);
    });
    writeFileSync(join(folder, `x-${part}.npy`), npyBytes("<f4", [count, 20], bytesOf(inputs)));
    writeFileSync(join(folder, `y-${part}.npy`), npyBytes("<i8", [count], bytesOf(labels)));
  }
}

test("the recipe trains on arrays beside it, from another working folder", async () => {
  const [recipe] = blocks.filter(({ title }) => title === "points.json");
  const folder = temporaryFolder();
  writePoints(folder);
  writeFileSync(join(folder, "points.json"), recipe.code);
  const args = of("sh")[0].code.trim().split(" ").slice(1);
  expect(args).toEqual(["train", "points.json", "--out", "run"]);
  const cwd = temporaryFolder();
  const { code, stderr } = await runCli(args.with(1, join(folder, "points.json")), { cwd });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const run = (name: string) => JSON.parse(readFileSync(join(cwd, "run", name), "utf8"));
  expect(run("result.json").samples).toEqual({ train: 900, valid: 100, test: 300 });
  expect(run("result.json").final.testAccuracy).toBeGreaterThan(0.95);
  expect(run("result.json").final.density).toBeLessThan(0.9);
  // The run folder's recipe finds the data by itself, from where it is.
  expect(run("recipe.json").data.trainInputs).toMatch(/^\.\.\/.*x-train\.npy$/);
  expect(loadRecipe(join(cwd, "run", "recipe.json")).data).toMatchObject({
    trainInputs: join(folder, "x-train.npy"),
  });
});

test("the recipe learns a table of flowers, read as the page reads iris.csv", async () => {
  const whole = JSON.parse(blocks.find(({ title }) => title === "points.json")!.code);
  const table = JSON.parse(of("json").find(({ code }) => code.includes("iris.csv"))!.code);
  const { inputs, labels } = flowers().train;
  const names = ["setosa", "versicolor", "virginica"];
  const row = (k: number) => [k, ...inputs.subarray(4 * k, 4 * k + 4), names[labels[k]]].join(",");
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, table.train),
    ["id,a,b,c,d,species", ...Array.from(labels.keys()).map(row)].join("\n"),
  );
  const recipe = {
    ...whole,
    data: table,
    model: { kind: "mlp", features: [4, 16, 3] },
    batchSize: 8,
  };
  writeFileSync(join(folder, "flowers.json"), JSON.stringify(recipe));
  const { code, stderr } = await runCli(["train", "flowers.json", "--out", "run"], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("warning") });
  const { final } = JSON.parse(readFileSync(join(folder, "run", "result.json"), "utf8"));
  expect(final.validAccuracy).toBeGreaterThan(0.85);
});

test("bregman new and data inspect say of the table what the page shows", async () => {
  const cwd = temporaryFolder();
  copyFileSync("test/fixtures/data/tables/penguins.csv", join(cwd, "penguins.csv"));
  for (const { code: shown } of [made, inspected]) {
    const [command, ...lines] = shown.trimEnd().split("\n");
    const { code, stdout } = await runCli(shellWords(command).slice(2), { cwd });
    expect(code).toBe(0);
    const said = stdout.trimEnd().split("\n");
    const whole = lines.at(-1)!.trim() !== "...";
    expect(whole ? said : said.slice(0, lines.length - 1)).toEqual(
      whole ? lines : lines.slice(0, -1),
    );
  }
});

test.skipIf(pythonHere === undefined)("the lines of Python can be read", () => {
  expect(readByPython(python.code)).toBe(true);
});

describe("the other pieces of JSON are what a recipe's data may be", () => {
  const whole = JSON.parse(blocks.find(({ title }) => title === "points.json")!.code);
  const pieces = of("json").filter(({ title }) => title === undefined);
  test("there are some", () => expect(pieces.length).toBeGreaterThan(6));
  test.each(pieces.map(({ code }) => code.trim()))("%s", (code) => {
    const data = JSON.parse(code);
    expect(checkRecipe({ ...whole, data }).data).toMatchObject(data);
  });
});

describe("the scripts print what their comments say", () => {
  const scripts = of("js");
  test("there are three", () => expect(scripts.length).toBe(3));
  test.each(scripts.map(({ code }) => [code]))("script %#", async (code) => {
    const said = /console\.log\(.*\); \/\/ (.*)$/m.exec(code)![1];
    expect(await runScript(code)).toBe(`${said}\n`);
  });
});
