/**
 * The native backend: kernels/addon.c, built by npm's install script where there is a compiler.
 */
import { nodeModule } from "./node.js";
import type { Runner } from "./runner.js";

interface Addon {
  /** By instruction set, best first. */
  readonly run: Readonly<Record<string, (memory: Uint8Array, ...rest: Parameters<Runner["run"]>) => number>>;
  linger(memory: Uint8Array, ...rest: Parameters<Runner["linger"]>): void;
}

const ADDON = "../../build/Release/bregman_native.node";

/** Instruction sets that the addon has and this CPU can run, best first; empty, with the problem, without an addon. */
export function nativeVariants(): { readonly variants: readonly string[]; readonly problem?: string } {
  const { addon, problem } = load();
  return addon ? { variants: Object.keys(addon.run) } : { variants: [], problem: problem! };
}

/** The runner of one instruction set over a memory. The memory may grow later: it does so in place. */
export function bindNative(isa: string, buffer: SharedArrayBuffer): Runner {
  const { addon } = load();
  const run = addon?.run[isa];
  if (!addon || !run) throw new Error(`cannot use the native backend: it has no variant ${JSON.stringify(isa)}`);
  const bytes = new Uint8Array(buffer);
  return {
    run: (program, ops, thread, threads, sync) => run(bytes, program, ops, thread, threads, sync),
    linger: (word, seen) => addon.linger(bytes, word, seen),
  };
}

function load(): { readonly addon?: Addon; readonly problem?: string } {
  const module = nodeModule("node:module");
  const fs = nodeModule("node:fs");
  if (!module || !fs) return { problem: "it needs Node" };
  const file = new URL(ADDON, import.meta.url);
  if (!fs.existsSync(file)) return { problem: "the addon is not built" };
  try {
    return { addon: module.createRequire(import.meta.url)(ADDON) as Addon };
  } catch (error) {
    return { problem: `the addon can't be loaded (${String((error as Error).message).split("\n")[0]})` };
  }
}
