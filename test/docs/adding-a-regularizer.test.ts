/** The examples of docs/adding-a-regularizer.md run, and what they say of the sources is so. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { entry } from "#bregman/entry.js";
import { madeBy } from "#bregman/recipes/entries.js";
import { schemaOf, type AnyEntry } from "#bregman/recipes/entry-schema.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { allBlocks, runnable } from "../support/doc-examples.js";

const blocks = allBlocks("docs/adding-a-regularizer.md", "js js js ts");
const block = (name: string): string => blocks.find(({ title }) => title === name)!.code;

/** Runs a script of the page beside the regularizer; its lines of output. */
function run(name: string): string[] {
  const folder = temporaryFolder();
  for (const file of ["two-sided-l1.mjs", name])
    writeFileSync(join(folder, file), runnable(block(file)));
  return execFileSync(process.execPath, [join(folder, name)], { encoding: "utf8" })
    .trim()
    .split("\n");
}

test("the regularizer takes about thirty lines", () => {
  expect(block("two-sided-l1.mjs").trim().split("\n").length).toBeLessThanOrEqual(35);
});

test("it trains a sparse network, of which more weights are positive", () => {
  const [numbers, more] = run("train.mjs");
  const [accuracy, density] = numbers.split(" ").map(Number);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(density).toBeGreaterThan(0.02);
  expect(density).toBeLessThan(0.5);
  expect(more).toBe("true");
});

test("the check of its prox holds, and would fail for a wrong one", () => {
  expect(run("check.mjs")).toEqual(["true"]);
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "two-sided-l1.mjs"),
    block("two-sided-l1.mjs").replace("w - step * up", "w - 1.1 * step * up"),
  );
  writeFileSync(join(folder, "check.mjs"), block("check.mjs"));
  expect(execFileSync(process.execPath, [join(folder, "check.mjs")], { encoding: "utf8" })).toBe(
    "false\n",
  );
});

test("its entry is what recipes need: they take it, and refuse what it does not say", () => {
  const code = block("src/regularizers/two-sided-l1.ts").replace(/ as const satisfies [^;]*/, "");
  const make = vi.fn((options: object) => options);
  const twoSided = runInNewContext(`${code}; twoSidedL1.entry`, {
    entry,
    twoSidedL1: make,
  }) as AnyEntry;
  const schema = schemaOf([twoSided], (said) => void madeBy([twoSided as never], said));
  expect(schema.parse({ kind: "twoSidedL1", up: 0.5 })).toEqual({
    kind: "twoSidedL1",
    up: 0.5,
    down: 1,
  });
  expect(make).toHaveBeenCalledWith({ up: 0.5, down: 1 }, {});
  expect(schema.safeParse({ kind: "twoSidedL1", up: -1 }).success).toBe(false);
  expect(schema.safeParse({ kind: "twoSidedL1", up: 1, left: 1 }).success).toBe(false);
});
