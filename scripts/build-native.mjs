// Builds the native addon with node-gyp, as npm's install script, unless a package has one that
// fits (build-prebuilt.mjs). It never fails an install: without a compiler, or if the build fails,
// one line says so and the wasm kernels serve. With
// --force (npm run build:native) a failure is an error, with the whole log. BREGMAN_SKIP_NATIVE=1
// skips it. With --sanitize it builds, into build-sanitized, an addon that reports wrong accesses
// to memory and undefined arithmetic (scripts/sanitized.mjs).
//
// It builds a copy of the sources in a folder of its own and moves the result into place when it is
// done, together with a fingerprint of those sources: src/runtime/native.ts doesn't load an addon
// that was built from others.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADDON, buildAddon, findPrebuilt, FINGERPRINT, fingerprint, root } from "./addon.mjs";

const sanitize = process.argv.includes("--sanitize");
const force = process.argv.includes("--force") || sanitize;
const home = join(root, sanitize ? "build-sanitized" : "build");
// They go behind the flags of binding.gyp. Without optimization the compiler is done in a fourth of
// the time.
const SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined";
const environment = sanitize
  ? { ...process.env, CFLAGS: `-O0 -g -fno-omit-frame-pointer ${SANITIZERS}`, LDFLAGS: SANITIZERS }
  : process.env;

function buildAndInstall() {
  const target = join(home, sanitize ? "build/Release" : "Release");
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(home, "tmp-"));
  try {
    const addon = buildAddon(folder, environment);
    rmSync(join(target, FINGERPRINT), { force: true });
    renameSync(addon, join(target, ADDON));
    writeFileSync(join(target, FINGERPRINT), fingerprint(join(folder, "kernels")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Whether a package has the addon; one that has another is told of.
function isPrebuilt() {
  const prebuilt = findPrebuilt();
  if (!prebuilt) return false;
  const { name, fault } = prebuilt;
  console.log(`bregman: native kernels of ${name}${fault ? ` not taken: ${fault}` : ""}`);
  return !fault;
}

if (process.env.BREGMAN_SKIP_NATIVE && !force) {
  console.log("bregman: native kernels skipped (BREGMAN_SKIP_NATIVE), the wasm kernels serve");
} else if (force || !isPrebuilt()) {
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
