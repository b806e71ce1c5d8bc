/** The code of docs/other-frameworks.md runs, and comes to what its comments say. */
import { expect, test, vi } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { allBlocks, runScript } from "../support/doc-examples.js";
import { linkPackage } from "../support/installed-package.js";
import { join } from "node:path";

// A busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const PAGE = "docs/other-frameworks.md";
// What is installed is looked up by pages.test.ts.
const [, jax, , tensorflow] = allBlocks(PAGE, "bash js bash js");

/** The numbers that the code prints, beside those of its comment. */
async function numbersOf(code: string, library: string): Promise<[number[], number[]]> {
  const cwd = temporaryFolder();
  linkPackage(join(cwd, "node_modules"), library);
  const said = await runScript(code, { cwd });
  const [, comment] = /console\.log\(.*\/\/ nearly (\[[^:\n]*\])/.exec(code)!;
  const lists = [said.slice(said.indexOf("[ [")), comment].map((text) =>
    (JSON.parse(text) as number[][]).flat(),
  );
  return [lists[0], lists[1]];
}

test.each([
  ["jax-js", jax, "@jax-js/jax"],
  ["TensorFlow.js", tensorflow, "@tensorflow/tfjs"],
])("%s: the weights that count are born, the others stay zero", async (_, { code }, library) => {
  const [found, expected] = await numbersOf(code, library);
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, k) => {
    if (value === 0) expect(found[k] === 0).toBe(true);
    else expect(found[k]).toBeCloseTo(value, 2);
  });
});
