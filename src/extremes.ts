/**
 * The largest and the smallest of any number of numbers: `Math.max(...list)` fails for a list of
 * some 100,000.
 */

/** The largest of the numbers, and of `least`; -Infinity if there are none. NaN if one is. */
export function largest(numbers: Iterable<number>, least = -Infinity): number {
  let most = least;
  for (const x of numbers) most = Math.max(most, x);
  return most;
}

/** The smallest of the numbers; Infinity if there are none. NaN if one is. */
export function smallest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const x of numbers) least = Math.min(least, x);
  return least;
}
