// Builds the native addon with node-gyp, as npm's install script. It never fails an install:
// without a compiler, or if the build fails, one line says so and the wasm kernels serve. With
// --force (npm run build:native) a failure is an error, with the whole log. BREGMAN_SKIP_NATIVE=1
// skips it. With --sanitize it builds, into build-sanitized, an addon that reports wrong accesses
// to memory and undefined arithmetic (scripts/sanitized.mjs).
//
// It builds a copy of the sources in a folder of its own and moves the result into place when it is
// done, together with a fingerprint of those sources: src/runtime/native.ts doesn't load an addon
// that was built from others.
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rebuild } from "./node-gyp.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const sanitize = process.argv.includes("--sanitize");
const force = process.argv.includes("--force") || sanitize;
const home = join(root, sanitize ? "build-sanitized" : "build");
// They go behind the flags of binding.gyp. Without optimization the compiler is done in a fourth of
// the time.
const SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined";
const environment = sanitize
  ? { ...process.env, CFLAGS: `-O0 -g -fno-omit-frame-pointer ${SANITIZERS}`, LDFLAGS: SANITIZERS }
  : process.env;

// SHA-256 of kernels/*.c and *.h, in the order of their names; the same as in
// src/runtime/native.ts.
function fingerprint(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).toSorted()) {
    if (/\.[ch]$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

// Runs node-gyp in a copy of the sources; returns where the addon is.
function build(folder) {
  cpSync(join(root, "kernels"), join(folder, "kernels"), { recursive: true });
  cpSync(join(root, "binding.gyp"), join(folder, "binding.gyp"));
  rebuild(folder, environment);
  return join(folder, "build/Release/bregman_native.node");
}

function buildAndInstall() {
  const target = join(home, sanitize ? "build/Release" : "Release");
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(home, "tmp-"));
  try {
    const addon = build(folder);
    rmSync(join(target, "bregman_native.sha256"), { force: true });
    renameSync(addon, join(target, "bregman_native.node"));
    writeFileSync(join(target, "bregman_native.sha256"), fingerprint(join(folder, "kernels")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.env.BREGMAN_SKIP_NATIVE && !force) {
  console.log("bregman: native kernels skipped (BREGMAN_SKIP_NATIVE), the wasm kernels serve");
} else {
  try {
    buildAndInstall();
    console.log(`bregman: native kernels built${sanitize ? ", with sanitizers" : ""}`);
  } catch (error) {
    if (force) {
      console.error(
        `${error.log ?? ""}\nbregman: cannot build the native kernels: ${error.message}`,
      );
      process.exitCode = 1;
    } else
      console.log(`bregman: native kernels not built (${error.message}), the wasm kernels serve`);
  }
}
