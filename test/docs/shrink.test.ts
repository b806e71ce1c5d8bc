/** The commands of docs/shrink.md run as they stand there, on a small network. */
import { cpSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadModel, networkSize } from "#bregman/export/index.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { codeBlocks } from "../support/doc-examples.js";

const commands = codeBlocks("docs/shrink.md")
  .filter(({ language }) => language === "sh")
  .flatMap(({ code }) => code.trim().split("\n"))
  .map((line) => line.split(" ").slice(1));

test("a network is trained sparse, cut, and simplified", async () => {
  const cwd = temporaryFolder();
  const data = ["--data-dir", tinyData()];
  const bregman = async (...args: string[]) => {
    const { code, stderr } = await runCli(args, { cwd });
    expect([code, stderr.match(/^bregman: .*/m)?.[0]]).toEqual([0, undefined]);
  };
  await bregman("train", tinyRecipe({ init: {}, epochs: 1 }), "--out", "runs/dense", ...data);
  cpSync(join(cwd, "runs/dense"), join(cwd, "runs/first"), { recursive: true });
  await bregman("export", "runs/dense", "--format", "onnx");
  renameSync(join(cwd, "runs/dense/model.onnx"), join(cwd, "net.onnx"));
  renameSync(tinyRecipe(), join(cwd, "recipe.json"));

  expect(commands.map(([name]) => name)).toEqual(["sparsify", "sparsify", "prune", "simplify"]);
  for (const [name, ...rest] of commands) {
    const training = name === "sparsify" ? ["--epochs", "4"] : [];
    await bregman(name, ...rest, ...data, ...training);
  }
  const { weights, nonZeros } = networkSize(loadModel(join(cwd, "runs/sparse/model.safetensors")));
  expect(nonZeros / weights).toBeLessThan(0.1);
}, 300_000);
