/**
 * Values that a file keeps as their non-zeros, unpacked only where somebody reads them as an array.
 *
 * A file of some hundred bytes may say that it has a weight of 1e9 entries. What only counts or
 * copies the non-zeros asks here, and costs what the file has, not what it says.
 */
import type { Shape } from "../regularizers/regularizer.js";
import { roomFor } from "../room-for.js";
import { size } from "../shape-size.js";
import type { Values } from "./network.js";

/** Places in an array, by as many bits as its length takes. */
export type PlaceList = Int32Array | Float64Array;

/** Non-zeros in the order of their places in the row-major array. */
export interface Packed {
  readonly values: Float32Array;
  readonly places: PlaceList;
}

/** Room for so many places in an array of this length. */
export function placesFor(count: number, length: number): PlaceList {
  return length <= 2 ** 31 ? new Int32Array(count) : new Float64Array(count);
}

/**
 * The array of `length` numbers with these non-zeros.
 *
 * @throws InputError if there is no room for it
 */
export function unpacked({ values, places }: Packed, length: number): Float32Array {
  const data = roomFor(Float32Array, length, `${length} weights`);
  for (let k = 0; k < values.length; k++) data[places[k]] = values[k];
  return data;
}

/** Of values whose array nobody has seen yet: from then on anybody may have changed it. */
const packs = new WeakMap<Values, Packed>();

/** Values of a shape, whose `data` is unpacked when it is first read. */
export function packedValues(shape: Shape, packed: Packed): Values {
  let data: Float32Array | undefined;
  const values: Values = {
    shape,
    get data() {
      data ??= unpacked(packed, size(shape));
      packs.delete(values);
      return data;
    },
  };
  packs.set(values, packed);
  return values;
}

/** What the values are packed from; undefined where they are an array. */
export function packedOf(values: Values): Packed | undefined {
  return packs.get(values);
}

/** Calls f for each non-zero with its place. */
export function eachNonZero(values: Values, f: (value: number, place: number) => void): void {
  const packed = packedOf(values);
  if (packed) {
    const { values: numbers, places } = packed;
    for (let k = 0; k < numbers.length; k++) f(numbers[k], places[k]);
    return;
  }
  const { data } = values;
  for (let k = 0; k < data.length; k++) if (data[k] !== 0) f(data[k], k);
}

/** Non-zeros row by row, of the first dimension; columns count all others. */
export interface WeightRows {
  readonly values: Float32Array;
  /** The column of each. */
  readonly columns: Int32Array;
  /** Where each row begins, and behind the last the number of non-zeros. */
  readonly starts: Int32Array;
}

/** Of values that are packed, and so stay as they are. */
const rowsOfPacks = new WeakMap<Values, WeightRows>();

/**
 * The non-zeros by rows: for those who visit many, and have no time for a call for each. Not to be
 * changed: of packed values all get the same.
 */
export function rowsOf(all: Values): WeightRows {
  const packed = packedOf(all);
  if (!packed) return byRows(gathered(all.data), all.shape);
  const found = rowsOfPacks.get(all) ?? byRows(packed, all.shape);
  rowsOfPacks.set(all, found);
  return found;
}

function byRows({ values, places }: Packed, [rows, ...rest]: Shape): WeightRows {
  const cols = size(rest);
  const starts = new Int32Array(rows + 1);
  const columns = new Int32Array(values.length);
  let k = 0;
  for (let row = 0; row < rows; row++) {
    const first = row * cols;
    for (; k < values.length && places[k] < first + cols; k++) columns[k] = places[k] - first;
    starts[row + 1] = k;
  }
  return { values, columns, starts };
}

/** The non-zeros of an array. */
export function gathered(data: Float32Array): Packed {
  const count = nonZeros(data);
  const packed = { values: new Float32Array(count), places: placesFor(count, data.length) };
  let next = 0;
  for (let k = 0; k < data.length; k++) {
    if (data[k] === 0) continue;
    packed.values[next] = data[k];
    packed.places[next++] = k;
  }
  return packed;
}

/** How many entries are not zero. */
export function nonZerosOf(values: Values): number {
  return packedOf(values)?.values.length ?? nonZeros(values.data);
}

/** How many entries of an array are not zero. */
export function nonZeros(data: Float32Array): number {
  let count = 0;
  for (let k = 0; k < data.length; k++) if (data[k] !== 0) count++;
  return count;
}
