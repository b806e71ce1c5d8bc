/** The truth for patterns: a pattern as plain rows of [column, value], and its form in memory. */
import { TILE } from "#bregman/runtime/kernel-table.js";

export type Rows = readonly (readonly (readonly [column: number, value: number])[])[];

/** The non-zeros (NaN is one) of a dense matrix. */
export function compressed(theta: ArrayLike<number>, rows: number, cols: number): Rows {
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: cols }, (_unused, c) => [c, theta[r * cols + c]!] as const).filter(
      ([, value]) => value !== 0,
    ),
  );
}

export function transposed(pattern: Rows, cols: number): Rows {
  const out: [number, number][][] = Array.from({ length: cols }, () => []);
  pattern.forEach((row, r) => row.forEach(([c, value]) => out[c]!.push([r, value])));
  return out;
}

/** Entries as the kernels want them, what is not in use filled with rubbish, and counts. */
export function encoded(pattern: Rows, cols: number): { entries: Int32Array; counts: Int32Array } {
  const entries = new Int32Array(2 * pattern.length * cols).fill(-123_456);
  const values = new Float32Array(entries.buffer);
  pattern.forEach((row, r) =>
    row.forEach(([c, value], k) => {
      entries[2 * (r * cols + k)] = c * TILE * 4;
      values[2 * (r * cols + k) + 1] = value;
    }),
  );
  return { entries, counts: Int32Array.from(pattern, (row) => row.length) };
}

export function decoded(entries: Int32Array, counts: Int32Array, cols: number): Rows {
  const values = new Float32Array(entries.buffer, entries.byteOffset, entries.length);
  return Array.from(counts, (count, r) =>
    Array.from({ length: count }, (_, k) => {
      const at = 2 * (r * cols + k);
      return [entries[at]! / (TILE * 4), values[at + 1]!] as const;
    }),
  );
}

/** The columns alone, to compare patterns. */
export const columns = (pattern: Rows): number[][] => pattern.map((row) => row.map(([c]) => c));

/**
 * Offsets of columns as a convolution has them: ascending, with gaps, not all multiples of the
 * first.
 */
export const offsetsOf = (cols: number): Int32Array =>
  Int32Array.from({ length: cols }, (_, c) => (3 * c + Math.floor(c / 5) + 2) * TILE * 4);
