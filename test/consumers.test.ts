/**
 * Somebody else's TypeScript finds our entries and their types: whatever resolves its modules, and
 * with the oldest compilers that the README names.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./cli/run-cli.js";
import { installPackage, linkPackage } from "./support/installed-package.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const compilers = join(root, "test/typescript/node_modules");

/** Uses every entry that has types, and makes a mistake that the types must see. */
const PROGRAM = `
import { fit, fromArrays, loadModel, mlp, type FitResult } from "bregman";
import { decodeModel, predict } from "bregman/browser";
import { parseIdx } from "bregman/data";
import { simplify } from "bregman/export";
import { graph } from "bregman/nn";
import { runRecipe } from "bregman/train";
import { linBreg } from "bregman/optim";
import { l1 } from "bregman/regularizers";
import "bregman/pool-worker";

const data = fromArrays({ shape: [2], train: { inputs: new Float32Array(4), labels: [0, 1] } });
const weights = linBreg({ tau: 0.1, regularizer: l1(0.1) });
const optimizer = { weights, biases: linBreg({ tau: 0.1 }) };
export const train = (): Promise<FitResult> => fit(mlp([2, 2]), data, { optimizer, epochs: 1 });
export const outputs = (bytes: Uint8Array): Promise<Float32Array> =>
  predict(decodeModel(bytes), new Float32Array(loadModel("a").model.input[0]));
export const rooms = [parseIdx, simplify, graph, runRecipe];
// @ts-expect-error a text is no number of epochs
void fit(mlp([2, 2]), data, { optimizer, epochs: "1" });
`;

/** What resolves modules, with the kind of modules that goes with it. */
const RESOLUTIONS = {
  node10: { moduleResolution: "node10", module: "commonjs", esModuleInterop: true },
  node16: { moduleResolution: "node16", module: "node16" },
  bundler: { moduleResolution: "bundler", module: "es2022" },
};

/** What the compiler has to say of such a program; nothing if it takes it. */
function compile(
  compiler: string,
  resolution: keyof typeof RESOLUTIONS,
  options: object = {},
): string {
  const folder = temporaryFolder();
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023"],
    types: ["node"],
  };
  writeFileSync(join(folder, "main.ts"), PROGRAM);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      files: ["main.ts"],
      compilerOptions: { ...compilerOptions, ...RESOLUTIONS[resolution], ...options },
    }),
  );
  installPackage(join(folder, "node_modules"));
  linkPackage(join(folder, "node_modules"), "@types/node");
  const { stdout, stderr } = spawnSync(process.execPath, [join(compiler, "bin/tsc")], {
    cwd: folder,
    encoding: "utf8",
  });
  return stdout + stderr;
}

const wherever = existsSync(compilers);

describe.skipIf(!wherever)(
  "old TypeScript (`npm ci --prefix test/typescript --ignore-scripts` installs it)",
  () => {
    const [oldest, checked] = ["typescript-5.0", "typescript-5.7"].map((name) =>
      join(compilers, name),
    );

    test.each(Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[])(
      "5.0, skipLibCheck: %s",
      (resolution) => {
        expect(compile(oldest, resolution, { skipLibCheck: true })).toBe("");
      },
    );

    test("5.7, with the checks of libraries: node16", { timeout: 240_000 }, () => {
      expect(compile(checked, "node16")).toBe("");
    });

    test.each(["node10", "bundler"] as const)("5.7, skipLibCheck: %s", (resolution) => {
      expect(compile(checked, resolution, { skipLibCheck: true })).toBe("");
    });
  },
);

test("typesVersions has every entry that has types, for what does not read exports", () => {
  const { exports, typesVersions, main, types } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const typed = Object.entries(exports as Record<string, { types?: string }>).flatMap(
    ([entry, { types: file }]) => (file === undefined ? [] : [[entry, file] as const]),
  );
  const [[first, file], ...others] = typed;
  expect([first, file, exports["."].default]).toEqual([".", types, main]);
  expect(typesVersions).toEqual({
    "*": Object.fromEntries(others.map(([entry, path]) => [entry.slice("./".length), [path]])),
  });
  for (const [, path] of typed) expect(existsSync(join(root, path))).toBe(true);
});

test("the README names the oldest versions that are tried here", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8").replaceAll(/\s+/g, " ");
  const { dependencies } = JSON.parse(
    readFileSync(join(root, "test/typescript/package.json"), "utf8"),
  );
  expect(Object.keys(dependencies)).toEqual(["typescript-5.0", "typescript-5.7"]);
  expect(readme).toContain("Types are for TypeScript 5.7 or newer, with `skipLibCheck` 5.0");
});
