/** The README's examples run as they stand there, and its tables are those of the result files. */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { allBlocks, changed, runScript } from "../support/doc-examples.js";

// What is installed, and the two first commands, are looked up by pages.test.ts.
const [, train, use, commands] = allBlocks("README.md", "sh js js sh");

test("a network is trained to a density, and the network it saved is used", async () => {
  const cwd = temporaryFolder();
  // Three epochs, and the machine is spared the other seven.
  const code = changed(train.code, ["epochs: 10,", "epochs: 3,"]);
  const [accuracy, density] = (await runScript(code, { cwd })).split(" ").map(Number);
  expect(accuracy).toBeGreaterThan(0.9);
  expect(density).toBeGreaterThan(0.02);
  expect(density).toBeLessThan(0.07);
  expect(await runScript(use.code, { after: "await net.close();", cwd })).toMatch(
    /^\[\n( +\{ class: \d, probability: 0\.\d+ \},?\n){3}\]\n$/,
  );
});

test("data of one's own: the commands, one after the other", async () => {
  const cwd = temporaryFolder();
  const rows = Array.from({ length: 90 }, (_, k) => [k % 3, (k % 3) + k / 1000, "abc"[k % 3]]);
  writeFileSync(join(cwd, "penguins.csv"), `x,y,kind\n${rows.map((row) => row.join()).join("\n")}`);
  const lines = commands.code.matchAll(/^npx bregman (.*?)(?: {2,}#.*)?$/gm);
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
