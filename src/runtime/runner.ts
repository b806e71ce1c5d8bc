/**
 * Runs the ops of a program as one of `threads` threads; see kernels/program.c. Offsets are in bytes.
 * Returns 0; 1 if another thread has failed; -1 - i if op i names no kernel.
 */
export type Runner = (program: number, ops: number, thread: number, threads: number, sync: number) => number;
