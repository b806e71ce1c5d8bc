/**
 * The little of WebAssembly's interface that the runtime uses.
 *
 * TypeScript declares it only together with the whole DOM, which a library for Node shouldn't ask of its users.
 */

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB; throws a RangeError beyond the maximum. */
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: number;
}

/** A compiled module; it may be posted to a worker. */
export type WasmModule = object;

interface WebAssemblyNamespace {
  Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { exports: Record<string, unknown> };
  compile(bytes: BufferSource | Uint8Array): Promise<WasmModule>;
}

type BufferSource = ArrayBuffer | ArrayBufferView;

export const WebAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace }).WebAssembly;
