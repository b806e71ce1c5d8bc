/** Comparisons of long arrays, which vitest's own matchers walk slowly. */

/** The largest |found - expected|; NaN if any is. Throws if the lengths differ. */
export function maxError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length)
    throw new Error(`expected ${expected.length} numbers, found ${found.length}`);
  let worst = 0;
  for (let i = 0; i < found.length; i++)
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!));
  return worst;
}

/** Index of the first element that differs (NaN equals NaN, 0 equals -0), or -1. */
export function firstDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const length = Math.max(found.length, expected.length);
  for (let i = 0; i < length; i++)
    if (found[i] !== expected[i] && !(Number.isNaN(found[i]) && Number.isNaN(expected[i])))
      return i;
  return -1;
}
