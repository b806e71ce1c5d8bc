/**
 * A parameter in shared memory, and its three forms: dense theta, the pattern of its non-zeros, the pattern's transpose.
 *
 * Which form is up to date follows from `kernel`: "dense": theta; "sparse": the pattern (and its transpose). `counts`,
 * the non-zeros of each row, is always up to date. Byte layouts: kernel-table.ts.
 */
import type { Memory } from "./memory.js";
import { TILE, op, type Op } from "./kernel-table.js";

export type ParameterRole = "weight" | "bias";

/** Byte offsets of a pattern's parts. */
export interface Pattern {
  readonly entries: number;
  readonly counts: number;
  readonly changed: number;
}

/** Byte offsets of a transposed pattern's parts. */
export interface TransposedPattern {
  readonly entries: number;
  readonly counts: number;
  readonly source: number;
  /** i32 word: non-zero asks for a rebuild whatever `changed` says. */
  readonly force: number;
}

export interface Parameter {
  /** `<layer>.<name>`, e.g. "linear1.weight". */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly cols: number;
  /** f32 [rows, cols]. */
  readonly theta: number;
  /** i32 [rows]: non-zeros of each row. */
  readonly counts: number;
  /** i32 [rows]: 1 where the last update changed the row's set of non-zeros (sparse kernels only). */
  readonly changed: number;
  readonly pattern?: Pattern;
  readonly transpose?: TransposedPattern;
  /** Which kernels multiply by it, see {@link setKernel}. */
  kernel: "dense" | "sparse";
  /** Gradients wanted: of every weight, or of the non-zeros only (frozen pattern). */
  gradient: "all" | "pattern";
}

export interface ParameterOptions {
  /** Keep a pattern, so that sparse kernels can be used. */
  pattern?: boolean;
  /** Keep its transpose too, for the input gradient. */
  transpose?: boolean;
}

/** Gives a parameter its place in memory. A vector [n] is one row of n columns; everything starts dense and zero. */
export function createParameter(
  memory: Memory,
  { name, role, shape }: { name: string; role: ParameterRole; shape: readonly number[] },
  { pattern = false, transpose = false }: ParameterOptions = {},
): Parameter {
  const rows = shape.length > 1 ? shape[0] : 1;
  const cols = shape.reduce((product, n) => product * n, 1) / rows;
  const counts = memory.allocate(rows * 4);
  const changed = memory.allocate(rows * 4);
  return {
    name,
    role,
    shape,
    rows,
    cols,
    counts,
    changed,
    kernel: "dense",
    gradient: "all",
    theta: memory.allocate(rows * cols * 4),
    ...(pattern ? { pattern: { entries: memory.allocate(rows * cols * 8), counts, changed } } : {}),
    ...(pattern && transpose
      ? {
          transpose: {
            entries: memory.allocate(rows * cols * 8),
            counts: memory.allocate(cols * 4),
            source: memory.allocate(rows * cols * 4),
            force: memory.allocate(4),
          },
        }
      : {}),
  };
}

/** The ops that bring the transpose up to date after the pattern has changed; none if the parameter has no transpose. */
export function transposeOps({ rows, cols, pattern, transpose }: Parameter): Op[] {
  if (!pattern || !transpose) return [];
  const { entries, counts, changed } = pattern;
  const { entries: tEntries, counts: tCounts, source, force } = transpose;
  return [op("transpose", cols, { entries, counts, changed, tEntries, tCounts, source, rows, cols, force })];
}

/** The op that makes the pattern from dense theta. Needs a pattern. */
export function compressOp({ rows, cols, theta, pattern }: Parameter): Op {
  return op("compress", rows, { theta, ...pattern!, rows, cols });
}

/** The op that makes dense theta from the pattern. Needs a pattern. */
export function expandOp({ rows, cols, theta, pattern }: Parameter): Op {
  return op("expand", rows, { theta, entries: pattern!.entries, counts: pattern!.counts, rows, cols });
}

/** Non-zeros of theta, by the counts of the last update. */
export function nonZeros(memory: Memory, { counts, rows }: Parameter): number {
  let sum = 0;
  for (const n of memory.i32(counts, rows)) sum += n;
  return sum;
}

/** A copy of theta, f32 [rows, cols], whichever form is up to date. */
export function readTheta(memory: Memory, { rows, cols, theta, pattern, kernel }: Parameter): Float32Array {
  if (kernel === "dense") return memory.f32(theta, rows * cols).slice();
  const out = new Float32Array(rows * cols);
  const { entries, counts } = pattern!;
  const offsets = memory.i32(entries, rows * cols * 2);
  const values = memory.f32(entries, rows * cols * 2);
  const used = memory.i32(counts, rows);
  for (let row = 0; row < rows; row++) {
    for (let k = row * cols; k < row * cols + used[row]; k++) {
      out[row * cols + offsets[2 * k] / (TILE * 4)] = values[2 * k + 1];
    }
  }
  return out;
}
