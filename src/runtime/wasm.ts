/**
 * The wasm backend: kernels/kernels.wasm, which needs nothing but a JavaScript engine with SIMD and shared memory.
 */
import { nodeModule } from "./node.js";
import type { Runner } from "./runner.js";
import { WebAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from "./webassembly.js";

type WasmRun = (memory: number, ...rest: Parameters<Runner>) => number;

/** Reads and compiles the kernels: from disk in Node, over the network in a browser. */
export async function compileWasm(): Promise<WasmModule> {
  const file = new URL("../../kernels/kernels.wasm", import.meta.url);
  const fs = file.protocol === "file:" ? nodeModule("node:fs") : undefined;
  const bytes = fs ? await fs.promises.readFile(file) : new Uint8Array(await (await fetch(file)).arrayBuffer());
  return WebAssembly.compile(bytes);
}

/** An instance over the shared memory, for one thread; its stack grows down from `stackTop`. */
export function bindWasm(module: WasmModule, memory: WasmMemory, stackTop: number): Runner {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  (exports["__stack_pointer"] as WasmGlobal).value = stackTop;
  const run = exports["run"] as WasmRun;
  return (program, ops, thread, threads, sync) => run(0, program, ops, thread, threads, sync);
}
