/**
 * Backends: who computes. `native` is the addon built on installation, `wasm` always works; both
 * run the same kernels.
 *
 * A backend is described by plain data ({@link Backend}), so that it can be posted to a worker,
 * which binds it to the shared memory anew ({@link bind}).
 */
import { InputError, UnusableFileError } from "../errors.js";
import type { Memory } from "./memory.js";
import { bindNative, halfIsaOf, nativeVariants } from "./native.js";
import { inPlaceOfNode } from "./node.js";
import type { Runner } from "./runner.js";
import { KERNELS_WASM } from "./kernels-wasm.js";
import { bindWasm, compileWasm } from "./wasm.js";
import type { WasmSource } from "./wasm-source.js";
import type { WasmMemory, WasmModule } from "./webassembly.js";

export type BackendName = "native" | "wasm";

export interface Backend {
  readonly name: BackendName;
  /** Instruction set: "avx512", "avx2" or "base" (SSE2, NEON) for native, "simd128" for wasm. */
  readonly isa: string;
  /** The same for planes of bf16: "avx512+bf16" or "+amx" where the CPU multiplies such numbers. */
  readonly halfIsa: string;
  /** Why this backend, in one line. */
  readonly reason: string;
  /** wasm only: the compiled kernels. */
  readonly module?: WasmModule;
}

export interface BackendOptions {
  /**
   * Native instruction set; default: the environment variable BREGMAN_ISA, else the best this CPU
   * has.
   */
  readonly isa?: string | undefined;
  /** Where kernels.wasm is, or its bytes; default: where the package has it. */
  readonly wasm?: WasmSource | undefined;
}

/** What {@link bind} needs of a memory. */
export interface MemoryHandle {
  readonly wasm: WasmMemory;
  /** Byte offset of {@link STACK_BYTES} bytes of this thread's own. */
  readonly stack: number;
}

/** Bytes of stack a wasm thread gets. */
export const STACK_BYTES = 65536;

/**
 * Loads a backend. "auto" takes native if it is there and this is Node, else wasm. Throws an
 * InputError if native is asked for and not built (it says what to run), and for an unknown name or
 * isa; for wasm what {@link compileWasm} throws.
 */
export async function loadBackend(
  name: BackendName | "auto" = "auto",
  { isa, wasm: source }: BackendOptions = {},
): Promise<Backend> {
  if (name !== "auto" && name !== "native" && name !== "wasm")
    throw new InputError(
      `cannot load a backend: expected "native", "wasm" or "auto", found ${JSON.stringify(name)}`,
    );
  if (name === "wasm") return wasm("asked for", source);
  const host = inPlaceOfNode();
  if (name === "auto" && host !== undefined)
    return wasm(`the native addon is tested in Node, and this is ${host}`, source);
  const { variants, problem } = nativeVariants();
  const best = variants[0];
  if (best === undefined) {
    if (name === "auto") return wasm(`native is not available: ${problem}`, source);
    throw new UnusableFileError(
      `cannot load the native backend: ${problem}; run npm rebuild bregman (in a ` +
        "clone: npm run build:native), or use wasm",
    );
  }
  const wanted = isa ?? environmentIsa();
  if (wanted !== undefined && !variants.includes(wanted))
    throw new InputError(
      `cannot load the native backend: isa must be one of ${variants.join(", ")} on ` +
        `this CPU, found ${JSON.stringify(wanted)}`,
    );
  const chosen = wanted ?? best;
  return {
    name: "native",
    isa: chosen,
    halfIsa: halfIsaOf(chosen),
    reason: name === "native" ? "asked for" : "the native addon is built, and faster than wasm",
  };
}

async function wasm(reason: string, source: WasmSource | undefined): Promise<Backend> {
  return wasmBackend(await compileWasm(KERNELS_WASM, source), reason);
}

/** The backend of compiled kernels. */
export function wasmBackend(module: WasmModule, reason: string): Backend {
  return { name: "wasm", isa: "simd128", halfIsa: "simd128", reason, module };
}

function environmentIsa(): string | undefined {
  return globalThis.process?.env?.["BREGMAN_ISA"] || undefined;
}

/** The runner of a backend over a memory, for one thread. */
export function bind(backend: Backend, memory: MemoryHandle): Runner {
  return backend.name === "native"
    ? bindNative(backend.isa, memory.wasm.buffer)
    : bindModule(backend, memory);
}

/** The runner of wasm. */
export function bindModule({ module }: Backend, { wasm: memory, stack }: MemoryHandle): Runner {
  return bindWasm(module!, memory, stack + STACK_BYTES);
}

/** A handle on `memory` for one more thread; allocates its stack. */
export function memoryHandle(memory: Memory): MemoryHandle {
  return { wasm: memory.wasm, stack: memory.allocate(STACK_BYTES) };
}
