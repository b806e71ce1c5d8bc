/**
 * The little of WebAssembly's interface that the runtime uses.
 *
 * TypeScript declares it only together with the whole DOM, which a library for Node shouldn't ask
 * of its users.
 */
import { InputError } from "../errors.js";

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB; throws an InputError beyond the maximum. */
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: number;
}

/** A compiled module; it may be posted to a worker. */
export type WasmModule = object;

interface WebAssemblyNamespace {
  Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { exports: Record<string, unknown> };
  Module: { exports(module: WasmModule): readonly { readonly name: string }[] };
  compile(bytes: ArrayBufferView): Promise<WasmModule>;
}

/** WebAssembly, where there is one: browsers can be told to do without. */
export function webAssembly(): WebAssemblyNamespace {
  const found = (globalThis as { WebAssembly?: WebAssemblyNamespace }).WebAssembly;
  if (!found) throw new InputError("cannot compute: there is no WebAssembly here");
  return found;
}
