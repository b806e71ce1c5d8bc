/**
 * The one memory that both backends and all threads compute in: a shared WebAssembly.Memory, handed
 * out from the bottom.
 *
 * Offsets are multiples of 64 bytes (a cache line, an AVX-512 vector) and never 0, which stands for
 * "absent". Memory grows by whole pages and in place, so views taken earlier stay valid. There is
 * no freeing of single tensors: `mark` remembers how much is in use, `release` gives back all that
 * was handed out since. Everything handed out is zeroed.
 */
import { InputError } from "../errors.js";
import { webAssembly, type WasmMemory } from "./webassembly.js";

const PAGE = 65536;
const ALIGNMENT = 64;
/** The first page belongs to kernels.wasm, see scripts/build-wasm.mjs. */
const FIRST = PAGE;
/** What a memory can hold at most: 32-bit addresses. */
export const MOST_BYTES = 2 ** 32;

export interface MemoryOptions {
  /**
   * Largest size in bytes, a multiple of 65536; default and limit 4 GiB. Address space only, until
   * it is used.
   */
  readonly maxBytes?: number | undefined;
}

export interface Memory {
  /** What a wasm instance imports. */
  readonly wasm: WasmMemory;
  /** All of it, as it is now; grows with later allocations. */
  readonly buffer: SharedArrayBuffer;
  /** Bytes handed out, and those below that are never handed out. */
  readonly used: number;
  /** Offset of `bytes` zeroed bytes. Throws an InputError if the memory can't grow that far. */
  allocate(bytes: number): number;
  /** Copies numbers into new memory and returns their offset. */
  put(data: Float32Array | Int32Array | Uint8Array): number;
  /** View of `length` float32 at a byte offset. */
  f32(offset: number, length: number): Float32Array<SharedArrayBuffer>;
  /** View of `length` int32 at a byte offset. */
  i32(offset: number, length: number): Int32Array<SharedArrayBuffer>;
  /** View of `length` bytes at a byte offset. */
  u8(offset: number, length: number): Uint8Array<SharedArrayBuffer>;
  /** Remembers how much is in use, for {@link Memory.release}. */
  mark(): number;
  /** Gives back everything allocated since `mark`, which must not be used any more. */
  release(mark: number): void;
  /**
   * Leaves it to the next memory of that size: neither this one nor a view of it must be used any
   * more.
   */
  close(): void;
}

/**
 * Memories that were closed. Engines don't see how much a shared memory has grown and take their
 * time to collect it, so that a program of many short trainings would hold all of theirs.
 */
let closed: readonly Closed[] = [];

interface Closed {
  readonly wasm: WeakRef<WasmMemory>;
  readonly maxBytes: number;
  readonly touched: number;
}

/** The one that was closed last, of this size. */
function reopen(
  maxBytes: number,
): { readonly wasm: WasmMemory; readonly touched: number } | undefined {
  closed = closed.filter(({ wasm }) => wasm.deref());
  const found = closed.findLast((one) => one.maxBytes === maxBytes);
  const wasm = found?.wasm.deref();
  closed = closed.filter((one) => one !== found);
  return found && wasm && { wasm, touched: found.touched };
}

function sharedMemory(maxBytes: number): WasmMemory {
  const { Memory } = webAssembly();
  try {
    return new Memory({ initial: 2, maximum: maxBytes / PAGE, shared: true });
  } catch (cause) {
    const gib = Math.ceil(maxBytes / 2 ** 30);
    throw new InputError(
      "cannot make a memory: the system gives no addresses for it. WebAssembly reserves " +
        "10 GiB of them, whatever it then uses: " +
        `raise the limit (ulimit -v 16000000), or run node --disable-wasm-trap-handler, which reserves ${gib} GiB`,
      { cause },
    );
  }
}

/**
 * Makes an empty memory. Throws an InputError if `maxBytes` is not a multiple of 65536 in [131072,
 * 4 GiB], or if the system gives no addresses for it.
 */
export function createMemory({ maxBytes = MOST_BYTES }: MemoryOptions = {}): Memory {
  if (!Number.isInteger(maxBytes / PAGE) || maxBytes < 2 * PAGE || maxBytes > MOST_BYTES)
    throw new InputError(
      `cannot make a memory: maxBytes must be a multiple of 65536 from 131072 to 4294967296, found ${maxBytes}`,
    );
  const old = reopen(maxBytes);
  const wasm = old?.wasm ?? sharedMemory(maxBytes);
  let used = FIRST;
  /** Above this nothing has been written yet, so it is zero. */
  let touched = old?.touched ?? FIRST;

  function allocate(bytes: number): number {
    if (!Number.isInteger(bytes) || bytes < 0)
      throw new InputError(
        `cannot allocate: the number of bytes must be a non-negative integer, found ${bytes}`,
      );
    const offset = used;
    const end = offset + Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    if (end > maxBytes)
      throw new InputError(
        `cannot allocate ${bytes} bytes: ${offset} of at most ${maxBytes} bytes are ` +
          "in use; use a smaller model or batch",
      );
    const missing = end - wasm.buffer.byteLength;
    if (missing > 0) grow(Math.ceil(missing / PAGE), bytes);
    if (offset < touched)
      new Uint8Array(wasm.buffer, offset, Math.min(end, touched) - offset).fill(0);
    used = end;
    touched = Math.max(touched, end);
    return offset;
  }

  function grow(pages: number, bytes: number): void {
    try {
      wasm.grow(pages);
    } catch {
      throw new InputError(
        `cannot allocate ${bytes} bytes: the system gives no more memory (${used} bytes are in use)`,
      );
    }
  }

  function put(data: Float32Array | Int32Array | Uint8Array): number {
    const offset = allocate(data.byteLength);
    new Uint8Array(wasm.buffer, offset, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return offset;
  }

  return {
    wasm,
    get buffer() {
      return wasm.buffer;
    },
    get used() {
      return used;
    },
    allocate,
    put,
    f32: (offset, length) => new Float32Array(wasm.buffer, offset, length),
    i32: (offset, length) => new Int32Array(wasm.buffer, offset, length),
    u8: (offset, length) => new Uint8Array(wasm.buffer, offset, length),
    mark: () => used,
    release(mark) {
      if (!(mark >= FIRST && mark <= used))
        throw new InputError(
          `cannot release memory: the mark must be one taken from this memory, found ${mark}`,
        );
      used = mark;
    },
    close() {
      closed = [...closed, { wasm: new WeakRef(wasm), maxBytes, touched }];
    },
  };
}
