/**
 * The wasm backend: kernels/kernels.wasm, which needs nothing but a JavaScript engine with SIMD and shared memory.
 */
import { nodeModule } from "./node.js";
import type { Runner } from "./runner.js";
import { WebAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from "./webassembly.js";

/** The memory starts at address 0. */
interface WasmKernels {
  readonly __stack_pointer: WasmGlobal;
  run(memory: 0, ...rest: Parameters<Runner["run"]>): number;
  linger(memory: 0, ...rest: Parameters<Runner["linger"]>): void;
}

/** Reads and compiles the kernels: from disk in Node, over the network in a browser. */
export async function compileWasm(): Promise<WasmModule> {
  const file = new URL("../../kernels/kernels.wasm", import.meta.url);
  const fs = file.protocol === "file:" ? nodeModule("node:fs") : undefined;
  const bytes = fs ? await fs.promises.readFile(file) : new Uint8Array(await (await fetch(file)).arrayBuffer());
  return WebAssembly.compile(bytes);
}

/** An instance over the shared memory, for one thread; its stack grows down from `stackTop`. */
export function bindWasm(module: WasmModule, memory: WasmMemory, stackTop: number): Runner {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmKernels;
  kernels.__stack_pointer.value = stackTop;
  return {
    run: (program, ops, thread, threads, sync) => kernels.run(0, program, ops, thread, threads, sync),
    linger: (word, seen) => kernels.linger(0, word, seen),
  };
}
