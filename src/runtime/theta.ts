/** Theta of a parameter in shared memory, whatever form it has there. */
import { totalOf } from "./form/total.js";
import type { Memory } from "./memory.js";
import type { Parameter } from "./parameter.js";

/** Non-zeros of theta, by the counts of the last update. */
export function nonZeros(memory: Memory, { counts, rows }: Parameter): number {
  return totalOf(memory, counts, rows);
}

/**
 * A copy of theta, f32 [rows, cols], bit for bit.
 *
 * @param out - where to; default: a new array
 */
export function readTheta({ rows, cols, form }: Parameter, out?: Float32Array): Float32Array {
  const copy = out ?? new Float32Array(rows * cols);
  form.read(copy);
  return copy;
}

/** The same for who need not know of frozen steps: without the marks of weights at rest. */
export function plainTheta(parameter: Parameter, out?: Float32Array): Float32Array {
  const copy = readTheta(parameter, out);
  parameter.pattern?.unmark(copy);
  return copy;
}
