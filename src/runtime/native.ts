/**
 * The native backend: kernels/addon.c, built by npm's install script where there is a compiler.
 */
import { InternalError } from "../errors.js";
import { KEEP_EXTERNAL, packageFile } from "../package-file.js";
import { nodeModule } from "./node.js";
import type { Runner } from "./runner.js";

interface Addon {
  /** By instruction set, best first. */
  readonly run: Readonly<
    Record<string, (memory: Uint8Array, ...rest: Parameters<Runner["run"]>) => number>
  >;
  linger(memory: Uint8Array, ...rest: Parameters<Runner["linger"]>): void;
}

const ADDON = "build/Release/bregman_native.node";
const FINGERPRINT = "build/Release/bregman_native.sha256";
const SOURCES = "kernels/";

/**
 * Instruction sets that the addon has and this CPU can run, best first; empty, with the problem,
 * without an addon.
 */
export function nativeVariants(): {
  readonly variants: readonly string[];
  readonly problem?: string;
} {
  const { addon, problem } = loadCurrent();
  return addon ? { variants: Object.keys(addon.run) } : { variants: [], problem: problem! };
}

/**
 * The runner of one instruction set over a memory. The memory may grow later: it does so in place.
 */
export function bindNative(isa: string, buffer: SharedArrayBuffer): Runner {
  const addon = load();
  const run = addon.run[isa];
  if (!run)
    throw new InternalError(
      `cannot use the native backend: it has no variant ${JSON.stringify(isa)}`,
    );
  const bytes = new Uint8Array(buffer);
  return {
    run: (program, ops, thread, threads, sync) => run(bytes, program, ops, thread, threads, sync),
    linger: (word, seen) => addon.linger(bytes, word, seen),
  };
}

/** The addon once it has been found to be current: looked at once in a process. */
let current: Addon | undefined;

/** The addon, if it was built from the sources that are here. */
function loadCurrent(): { readonly addon?: Addon; readonly problem?: string } {
  if (current) return { addon: current };
  const fs = nodeModule("node:fs");
  if (!fs) return { problem: "it needs Node" };
  const has = (path: string): boolean => fs.existsSync(packageFile(path) ?? "");
  if (!has(ADDON)) {
    const isHere = has(`${SOURCES}kernels.wasm`);
    return {
      problem: isHere
        ? "the addon is not built"
        : `there is no addon beside this code; ${KEEP_EXTERNAL}`,
    };
  }
  if (!isCurrent(fs)) return { problem: "the addon was built from other sources" };
  try {
    current = load();
    return { addon: current };
  } catch (error) {
    return {
      problem: `the addon can't be loaded (${String((error as Error).message).split("\n")[0]})`,
    };
  }
}

/** From a file, not its folder: Jest's createRequire takes the folder above what it's given. */
function load(): Addon {
  const { createRequire } = nodeModule("node:module")!;
  return createRequire(here("package.json"))(`./${ADDON}`) as Addon;
}

/** Asked for only once it is known that the package is there. */
const here = (path: string): URL => packageFile(path)!;

/**
 * Whether the addon was built from the kernel sources that are here now: with others, ops would
 * mean something else. True if it can't be told, as where only the addon was deployed.
 */
function isCurrent(fs: typeof import("node:fs")): boolean {
  const crypto = nodeModule("node:crypto");
  if (!crypto || !fs.existsSync(here(FINGERPRINT)) || !fs.existsSync(here(SOURCES))) return true;
  const hash = crypto.createHash("sha256");
  for (const name of fs.readdirSync(here(SOURCES)).toSorted())
    if (/\.[ch]$/.test(name)) hash.update(name).update(fs.readFileSync(here(SOURCES + name)));
  return hash.digest("hex") === fs.readFileSync(here(FINGERPRINT), "utf8");
}
