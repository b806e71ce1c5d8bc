/** Theta of a parameter in shared memory: reading and writing it, whatever form it has there. */
import { TILE } from "./kernel-table.js";
import type { Memory } from "./memory.js";
import type { Parameter } from "./parameter.js";

/** Non-zeros of theta, by the counts of the last update. */
export function nonZeros(memory: Memory, { counts, rows }: Parameter): number {
  const used = memory.i32(counts, rows);
  let sum = 0;
  // By index: an iterator costs several times as much, and fine steps count all parameters.
  for (let row = 0; row < rows; row++) sum += used[row];
  return sum;
}

/**
 * A copy of theta, f32 [rows, cols], whichever form is up to date.
 *
 * @param out - where to; default: a new array
 */
export function readTheta(memory: Memory, parameter: Parameter, out?: Float32Array): Float32Array {
  const { rows, cols, theta, pattern, kernel } = parameter;
  const copy = out ?? new Float32Array(rows * cols);
  if (kernel === "dense" || pattern!.kind === "pairs") {
    copy.set(memory.f32(theta, rows * cols));
    return copy;
  }
  const words = memory.f32(pattern!.entries, rows * cols * 2);
  copy.fill(0);
  eachEntry(memory, parameter, (index, word) => (copy[index] = words[word]));
  return copy;
}

/**
 * Puts other numbers in the places of theta's pattern, which stays as it is: `values`, [rows,
 * cols], must be zero elsewhere. It writes the form that is up to date, but not its transpose: a
 * forward pass sees the new numbers, an input gradient does not.
 */
export function writeTheta(memory: Memory, parameter: Parameter, values: Float32Array): void {
  const { rows, cols, theta, pattern, kernel } = parameter;
  if (kernel === "dense" || pattern!.kind === "pairs") {
    memory.f32(theta, rows * cols).set(values);
    return;
  }
  const words = memory.f32(pattern!.entries, rows * cols * 2);
  eachEntry(memory, parameter, (index, word) => (words[word] = values[index]));
}

/**
 * Visits the entries of a pattern: the index in theta, and which word of the entries holds the
 * weight.
 */
function eachEntry(
  memory: Memory,
  parameter: Parameter,
  visit: (index: number, word: number) => void,
): void {
  const { rows, cols, counts, pattern } = parameter;
  const offsets = memory.i32(pattern!.entries, rows * cols * 2);
  const used = memory.i32(counts, rows);
  const columnOf = entryColumn(parameter);
  for (let row = 0; row < rows; row++) {
    for (let k = row * cols; k < row * cols + used[row]; k++)
      visit(row * cols + columnOf(offsets[2 * k]), 2 * k + 1);
  }
}

/**
 * The column of an entry by its offset: that of entryColumn in kernels/conv.h. (Offsets above 2 GiB
 * are negative in an Int32Array.)
 */
export function entryColumn({ conv }: Parameter): (offset: number) => number {
  if (!conv) return (offset) => (offset >>> 0) / (TILE * 4);
  const { planeSize, rowSize, kernelHeight, kernelWidth } = conv;
  return (offset) => {
    const position = (offset >>> 0) / (TILE * 4);
    const rest = position % planeSize;
    const row = Math.floor(position / planeSize) * kernelHeight + Math.floor(rest / rowSize);
    return row * kernelWidth + (rest % rowSize);
  };
}
