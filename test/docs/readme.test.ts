/** The README's examples run as they stand there, and its tables are those of the result files. */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { codeBlocks, runnable } from "../support/doc-examples.js";

const [train, use] = codeBlocks("README.md").filter(({ language }) => language === "js");
const commands = codeBlocks("README.md").filter(({ language }) => language === "sh");
const page = (name: string) =>
  codeBlocks(`docs/${name}.md`).filter(({ language }) => language === "ts" || language === "js");

/** The example as a script (there are no types in it), with more lines behind it. */
function run(code: string, more = "", cwd = temporaryFolder()): string {
  const path = join(cwd, "example.mjs");
  writeFileSync(path, `${runnable(code)}\n${more}`);
  return execFileSync(process.execPath, [path], { encoding: "utf8", cwd });
}

test("a network is trained to a density, and the network it saved is used", () => {
  const cwd = temporaryFolder();
  expect(train.code).toContain("epochs: 10,");
  // Three epochs, and the machine is spared the other seven.
  const code = train.code.replace("epochs: 10,", "epochs: 3,");
  const [accuracy, density] = run(code, "", cwd).trim().split(" ").map(Number);
  expect(accuracy).toBeGreaterThan(0.9);
  expect(density).toBeGreaterThan(0.02);
  expect(density).toBeLessThan(0.07);
  expect(run(use.code, "await net.close();", cwd)).toMatch(
    /^\[\n( +\{ class: \d, probability: 0\.\d+ \},?\n){3}\]\n$/,
  );
});

test("data of one's own: the commands, one after the other", async () => {
  const cwd = temporaryFolder();
  const rows = Array.from({ length: 90 }, (_, k) => [k % 3, (k % 3) + k / 1000, "abc"[k % 3]]);
  writeFileSync(join(cwd, "penguins.csv"), `x,y,kind\n${rows.map((row) => row.join()).join("\n")}`);
  const lines = commands.at(-1)!.code.matchAll(/^npx bregman (.*?)(?: {2,}#.*)?$/gm);
  const [make, teach, sparsify, convert] = [...lines].map(([, line]) => line.split(" "));
  const bregman = async (args: string[]) => {
    const { code, stderr } = await runCli(args, { cwd });
    expect([code, stderr.match(/^bregman: .*/m)?.[0]]).toEqual([0, undefined]);
  };
  await bregman(make);
  await bregman([...teach, "--out", "runs/first"]);
  await bregman(["export", "runs/first", "--format", "onnx"]);
  renameSync(join(cwd, "runs/first/model.onnx"), join(cwd, "net.onnx"));
  await bregman([...sparsify, "--epochs", "1"]);
  await bregman(convert);
});

test("a weight is born in the third step of a loop of one's own", () => {
  expect(run(page("features")[0].code).trim()).toBe("0.5");
});

test("a network from a file is pruned, simplified, saved and used", async () => {
  const cwd = temporaryFolder();
  await runCli(["train", tinyRecipe(), "--out", "runs/first", "--data-dir", tinyData()], { cwd });
  const { code } = page("shrink").find((example) => example.code.includes("loadModel"))!;
  const [weights, outputs] = run(code, "", cwd).trim().split(" ").map(Number);
  expect(weights).toBeLessThan(784 * 20 + 200);
  expect(outputs).toBe(10);
});

test("a predictor answers many at once", async () => {
  const cwd = temporaryFolder();
  await runCli(["train", tinyRecipe(), "--out", "runs/first", "--data-dir", tinyData()], { cwd });
  const { code } = page("deploy").find((example) => example.code.includes("createPredictor"))!;
  expect(run(code, "", cwd).trim()).toBe("10 30");
});

test("the tables are those of results/", () => {
  execFileSync(process.execPath, ["scripts/results-table.mjs", "--check"]);
  expect(readFileSync("README.md", "utf8")).toContain("`mnist-mlp-linbreg`");
});

test("it is short", () => {
  expect(readFileSync("README.md", "utf8").split("\n").length).toBeLessThanOrEqual(121);
});

test("docs/command-line.md is what the commands say", () => {
  execFileSync(process.execPath, ["scripts/command-line.mjs", "--check"]);
});
