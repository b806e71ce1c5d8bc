/**
 * Values that a file keeps as their non-zeros, unpacked only where somebody reads them as an array.
 *
 * A file of some hundred bytes may say that it has a weight of 1e9 entries. What only counts or
 * copies the non-zeros asks here, and costs what the file has, not what it says.
 */
import type { Shape } from "../regularizers/regularizer.js";
import type { Values } from "./network.js";

/**
 * Non-zeros in the order of their places, which are given by the gaps: see export/sparse-values.ts.
 */
export interface Packed {
  readonly values: Float32Array;
  readonly gaps: Uint8Array;
  /** Calls f for each of the values with its place in the row-major array. */
  each(f: (value: number, place: number) => void): void;
  unpack(): Float32Array;
}

/** Of values whose array nobody has seen yet: from then on anybody may have changed it. */
const packs = new WeakMap<Values, Packed>();

/** Values of a shape, whose `data` is unpacked when it is first read. */
export function packedValues(shape: Shape, packed: Packed): Values {
  let data: Float32Array | undefined;
  const values: Values = {
    shape,
    get data() {
      data ??= packed.unpack();
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
    packed.each(f);
    return;
  }
  const { data } = values;
  for (let k = 0; k < data.length; k++) if (data[k] !== 0) f(data[k], k);
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
