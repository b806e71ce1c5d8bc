/** What is in an array: its range, and the classes of one that may be labels. */

export interface InspectedArray {
  /** In a .npz file; "" for a file of one array. */
  readonly name: string;
  readonly shape: readonly number[];
  /** NumPy's name of the elements' type. */
  readonly type: string;
  /** Of the elements that are finite. */
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  /** Elements that are not finite. */
  readonly notFinite: number;
  /** How often each value is there, where they may be labels: few whole numbers in a list. */
  readonly classes?: readonly (readonly [value: string, count: number])[];
}

const MOST_CLASSES = 256;

/** An array of any kind. */
interface AnyArray {
  readonly shape: readonly number[];
  readonly type: string;
  readonly data: ArrayLike<number | bigint>;
}

/** Inspects an array. */
export function inspectArray(name: string, { shape, type, data }: AnyArray): InspectedArray {
  let [least, most, sum, notFinite] = [Infinity, -Infinity, 0, 0];
  const counts = shape.length === 1 && !type.startsWith("float") ? new Map<number, number>() : null;
  for (let k = 0; k < data.length; k++) {
    const value = Number(data[k]);
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    sum += value;
    least = Math.min(least, value);
    most = Math.max(most, value);
    if (counts && counts.size <= MOST_CLASSES) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const isFew =
    counts && counts.size > 0 && counts.size <= MOST_CLASSES && counts.size < data.length;
  const classes = isFew
    ? [...counts].sort(([a], [b]) => a - b).map(([value, n]) => [String(value), n] as const)
    : undefined;
  const mean = sum / (data.length - notFinite);
  return { name, shape, type, least, most, mean, notFinite, ...(classes && { classes }) };
}
