/**
 * A program: ops in shared memory, which the backend's runner walks down without returning to
 * JavaScript between them.
 *
 * A training step is about 25 ops of a few microseconds each, so what a launch costs counts: a
 * fraction of a microsecond here, more than one for a call from JavaScript per op and thread. See
 * kernels/program.c.
 */
import { InternalError } from "../errors.js";
import { KERNELS } from "./all-kernels.js";
import type { Argument } from "./contract/composites.js";
import {
  argumentWords,
  encodeOp,
  OP_WORDS,
  WHOLE_SHARES,
  type KernelTable,
  type Op,
} from "./kernel-table.js";
import type { Memory } from "./memory.js";

/** A piece of a training step: an op for the pool, or a function to call between programs. */
export type Action = Op | (() => void);

export interface Program {
  /** Byte offset of the first op. */
  readonly offset: number;
  /** Number of ops. */
  readonly length: number;
}

/**
 * Writes the ops into new memory. Throws an InternalError that names the op if one is
 * malformed.
 */
export function writeProgram(memory: Memory, ops: readonly Op[]): Program {
  return writeOps(KERNELS, memory, ops);
}

/** The same where there are some kernels only. */
export function writeOps(kernels: KernelTable, memory: Memory, ops: readonly Op[]): Program {
  ops.forEach((step, i) => checkOp(kernels, step, i));
  ops.forEach(checkParts);
  const offset = memory.allocate(ops.length * OP_WORDS * 4);
  const words = memory.i32(offset, ops.length * OP_WORDS);
  ops.forEach((step, i) => encodeOp(kernels, step, words, i * OP_WORDS));
  return { offset, length: ops.length };
}

function checkOp(kernels: KernelTable, { kernel, rows, grain, args }: Op, index: number): void {
  const where = `op ${index} (${kernel})`;
  const names: readonly Argument[] | undefined = kernels[kernel];
  if (!names) throw new InternalError(`cannot write ${where}: there is no kernel of that name`);
  if (!Number.isInteger(rows) || rows < 0 || rows >= 2 ** 31)
    throw new InternalError(
      `cannot write ${where}: rows must be an integer in [0, 2^31), found ${rows}`,
    );
  if (!Number.isInteger(grain) || grain < 1 || grain > WHOLE_SHARES)
    throw new InternalError(
      `cannot write ${where}: grain must be an integer from 1 to 2^20, found ${grain}`,
    );
  for (const [name, value] of argumentWords(names, args)) {
    if (!Number.isInteger(value) || (value as number) < -(2 ** 31) || (value as number) >= 2 ** 32)
      throw new InternalError(
        `cannot write ${where}: argument ${name} must be a 32-bit integer, found ${String(value)}`,
      );
  }
}

function checkParts({ kernel, rows, parts = 0 }: Op, index: number, ops: readonly Op[]): void {
  if (parts === 0 || index === 0) return;
  const where = `op ${index} (${kernel})`;
  const before = ops[index - 1];
  const first = index > 1 && before.parts ? before.parts : parts;
  if (!Number.isInteger(parts) || parts < 0 || parts !== first)
    throw new InternalError(
      `cannot write ${where}: parts must be those of the op it is joined to (${first}), found ${parts}`,
    );
  if (rows % parts !== 0 || before.rows % parts !== 0)
    throw new InternalError(
      `cannot write ${where}: ${rows} rows joined to ${before.rows} can't be cut into ${parts} parts`,
    );
}
