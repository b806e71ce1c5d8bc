// Builds the native addon with node-gyp, as npm's install script. It never fails an install: without a compiler, or if
// the build fails, one line says so and the wasm kernels serve. With --force (npm run build:native) a failure is an
// error, with the whole log. BREGMAN_SKIP_NATIVE=1 skips it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const force = process.argv.includes("--force");
// A build takes about 10 seconds; node-gyp may hang for long where it wants to download headers and can't.
const TIMEOUT_MS = 300_000;

// npm tells its scripts where its own node-gyp is; otherwise the npm beside this node has one.
function nodeGyp() {
  const prefix = dirname(dirname(process.execPath));
  const candidates = [
    process.env.npm_config_node_gyp,
    process.env.npm_execpath && join(dirname(process.env.npm_execpath), "../node_modules/node-gyp/bin/node-gyp.js"),
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

function build() {
  const [command, ...before] = nodeGyp();
  const { status, stdout, stderr, error } = spawnSync(command, [...before, "rebuild", "--jobs=max", ...nodeDir()], {
    cwd: root,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    shell: process.platform === "win32" && before.length === 0,
  });
  const log = `${stdout ?? ""}${stderr ?? ""}`;
  if (status === 0) return { ok: true };
  const cause =
    error?.code === "ENOENT"
      ? "node-gyp was not found"
      : error?.code === "ETIMEDOUT"
        ? "node-gyp took more than five minutes"
        : (log
            .split("\n")
            .map((line) => /(?:error: |gyp ERR! stack (?:Error: )?)(.*)/.exec(line)?.[1])
            .find(Boolean) ?? "node-gyp failed");
  return { ok: false, cause, log };
}

if (process.env.BREGMAN_SKIP_NATIVE && !force) {
  console.log("bregman: native kernels skipped (BREGMAN_SKIP_NATIVE), the wasm kernels serve");
} else {
  const { ok, cause, log } = build();
  if (ok) console.log("bregman: native kernels built");
  else if (force) {
    console.error(`${log}\nbregman: cannot build the native kernels: ${cause}`);
    process.exitCode = 1;
  } else console.log(`bregman: native kernels not built (${cause}), the wasm kernels serve`);
}
