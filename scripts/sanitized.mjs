/**
 * Runs the tests of the kernels, and thousands of damaged models, network files, recipes and
 * checkpoints (test/fuzz), through an addon that reports wrong accesses to memory and undefined
 * arithmetic. The first report ends it.
 *
 *     node scripts/sanitized.mjs             builds the addon, then runs all of them
 *     options: --cases 5000                  damaged inputs of each kind; default 700
 *              --built                       takes the addon that is there
 *              --only test/fuzz              some of the files
 *
 * Everything lies in build-sanitized, a package of its own, so the package's own addon stays as it
 * is. It takes gcc. Run `npm run build` first.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: {
    cases: { type: "string", default: "700" },
    built: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const home = join(root, "build-sanitized");
const REPORT = "report";

/** Runs a command to its end; its exit status ends this script unless it is 0. */
function run(command, given, options = {}) {
  const { status, error } = spawnSync(command, given, { stdio: "inherit", ...options });
  if (error) throw error;
  return status ?? 1;
}

/** The tests that run every kernel. */
function kernelTests() {
  return ["test/runtime", "test/predict"]
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) =>
      readFileSync(join(root, path), "utf8").match(/forEachBackend\(|describe.each\(VARIANTS\)/),
    );
}

/**
 * Where the compiler keeps a library: node was built without it, so it has to be there before node
 * is.
 */
function library(name) {
  const path = spawnSync("cc", [`-print-file-name=${name}`], { encoding: "utf8" }).stdout.trim();
  if (existsSync(path)) return path;
  throw new Error(`the compiler has no ${name}: install gcc with its sanitizers`);
}

function assemble() {
  for (const name of ["package.json", "vitest.config.ts", "dist", "kernels", "test"]) {
    rmSync(join(home, name), { recursive: true, force: true });
    cpSync(join(root, name), join(home, name), {
      recursive: true,
      filter: (path) => basename(path) !== "node_modules",
    });
  }
}

function reports() {
  return readdirSync(home).filter((name) => name.startsWith(REPORT));
}

if (!args.built) {
  const status = run(process.execPath, [join(root, "scripts/build-native.mjs"), "--sanitize"]);
  if (status !== 0) process.exit(status);
}
assemble();
for (const name of reports()) rmSync(join(home, name));
// -t: native alone, and what has no backend in its name; wasm can't be watched.
const files = args.only ? [args.only] : [...kernelTests(), "test/fuzz"];
const status = run(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", ...files, "-t", "^(?!wasm )"],
  {
    cwd: home,
    env: {
      ...process.env,
      BREGMAN_FUZZ: args.cases,
      LD_PRELOAD: [library("libasan.so"), library("libubsan.so")].join(" "),
      // Node frees nothing at its end; wasm answers wrong accesses by signals of its own.
      ASAN_OPTIONS: `detect_leaks=0:allow_user_segv_handler=1:log_path=${join(home, REPORT)}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(home, REPORT)}`,
    },
  },
);
for (const name of reports()) console.error(readFileSync(join(home, name), "utf8"));
process.exit(status || (reports().length > 0 ? 1 : 0));
