/**
 * The wasm backend: kernels/kernels.wasm, which needs nothing but a JavaScript engine with SIMD and
 * shared memory.
 */
import { UnusableFileError } from "../errors.js";
import type { Runner } from "./runner.js";
import { readWasm, type WasmSource } from "./wasm-source.js";
import { webAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from "./webassembly.js";

/** The memory starts at address 0. */
interface WasmKernels {
  readonly __stack_pointer: WasmGlobal;
  run(memory: 0, ...rest: Parameters<Runner["run"]>): number;
  linger(memory: 0, ...rest: Parameters<Runner["linger"]>): void;
}

/**
 * Reads and compiles the kernels.
 *
 * @throws UnusableFileError if they are not where they should be, or are no kernels; InputError if
 *   `source` is no address and no bytes
 */
export async function compileWasm(source?: WasmSource): Promise<WasmModule> {
  const bytes = await readWasm(source);
  const { Module, compile } = webAssembly();
  const module = await compile(bytes).catch((cause: Error) => {
    throw new UnusableFileError(`cannot compile kernels.wasm: ${cause.message}`, { cause });
  });
  const names = Module.exports(module).map(({ name }) => name);
  if (["__stack_pointer", "run", "linger"].every((name) => names.includes(name))) return module;
  throw new UnusableFileError(
    `cannot use kernels.wasm: it is not that of bregman: it exports ${names.join(", ") || "nothing"}`,
  );
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
