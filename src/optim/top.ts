/** The k largest of some values, in time that a training step can spare. */
import type { Floats } from "../regularizers/regularizer.js";

/**
 * Those of `places` at which |values| is largest, in the order of `places`; of equal ones the first.
 *
 * @param values - looked at in absolute value
 * @param places - indices into values
 * @param k - how many; all of them if there are not so many
 */
export function largest(values: Floats, places: Int32Array, k: number): Int32Array {
  if (k >= places.length) return places;
  if (k <= 0) return new Int32Array(0);
  const sizes = Float64Array.from(places, (place) => Math.abs(values[place]));
  // Without a comparator typed arrays sort numbers in native code.
  const sorted = sizes.slice().sort();
  const border = sorted[sorted.length - k];
  let above = 0;
  for (const size of sizes) if (size > border) above++;
  let equal = k - above;
  return places.filter((_, j) => sizes[j] > border || (sizes[j] === border && equal-- > 0));
}
