// Builds the native addon with node-gyp, as npm's install script. It never fails an install:
// without a compiler, or if the build fails, one line says so and the wasm kernels serve. With
// --force (npm run build:native) a failure is an error, with the whole log. BREGMAN_SKIP_NATIVE=1
// skips it. With --sanitize it builds, into build-sanitized, an addon that reports wrong accesses
// to memory and undefined arithmetic (scripts/sanitized.mjs).
//
// It builds a copy of the sources in a folder of its own and moves the result into place when it is
// done, together with a fingerprint of those sources: src/runtime/native.ts doesn't load an addon
// that was built from others.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

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
// A build takes about 10 seconds; node-gyp may hang for long where it wants to download headers and
// can't.
const TIMEOUT_MS = 300_000;

// npm tells its scripts where its own node-gyp is; otherwise the npm beside this node has one.
function nodeGyp() {
  const prefix = dirname(dirname(process.execPath));
  const candidates = [
    process.env.npm_config_node_gyp,
    process.env.npm_execpath &&
      join(dirname(process.env.npm_execpath), "../node_modules/node-gyp/bin/node-gyp.js"),
    join(prefix, "lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"),
    join(prefix, "share/nodejs/npm/node_modules/node-gyp/bin/node-gyp.js"),
    join(dirname(process.execPath), "node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"),
  ];
  const script = candidates.find((path) => path && path.endsWith(".js") && existsSync(path));
  return script ? [process.execPath, script] : ["node-gyp"];
}

// Headers that were installed with this node save a download.
function nodeDir() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/node_api.h")) ? [`--nodedir=${prefix}`] : [];
}

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
  const [command, ...before] = nodeGyp();
  const { status, stdout, stderr, error } = spawnSync(
    command,
    [...before, "rebuild", "--jobs=max", ...nodeDir()],
    {
      cwd: folder,
      env: environment,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      shell: process.platform === "win32" && before.length === 0,
    },
  );
  if (status === 0) return join(folder, "build/Release/bregman_native.node");
  const log = `${stdout ?? ""}${stderr ?? ""}`;
  throw Object.assign(new Error(cause(error, log)), { log });
}

// The first line of a failed build that says what is wrong.
function cause(error, log) {
  if (error?.code === "ENOENT") return "node-gyp was not found";
  if (error?.code === "ETIMEDOUT") return "node-gyp took more than five minutes";
  const telling = [
    /(?:^|\s)error: (.+)/m,
    /^make.*?: (.+: No such file or directory)$/m,
    /^\w+Error: (.+)$/m,
    /gyp ERR! stack Error: (.+)/m,
  ];
  return telling.map((pattern) => pattern.exec(log)?.[1]).find(Boolean) ?? "node-gyp failed";
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
