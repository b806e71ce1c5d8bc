/** The k largest of some values, in time that a training step can spare: linear in their number. */
import type { Floats } from "../regularizers/regularizer.js";

/**
 * Those of `places` at which |values| is largest, in the order of `places`; of equal ones the
 * first.
 *
 * @param values - looked at in absolute value; finite
 * @param places - indices into values
 * @param k - how many; all of them if there are not so many
 */
export function largest(values: Floats, places: Int32Array, k: number): Int32Array {
  if (k >= places.length) return places;
  if (k <= 0) return new Int32Array(0);
  const sizes = new Float64Array(places.length);
  for (let j = 0; j < sizes.length; j++) sizes[j] = Math.abs(values[places[j]]);
  const border = selected(sizes.slice(), sizes.length - k);
  let equal = k;
  for (let j = 0; j < sizes.length; j++) if (sizes[j] > border) equal--;
  const found = new Int32Array(k);
  let at = 0;
  for (let j = 0; j < sizes.length; j++) {
    if (sizes[j] > border || (sizes[j] === border && equal-- > 0)) found[at++] = places[j];
  }
  return found;
}

/**
 * The value that would stand at place k if the values were sorted (Hoare's selection); they are put
 * in another order.
 */
function selected(values: Float64Array, k: number): number {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = values[(left + right) >>> 1];
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return values[k];
}
