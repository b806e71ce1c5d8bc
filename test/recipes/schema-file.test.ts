/** `"$schema"`: from each folder it leads to the schema of the package that is installed there. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { recipeDifferences } from "#bregman/dashboard/details.js";
import { parseRecipe } from "#bregman/recipes/load.js";
import { recipeJsonSchema } from "#bregman/recipes/schema.js";
import { schemaFrom, withSchema } from "#bregman/recipes/schema-file.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { schemaOf } from "../support/schema-of.js";

const root = resolve(import.meta.dirname, "../..");

test("from a project, by its node_modules, at any depth", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/bregman"));
  const path = "node_modules/bregman/dist/recipe.schema.json";
  expect(schemaFrom(folder)).toBe(`./${path}`);
  expect(schemaFrom(join(folder, "runs/first"))).toBe(`../../${path}`);
});

test("without one, to the package that writes; of a clone, to its own", () => {
  expect(schemaFrom(root)).toBe("./dist/recipe.schema.json");
  const folder = temporaryFolder();
  const text = readFileSync(resolve(folder, schemaFrom(folder)!), "utf8");
  // The test runner has the kinds of a union in another order.
  const now = recipeJsonSchema() as { properties: object };
  expect(text.trim().length).toBe(JSON.stringify(now).length);
  const { properties } = JSON.parse(text) as typeof now;
  expect(Object.keys(properties)).toEqual(Object.keys(now.properties));
});

test("it comes first, and takes the place of another", () => {
  const $schema = schemaFrom("runs");
  expect(Object.entries(withSchema({ name: "a", $schema: "./old" }, "runs"))).toEqual([
    ["$schema", $schema],
    ["name", "a"],
  ]);
});

test("a recipe that is printed has it, and is read without it", async () => {
  const cwd = temporaryFolder();
  const { stdout } = await runCli(["recipes", "mnist-quick"], { cwd });
  writeFileSync(join(cwd, "mine.json"), stdout);
  expect(Object.keys(schemaOf(join(cwd, "mine.json")).properties)).toContain("optimizer");
  expect(parseRecipe(stdout)).not.toHaveProperty("$schema");
});

test("recipes of two folders do not differ by it", () => {
  const folder = temporaryFolder();
  for (const [place, seed] of [["a", 1] as const, ["deep/b", 2] as const]) {
    const run = join(folder, place);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "recipe.json"), JSON.stringify(withSchema({ seed }, run)));
  }
  expect(schemaFrom(join(folder, "a"))).not.toBe(schemaFrom(join(folder, "deep/b")));
  expect(recipeDifferences(folder, "a", "deep/b")).toEqual([
    { place: "seed", before: "1", now: "2" },
  ]);
});
