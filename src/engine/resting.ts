/**
 * Resting weights: those of a frozen pattern that are zero at the moment. They belong to the
 * pattern until the next fine step, so that theta alone does not tell it. (Within a kernel of a
 * pair it does: there they are minus zero, see kernels/update_pattern.c. A kernel whose weights all
 * rest is named here.)
 */
import type { Memory } from "../runtime/memory.js";
import { type Parameter } from "../runtime/parameter.js";
import { entryColumn } from "../runtime/theta.js";

/**
 * Visits the places of a pattern: the index in theta, and the word of memory that holds the weight.
 * Of a pair all weights.
 */
function visit(
  memory: Memory,
  parameter: Parameter,
  each: (indices: number[], words: number[]) => void,
): void {
  const { pattern, rows, cols, theta, conv } = parameter;
  const { kind, entries, counts, entryStride } = pattern!;
  const words = memory.i32(entries, rows * entryStride * 2);
  const used = memory.i32(counts, rows);
  const columnOf = entryColumn(parameter);
  const taps = conv ? cols / conv.inner : 1;
  for (let row = 0; row < rows; row++) {
    for (let k = row * entryStride; k < row * entryStride + used[row]; k++) {
      if (kind === "pairs") {
        // Addresses above 2 GiB are negative in an Int32Array.
        const first = ((words[2 * k + 1] >>> 0) - theta) / 4;
        const kernel = Array.from({ length: taps }, (_, tap) => first + tap);
        each(
          kernel,
          kernel.map((index) => theta / 4 + index),
        );
      } else {
        each([row * cols + columnOf(words[2 * k])], [entries / 4 + 2 * k + 1]);
      }
    }
  }
}

/**
 * Indices in theta of the pattern's resting weights; of a resting pair the first that belongs to
 * the pattern.
 */
export function restingWeights(memory: Memory, parameter: Parameter): Int32Array {
  const all = memory.f32(0, memory.used / 4);
  const resting: number[] = [];
  visit(memory, parameter, (indices, words) => {
    if (!words.every((word) => all[word] === 0)) return;
    resting.push(
      indices[
        Math.max(
          0,
          words.findIndex((word) => Object.is(all[word], -0)),
        )
      ],
    );
  });
  return Int32Array.from(resting);
}

/**
 * What stands in theta for a resting weight while the pattern is made from it: a NaN, which counts
 * as non-zero and is nowhere else, as no step is done on one. `unmarkResting` then turns it back
 * into zero, in theta and in the pattern (of a pair into minus zero).
 */
export function markResting(
  memory: Memory,
  { theta, rows, cols }: Parameter,
  resting: Int32Array,
): void {
  const values = memory.f32(theta, rows * cols);
  for (const index of resting) values[index] = NaN;
}

/** Turns the marks of `markResting` into zeros. */
export function unmarkResting(memory: Memory, parameter: Parameter): void {
  const { theta, rows, cols, pattern } = parameter;
  const all = memory.f32(0, memory.used / 4);
  const zero = pattern!.kind === "pairs" ? -0 : 0;
  visit(memory, parameter, (_, words) => {
    for (const word of words) if (Number.isNaN(all[word])) all[word] = zero;
  });
  const values = memory.f32(theta, rows * cols);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = 0;
}
