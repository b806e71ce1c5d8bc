/**
 * The native backend: kernels/addon.c, as a package of its own has it, or built by npm's install
 * script where there is a compiler.
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
  /** What computes products of bf16 for the variant "avx512": "amx", "bf16" or "". */
  readonly halfUnit: string;
}

/** The folder of an addon that was built here. */
const BUILT = "build/Release/";
const ADDON = "bregman_native.node";
const FINGERPRINT = "bregman_native.sha256";
/** Of an addon that was not built here: its SHA-256, which the install looks at, and its bytes. */
const CHECKSUM = "bregman_native.node.sha256";
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

/** Name of an instruction set for planes of bf16, whose bits depend on what multiplies them. */
export function halfIsaOf(isa: string): string {
  const unit = isa === "avx512" && loadCurrent().addon?.halfUnit;
  return unit ? `${isa}+${unit}` : isa;
}

/**
 * The runner of one instruction set over a memory. The memory may grow later: it does so in place.
 */
export function bindNative(isa: string, buffer: SharedArrayBuffer): Runner {
  const { addon, problem = `it has no variant ${JSON.stringify(isa)}` } = loadCurrent();
  const run = addon?.run[isa];
  if (!addon || !run) throw new InternalError(`cannot use the native backend: ${problem}`);
  const bytes = new Uint8Array(buffer);
  return {
    run: (program, ops, thread, threads, sync) => run(bytes, program, ops, thread, threads, sync),
    linger: (word, seen) => addon.linger(bytes, word, seen),
  };
}

/** The addon once it has been found to be current: looked at once in a process. */
let current: Addon | undefined;

/** An addon that was built from the sources that are here: in our package, else in one for it. */
function loadCurrent(): { readonly addon?: Addon; readonly problem?: string } {
  if (current) return { addon: current };
  const fs = nodeModule("node:fs");
  if (!fs) return { problem: "it needs Node" };
  let problem: string | undefined;
  for (const { folder, name } of homes()) {
    if (!fs.existsSync(new URL(ADDON, folder))) continue;
    if (!isCurrent(fs, folder)) {
      problem ??= `${name} was built from other sources`;
      continue;
    }
    // The system ends a process that loads a part of one.
    if (!isWhole(fs, folder)) {
      problem ??= `${name} is cut off`;
      continue;
    }
    try {
      current = load(folder);
      return { addon: current };
    } catch (error) {
      const [reason] = String((error as Error).message).split("\n");
      problem ??= `${name} can't be loaded (${reason})`;
    }
  }
  if (problem !== undefined) return { problem };
  const isHere = fs.existsSync(packageFile(`${SOURCES}kernels.wasm`) ?? "");
  return {
    problem: isHere
      ? "the addon is not built"
      : `there is no addon beside this code; ${KEEP_EXTERNAL}`,
  };
}

/** Folders that may hold an addon, as addresses, and what it is called in messages. */
function homes(): { readonly folder: URL; readonly name: string }[] {
  const { createRequire } = nodeModule("node:module")!;
  const { pathToFileURL } = nodeModule("node:url")!;
  const own = packageFile(BUILT);
  if (!own) return [];
  const { platform, arch } = globalThis.process;
  // Those of scripts/build-prebuilt.mjs.
  const prebuilt = ["", "-musl"].flatMap((libc) => {
    const name = `bregman-${platform}-${arch}${libc}`;
    try {
      const manifest = createRequire(here("package.json")).resolve(`${name}/package.json`);
      return [{ folder: new URL(".", pathToFileURL(manifest)), name: `the addon of ${name}` }];
    } catch {
      return [];
    }
  });
  return [{ folder: own, name: "the addon" }, ...prebuilt];
}

/** From a file, not its folder: Jest's createRequire takes the folder above what it's given. */
function load(folder: URL): Addon {
  const { createRequire } = nodeModule("node:module")!;
  return createRequire(new URL(ADDON, folder))(`./${ADDON}`) as Addon;
}

function isWhole(fs: typeof import("node:fs"), folder: URL): boolean {
  const said = new URL(CHECKSUM, folder);
  if (!fs.existsSync(said)) return true;
  const [, bytes] = fs.readFileSync(said, "utf8").split(" ");
  return fs.statSync(new URL(ADDON, folder)).size === Number(bytes);
}

/** Asked for only once it is known that the package is there. */
const here = (path: string): URL => packageFile(path)!;

/**
 * Whether the addon was built from the kernel sources that are here now: with others, ops would
 * mean something else. True if it can't be told, as where only the addon was deployed.
 */
function isCurrent(fs: typeof import("node:fs"), folder: URL): boolean {
  const crypto = nodeModule("node:crypto");
  const said = new URL(FINGERPRINT, folder);
  if (!crypto || !fs.existsSync(said) || !fs.existsSync(here(SOURCES))) return true;
  const hash = crypto.createHash("sha256");
  for (const name of fs.readdirSync(here(SOURCES)).toSorted())
    if (/\.[ch]$/.test(name)) hash.update(name).update(fs.readFileSync(here(SOURCES + name)));
  return hash.digest("hex") === fs.readFileSync(said, "utf8");
}
