/**
 * The kernels, bound to a memory for one thread. Offsets are in bytes. See kernels/program.c.
 */
export interface Runner {
  /**
   * Runs the ops of a program as one of `threads` threads.
   * Returns 0; 1 if another thread has failed; -1 - i if op i names no kernel.
   */
  run(program: number, ops: number, thread: number, threads: number, sync: number): number;
  /** Returns when the int32 at `word` is no longer `seen`, or after some 200 microseconds. */
  linger(word: number, seen: number): void;
}
