/** The examples of docs/your-own-model.md run. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { planText } from "#bregman/cli/plan.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { allBlocks, runScript } from "../support/doc-examples.js";

const blocks = allBlocks("docs/your-own-model.md", "json sh js");

test("the recipe with its list of layers is planned and trained", async () => {
  const recipe = JSON.parse(blocks.find(({ title }) => title === "small-conv.json")!.code);
  const folder = temporaryFolder();
  const file = join(folder, "small-conv.json");
  // One epoch of a fifth of the samples, to spare the machine.
  writeFileSync(
    file,
    JSON.stringify({ ...recipe, epochs: 1, data: { ...recipe.data, limit: 12_000 } }),
  );
  expect(await planText(file)).toMatch(/conv2d1 .*batchNorm2d1/s);
  const { code, stdout, stderr } = await runCli(["train", file, "--out", join(folder, "run")], {
    cwd: folder,
  });
  expect([code, /error|warning/i.test(stderr)]).toEqual([0, false]);
  const { final } = JSON.parse(readFileSync(join(folder, "run", "result.json"), "utf8"));
  expect(final.testAccuracy).toBeGreaterThan(0.9);
  expect(final.density).toBeLessThan(0.5);
  expect(stdout).toMatch(/conv2d2 +32 × 16 × 3 × 3/);
});

test("the graph trains", async () => {
  const [accuracy, density] = (await runScript(blocks[2].code)).split(" ").map(Number);
  expect(accuracy).toBeGreaterThan(0.95);
  expect(density).toBeLessThan(0.7);
});
