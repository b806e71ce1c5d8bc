/**
 * The native backend: kernels/addon.c, built by npm's install script where there is a compiler.
 */
import { nodeModule } from "./node.js";
import type { Runner } from "./runner.js";

type NativeRun = (memory: Uint8Array, ...rest: Parameters<Runner>) => number;

const ADDON = "../../build/Release/bregman_native.node";

/** Instruction sets that the addon has and this CPU can run, best first; empty, with the problem, without an addon. */
export function nativeVariants(): { readonly variants: readonly string[]; readonly problem?: string } {
  const { addon, problem } = load();
  return addon ? { variants: Object.keys(addon) } : { variants: [], problem: problem! };
}

/** The runner of one instruction set over a memory. The memory may grow later: it does so in place. */
export function bindNative(isa: string, buffer: SharedArrayBuffer): Runner {
  const run = load().addon?.[isa];
  if (!run) throw new Error(`cannot use the native backend: it has no variant ${JSON.stringify(isa)}`);
  const bytes = new Uint8Array(buffer);
  return (program, ops, thread, threads, sync) => run(bytes, program, ops, thread, threads, sync);
}

function load(): { readonly addon?: Readonly<Record<string, NativeRun>>; readonly problem?: string } {
  const module = nodeModule("node:module");
  const fs = nodeModule("node:fs");
  if (!module || !fs) return { problem: "it needs Node" };
  const file = new URL(ADDON, import.meta.url);
  if (!fs.existsSync(file)) return { problem: "the addon is not built" };
  try {
    return { addon: module.createRequire(import.meta.url)(ADDON) as Record<string, NativeRun> };
  } catch (error) {
    return { problem: `the addon can't be loaded (${String((error as Error).message).split("\n")[0]})` };
  }
}
