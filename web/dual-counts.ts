/** How many weights have which dual variable, in the units of lambda. */

/** Bins from 0 on, each of width {@link WIDTH}; the last one holds all that is beyond. */
export const BINS = 60;
export const WIDTH = 0.05;

/** A histogram of nothing. */
export function emptyHistogram(): Uint32Array {
  return new Uint32Array(BINS);
}

/** Adds weights to the counts of each bin. */
export function countDual(counts: Uint32Array, v: Float32Array, lambda: number): void {
  const scale = 1 / (lambda * WIDTH);
  for (const value of v) counts[Math.min(BINS - 1, Math.floor(Math.abs(value) * scale))]++;
}
