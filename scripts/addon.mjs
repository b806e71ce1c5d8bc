// What build-native.mjs and build-prebuilt.mjs share: how the addon is built, by what it is told
// from that of other sources, and packages that have one.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rebuild } from "./node-gyp.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const ADDON = "bregman_native.node";
export const FINGERPRINT = "bregman_native.sha256";
/** SHA-256 of a prebuilt addon itself, and its bytes. */
export const CHECKSUM = "bregman_native.node.sha256";

/** SHA-256 of kernels/*.c and *.h, in the order of their names; the same as in native.ts. */
export function fingerprint(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).toSorted()) {
    if (/\.[ch]$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

export function checksum(file) {
  const bytes = readFileSync(file);
  return `${createHash("sha256").update(bytes).digest("hex")} ${bytes.length}`;
}

/** Runs node-gyp in a copy of the sources; returns where the addon is. */
export function buildAddon(folder, environment) {
  cpSync(join(root, "kernels"), join(folder, "kernels"), { recursive: true });
  cpSync(join(root, "binding.gyp"), join(folder, "binding.gyp"));
  rebuild(folder, environment);
  return join(folder, "build/Release", ADDON);
}

/** Names of the packages with an addon for this system; the same as in native.ts. */
export function prebuiltNames(platform = process.platform, arch = process.arch) {
  return ["", "-musl"].map((libc) => `bregman-${platform}-${arch}${libc}`);
}

/**
 * The installed package that has the addon for this system: its `name`, and what is wrong with it,
 * as `fault`. Undefined if there is none.
 */
export function findPrebuilt() {
  const { resolve } = createRequire(join(root, "package.json"));
  for (const name of prebuiltNames()) {
    let folder;
    try {
      folder = dirname(resolve(`${name}/package.json`));
    } catch {
      continue;
    }
    return { name, fault: faultOf(folder) };
  }
  return undefined;
}

function faultOf(folder) {
  const absent = [ADDON, FINGERPRINT, CHECKSUM].find((file) => !existsSync(join(folder, file)));
  if (absent) return `it lacks ${absent}`;
  const said = (file) => readFileSync(join(folder, file), "utf8");
  if (said(FINGERPRINT) !== fingerprint(join(root, "kernels"))) return "it is of other sources";
  if (said(CHECKSUM) !== checksum(join(folder, ADDON))) return "it is damaged";
  // In a process of its own: what does not fit this system may end it.
  const load = ["-e", "require(process.argv[1]).run.base", join(folder, ADDON)];
  const { status } = spawnSync(process.execPath, load, { timeout: 30_000 });
  return status === 0 ? undefined : "it can't be loaded here";
}
