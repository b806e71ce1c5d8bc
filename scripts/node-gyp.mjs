// Runs node-gyp, for build-native.mjs and build-mpi.mjs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

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

// Builds what the binding.gyp in a folder says, into its build/Release. Throws an error with the
// line that says what is wrong, and with the whole `log`.
export function rebuild(folder, env) {
  const [command, ...before] = nodeGyp();
  const { status, stdout, stderr, error } = spawnSync(
    command,
    [...before, "rebuild", "--jobs=max", ...nodeDir()],
    {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      shell: process.platform === "win32" && before.length === 0,
    },
  );
  if (status === 0) return;
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
