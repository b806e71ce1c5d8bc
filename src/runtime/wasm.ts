/** The wasm backend, which needs nothing but a JavaScript engine with SIMD and shared memory. */
import { UnusableFileError } from "../errors.js";
import type { Runner } from "./runner.js";
import { readWasm, type OwnWasm, type WasmSource } from "./wasm-source.js";
import { webAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from "./webassembly.js";

/** The memory starts at address 0. */
interface WasmKernels {
  readonly __stack_pointer: WasmGlobal;
  run(memory: 0, ...rest: Parameters<Runner["run"]>): number;
  linger(memory: 0, ...rest: Parameters<Runner["linger"]>): void;
}

/**
 * Reads and compiles kernels; by default the package's own file.
 *
 * @throws UnusableFileError if they are not where they should be, or are no kernels; InputError if
 *   `source` is no address and no bytes
 */
export async function compileWasm(own: OwnWasm, source?: WasmSource): Promise<WasmModule> {
  const bytes = await readWasm(own, source);
  const { Module, compile } = webAssembly();
  const module = await compile(bytes).catch((cause: Error) => {
    throw new UnusableFileError(`cannot compile ${own.name}: ${cause.message}`, { cause });
  });
  const names = Module.exports(module).map(({ name }) => name);
  if (own.exports.every((name) => names.includes(name))) return module;
  const found = names.includes("predicts")
    ? "this is predict.wasm, which computes single samples only"
    : `it is not that of bregman: it exports ${names.join(", ") || "nothing"}`;
  throw new UnusableFileError(`cannot use ${own.name}: ${found}`);
}

/** An instance over the shared memory, for one thread; its stack grows down from `stackTop`. */
export function bindWasm(module: WasmModule, memory: WasmMemory, stackTop: number): Runner {
  const { Instance } = webAssembly();
  const kernels = new Instance(module, { env: { memory } }).exports as unknown as WasmKernels;
  kernels.__stack_pointer.value = stackTop;
  return {
    run: (program, ops, thread, threads, sync) =>
      kernels.run(0, program, ops, thread, threads, sync),
    linger: (word, seen) => kernels.linger(0, word, seen),
  };
}
