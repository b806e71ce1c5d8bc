/** docs/recipes.md is what the schema says, and the schema says what each key means. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recipeSchema } from "#bregman/recipes/schema.js";

const page = readFileSync("docs/recipes.md", "utf8");

test("it is what the schema says", () => {
  execFileSync(process.execPath, ["scripts/recipes-page.mjs", "--check"]);
});

test("every key of a recipe is there, and every key has a meaning", () => {
  const rows = [...page.matchAll(/^\| `([$\w]+)` *\|.*\| *(.*?) *\|$/gm)];
  const [keys, meanings] = [1, 2].map((part) => rows.map((row) => row[part]));
  for (const key of Object.keys(recipeSchema.in.shape)) expect(keys).toContain(key);
  expect(rows.length).toBeGreaterThan(180);
  expect(rows.filter((_, k) => meanings[k] === "").map((row) => row[0])).toEqual([]);
});

test("its links lead to its sections", () => {
  const anchors = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) =>
    title.toLowerCase().replaceAll(" ", "-"),
  );
  const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
  expect(new Set(anchors).size).toBe(anchors.length);
  for (const anchor of links) expect(anchors).toContain(anchor);
});
