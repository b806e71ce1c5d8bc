/** The commands and the code of docs/shrink.md run as they stand there, on a small network. */
import { cpSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadModel, networkSize } from "#bregman/export/index.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { shellWords } from "../support/doc-commands.js";
import { allBlocks, runScript } from "../support/doc-examples.js";

const blocks = allBlocks("docs/shrink.md", "sh sh sh sh text ts");
const commands = blocks
  .filter(({ language }) => language === "sh")
  .flatMap(({ code }) => code.trim().split("\n"))
  .map((line) => shellWords(line).slice(1));
const [shown, inCode] = blocks.slice(-2);

test("a network is trained sparse, cut, and simplified", async () => {
  const cwd = temporaryFolder();
  const data = ["--data-dir", tinyData()];
  const bregman = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect([code, stderr.match(/^bregman: .*/m)?.[0]]).toEqual([0, undefined]);
    return stdout;
  };
  await bregman("train", tinyRecipe({ init: {}, epochs: 1 }), "--out", "runs/dense", ...data);
  cpSync(join(cwd, "runs/dense"), join(cwd, "runs/first"), { recursive: true });
  await bregman("export", "runs/dense", "--format", "onnx");
  renameSync(join(cwd, "runs/dense/model.onnx"), join(cwd, "net.onnx"));
  renameSync(tinyRecipe(), join(cwd, "recipe.json"));

  expect(commands.map(([name]) => name)).toEqual(["sparsify", "sparsify", "prune", "simplify"]);
  let said = "";
  for (const [name, ...rest] of commands) {
    const training = name === "sparsify" ? ["--epochs", "4"] : [];
    said = await bregman(name, ...rest, ...data, ...training);
  }
  // The rows of the table that the page shows of the last one.
  const [, ...lines] = shown.code.trimEnd().split("\n");
  const named = lines.map((line) => line.trim().split(/ {2,}/)[0]);
  expect(named.filter((row) => !said.includes(row))).toEqual([]);
  const { weights, nonZeros } = networkSize(loadModel(join(cwd, "runs/sparse/model.safetensors")));
  expect(nonZeros / weights).toBeLessThan(0.1);

  const [count, outputs] = (await runScript(inCode.code, { cwd })).split(" ").map(Number);
  expect(count).toBeLessThanOrEqual(784 * 20 + 200);
  const small = networkSize(loadModel(join(cwd, "small.safetensors")));
  expect(small.nonZeros / count).toBeLessThan(0.05);
  expect(outputs).toBe(10);
}, 300_000);
