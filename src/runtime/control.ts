/**
 * The control block: the words of shared memory by which the threads of a pool talk. See pool.ts
 * for how.
 *
 * Words that different threads write sit in different cache lines. The second half is `struct sync`
 * of kernels/program.c.
 */
import type { Memory } from "./memory.js";

const LINE = 16; // int32 words in 64 bytes
const ERROR_BYTES = 1024;

/** Words of the block. */
export const WORD = {
  /** Counts the programs started; workers wait for it to change. */
  ticket: 0,
  /** The program to run: its offset and its number of ops; -1 ops: leave. */
  program: 1,
  ops: 2,
  /** Bytes of the error message of a thread that failed. */
  errorLength: LINE,
  /** Start of `struct sync`. */
  sync: 2 * LINE,
  generation: 3 * LINE,
  aborted: 4 * LINE,
} as const;

const WORDS = (threads: number): number => (5 + threads) * LINE;

export interface Control {
  readonly offset: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Where `struct sync` is, in bytes. */
  readonly sync: number;
  readonly errorText: Uint8Array<SharedArrayBuffer>;
}

/** Allocates a control block for a number of threads; returns its offset. */
export function allocateControl(memory: Memory, threads: number): number {
  return memory.allocate(WORDS(threads) * 4 + ERROR_BYTES);
}

/** The control block at an offset, as this thread sees it. */
export function viewControl(buffer: SharedArrayBuffer, offset: number, threads: number): Control {
  return {
    offset,
    words: new Int32Array(buffer, offset, WORDS(threads)),
    sync: offset + WORD.sync * 4,
    errorText: new Uint8Array(buffer, offset + WORDS(threads) * 4, ERROR_BYTES),
  };
}

/** Makes every thread leave the program that is running; the first message is kept. */
export function abort({ words, errorText }: Control, message: string): void {
  if (Atomics.compareExchange(words, WORD.aborted, 0, 1) === 0) {
    const bytes = new TextEncoder().encode(message).subarray(0, ERROR_BYTES);
    errorText.set(bytes);
    Atomics.store(words, WORD.errorLength, bytes.length);
    Atomics.store(words, WORD.aborted, 2);
  }
  Atomics.notify(words, WORD.generation);
}

/** The message of the thread that failed. */
export function abortMessage({ words, errorText }: Control): string {
  // Between 1 and 2 the failing thread is writing its message: a matter of microseconds.
  while (Atomics.load(words, WORD.aborted) === 1);
  return new TextDecoder().decode(errorText.slice(0, Atomics.load(words, WORD.errorLength)));
}

/**
 * What a runner's result means, or undefined if all went well or it was another thread that failed.
 */
export function failure(status: number): string | undefined {
  return status < 0 ? `op ${-1 - status} names no kernel` : undefined;
}
