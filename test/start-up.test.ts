/**
 * What an import loads, and a help: no room and no library that is not used yet. So they are as
 * quick as they are; `npm run start-up` in bench/ has the times.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { quickHelp } from "#bregman/cli/help.js";
import { runCli, temporaryFolder } from "./cli/run-cli.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  dependencies: Record<string, string>;
};

/** For `--import`: writes the files that are loaded, a line each, to the file of LOADED. */
function watcher(): string {
  const hooks = `import { appendFileSync } from "node:fs";
    import { fileURLToPath } from "node:url";
    export async function load(url, context, next) {
      if (url.startsWith("file:")) appendFileSync(process.env.LOADED, fileURLToPath(url) + "\\n");
      return next(url, context);
    }`;
  const path = join(temporaryFolder(), "watch.mjs");
  writeFileSync(
    path,
    `import { appendFileSync } from "node:fs";
    import { createRequire, register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
    const required = () => Object.keys(createRequire(import.meta.url).cache).join("\\n");
    process.on("exit", () => appendFileSync(process.env.LOADED, required()));`,
  );
  return path;
}

/**
 * What a program of Node loads of dist/, its folders there, and its libraries: packages, and those
 * that the build has put into dist/bundled/.
 */
function loadedBy(...args: string[]): { modules: string[]; rooms: string[]; packages: string[] } {
  const list = join(temporaryFolder(), "loaded.txt");
  execFileSync(process.execPath, ["--import", watcher(), ...args], {
    cwd: root,
    env: { ...process.env, LOADED: list },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const paths = readFileSync(list, "utf8")
    .split("\n")
    .map((path) => relative(root, path).replaceAll("\\", "/"));
  const found = (pattern: RegExp) =>
    [...new Set(paths.flatMap((path) => pattern.exec(path)?.slice(1).find(Boolean) ?? []))].sort();
  const modules = found(/^dist\/(?!bundled\/)(.*)$/);
  const rooms = [...new Set(modules.map((path) => dirname(path)))].sort();
  const packages = found(/^(?:node_modules\/((?:@[^/]+\/)?[^/]+)\/|dist\/bundled\/(.*)\.js$)/);
  return { modules, rooms, packages };
}

const program = (code: string) => loadedBy("--input-type=module", "-e", code);

test("an import of `bregman` loads what makes a model and reads files; a call loads the rest", () => {
  const { modules, rooms, packages } = program('await import("bregman");');
  expect(rooms.filter((room) => !/^(nn|runtime)\/./.test(room))).toEqual([
    ".",
    "data",
    "export",
    "export/simplify",
    "models",
    "nn",
    "optim",
    "regularizers",
    "runs",
    "runtime",
  ]);
  expect(modules.filter((path) => path.startsWith("runs/"))).toEqual(["runs/fit.js"]);
  for (const unused of ["nn/compile.js", "runtime/pool.js", "runtime/native.js"]) {
    expect(modules).not.toContain(unused);
  }
  expect(modules.length).toBeLessThanOrEqual(170);
  expect(packages).toEqual(["pure-rand"]);

  const called = program(`import { fit, fromArrays, linBreg, mlp } from "bregman";
    const [inputs, labels] = [new Float32Array(8), Uint8Array.of(0, 1, 0, 1)];
    await fit(mlp([2, 2]), fromArrays({ shape: [2], train: { inputs, labels } }), {
      optimizer: { weights: linBreg({ tau: 1 }), biases: linBreg({ tau: 1 }) },
      epochs: 1,
    });`);
  expect(called.rooms).toEqual(expect.arrayContaining(["engine", "train"]));
  expect(called.modules).toEqual(expect.arrayContaining(["nn/compile.js", "runtime/pool.js"]));
});

/** The libraries that an entry point loads. Of the others each is loaded where it is used. */
test.each([
  ["bregman/nn", ["pure-rand"]],
  ["bregman/data", ["pure-rand"]],
  ["bregman/export", ["ml-matrix", "protobuf"]],
  ["bregman/predict", []],
  ["bregman/track", ["fast-png", "fflate", "iobuffer", "protobuf"]],
  ["bregman/optim", ["pure-rand"]],
  ["bregman/regularizers", ["ml-matrix"]],
  ["bregman/browser", ["ml-matrix", "protobuf", "pure-rand"]],
  ["bregman/train", ["jsonc-parser", "ml-matrix", "protobuf", "pure-rand", "zod"]],
])("an import of %s loads the libraries %j", (entry, packages) => {
  expect(program(`await import("${entry}");`).packages).toEqual(packages);
});

test("the library that reads CSV is loaded with a first CSV file", () => {
  const path = join(temporaryFolder(), "two.csv");
  writeFileSync(path, "a,b,label\n1,2,0\n3,4,1\n");
  const source = JSON.stringify({ kind: "csv", train: path, label: "label" });
  const { packages } = program(`import { loadData } from "bregman";
    if (loadData(${source}).train.count !== 2) throw new Error("not read");`);
  expect(packages).toContain("papaparse");
});

const HELPS = [["-h"], ["--help"], ["help"]];

test.each(HELPS)("bregman %s loads nothing to answer: no library, no room", (arg) => {
  const { rooms, packages } = loadedBy("dist/cli/main.js", arg);
  expect(rooms).toEqual([".", "cli"]);
  expect(packages).toEqual([]);
  expect(Object.keys(dependencies)).toContain("commander");
  expect(loadedBy("dist/cli/main.js", "--version").packages).toContain("commander");
});

test("what it answers is what the library answers that reads command lines", async () => {
  const { code, stderr } = await runCli([]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("Commands:\n  train ")]);
  for (const args of HELPS) {
    expect(quickHelp(args)).toBe(stderr);
    expect(await runCli(args)).toEqual({ code: 0, stdout: stderr, stderr: "" });
  }
});

test("it leaves to the library what it can't answer: other questions, and narrow terminals", () => {
  for (const args of [[], ["help", "train"], ["train", "--help"], ["--help", "train"], ["-hh"]]) {
    expect(quickHelp(args)).toBeUndefined();
  }
  const lines = quickHelp(["--help"], 80)!.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(quickHelp(["--help"], 79)).toBeUndefined();
});
