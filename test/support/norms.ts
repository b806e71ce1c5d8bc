/** Errors of gradients, in norm. */

/** The norm of a difference, of several tensors by name, relative to that of the reference. */
export function normError(
  found: ReadonlyMap<string, ArrayLike<number>>,
  reference: ReadonlyMap<string, ArrayLike<number>>,
): number {
  let [error, all] = [0, 0];
  for (const [name, expected] of reference) {
    const values = found.get(name)!;
    for (let k = 0; k < expected.length; k++) {
      error += (values[k] - expected[k]) ** 2;
      all += expected[k] ** 2;
    }
  }
  return Math.sqrt(error / all);
}
