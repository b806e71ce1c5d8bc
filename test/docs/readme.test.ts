/** The README's examples run as they stand there, and its tables are those of the result files. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { codeBlocks, runnable } from "../support/doc-examples.js";

const examples = codeBlocks("README.md").filter(({ language }) => language === "ts");

/** The example as a script (there are no types in it), with more lines behind it. */
function run(code: string, more = "", cwd = temporaryFolder()): string {
  const path = join(cwd, "example.mjs");
  writeFileSync(path, `${runnable(code)}\n${more}`);
  return execFileSync(process.execPath, [path], { encoding: "utf8", cwd });
}

test("ten lines train a network on MNIST", () => {
  expect(examples[0].code).toContain("epochs: 10,");
  // One epoch, and the machine is spared the other nine.
  const lines = run(examples[0].code.replace("epochs: 10,", "epochs: 1,")).trim().split("\n");
  const [epoch, density] = lines[0].split(" ").map(Number);
  expect(epoch).toBe(1);
  expect(density).toBeGreaterThan(0.01);
  expect(density).toBeLessThan(0.06);
  expect(Number(lines[1].split(" ")[0])).toBeGreaterThan(0.85);
});

test("a weight is born in the third step of a loop of one's own", () => {
  expect(run(examples[1].code, "console.log(theta[0]);").trim()).toBe("0.5");
});

test("a network from a file is pruned, simplified, saved and used", async () => {
  const cwd = temporaryFolder();
  await runCli(["train", tinyRecipe(), "--out", "runs/first", "--data-dir", tinyData()], { cwd });
  const { code } = examples.find((example) => example.code.includes("loadModel"))!;
  const [weights, outputs] = run(code, "", cwd).trim().split(" ").map(Number);
  expect(weights).toBeLessThan(784 * 20 + 200);
  expect(outputs).toBe(10);
});

test("a predictor answers many at once", async () => {
  const cwd = temporaryFolder();
  await runCli(["train", tinyRecipe(), "--out", "runs/first", "--data-dir", tinyData()], { cwd });
  const { code } = examples.find((example) => example.code.includes("createPredictor"))!;
  expect(run(code, "", cwd).trim()).toBe("10 30");
});

test("the tables are those of results/", () => {
  execFileSync(process.execPath, ["scripts/results-table.mjs", "--check"]);
  expect(readFileSync("README.md", "utf8")).toContain(
    "| LinBreg, lambda 0.1 (`mnist-mlp-linbreg`)",
  );
});
