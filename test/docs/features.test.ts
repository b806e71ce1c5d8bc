/** docs/features.md: its loop runs, and what it names is there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as optim from "#bregman/optim/index.js";
import * as regularizers from "#bregman/regularizers/index.js";
import * as bregman from "../support/bregman.js";
import { inlineCode } from "../support/doc-commands.js";
import { allBlocks, runScript } from "../support/doc-examples.js";

const PAGE = "docs/features.md";
const [loop] = allBlocks(PAGE, "js");
const page = readFileSync(PAGE, "utf8");

test("a weight is born in the third step of a loop of one's own", async () => {
  expect((await runScript(loop.code)).trim()).toBe("0.5");
});

/** The names between backticks in the items of the page that begin with one of these words. */
function listed(...words: string[]): string[] {
  const items = page
    .split(/\n+- /)
    .filter((item) => words.some((w) => item.startsWith(`**${w}**`)));
  expect(items).toHaveLength(words.length);
  return items.flatMap((item) => [...item.matchAll(/`(\w+)`/g)].map(([, name]) => name));
}

test("optimizers, regularizers, starts and models are exported by these names", () => {
  const other = ["momentum", "atLeast", "start", "sequential", "graph"];
  const names = listed("Optimizers", "Regularizers", "Start", "Models");
  expect(names.length).toBeGreaterThan(20);
  const absent = names.filter((name) => !(name in bregman) && !other.includes(name));
  expect(absent).toEqual([]);
});

test("no optimizer and no regularizer is left out", () => {
  // Those of recipes: schedules have an entry, and so have regularizers.
  const functions = (room: object) =>
    Object.entries(room).flatMap(([name, it]) =>
      typeof it === "function" ? [{ name, hasEntry: "entry" in it }] : [],
    );
  const names = [
    ...functions(optim).filter(({ hasEntry }) => !hasEntry),
    ...functions(regularizers).filter(({ hasEntry }) => hasEntry),
  ].map(({ name }) => name);
  expect(names.length).toBeGreaterThan(15);
  const there = listed("Optimizers", "Regularizers");
  expect(names.filter((name) => !there.includes(name))).toEqual([]);
});

test("the entry points are those of package.json", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: object };
  const others = ["bregman", "bregman/pool-worker", "bregman/package.json"];
  const entries = Object.keys(exports)
    .filter((key) => !key.endsWith(".wasm"))
    .map((key) => key.replace(/^\./, "bregman"))
    .filter((key) => !others.includes(key));
  const rows = [...page.matchAll(/^\| `(bregman\/\w+)`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(entries.sort());
  expect(inlineCode(PAGE)).toContain("bregman");
});
