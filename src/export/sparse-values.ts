/**
 * An array as its non-zeros and the gaps between them.
 *
 *     values   float32, the non-zeros in order
 *     gaps     for each of them the number of zeros since the one before, as LEB128: seven bits a byte, the lowest first,
 *              the eighth says that more follow
 *
 * Down to a density of 1 % most gaps take one byte, where a column number takes two.
 */
import { UnusableFileError } from "../errors.js";
import { size } from "../shape-size.js";
import type { Values } from "../nn/network.js";
import { eachNonZero, nonZeros, type Packed, packedOf, packedValues } from "../nn/packed-values.js";
import type { Shape } from "../regularizers/regularizer.js";
import { roomFor } from "../room-for.js";

export interface SparseValues {
  readonly values: Float32Array;
  readonly gaps: Uint8Array;
}

const BITS = 7;
const MORE = 1 << BITS;

/**
 * The non-zeros of an array, or undefined if that takes no fewer bytes. Zeros of either sign come
 * back as 0.
 */
export function packSparse(data: Float32Array): SparseValues | undefined {
  return pack(nonZeros(data), data.length, (f) => {
    for (let k = 0; k < data.length; k++) if (data[k] !== 0) f(data[k], k);
  });
}

/** @param count - of the non-zeros that `each` has */
function pack(count: number, size: number, each: Packed["each"]): SparseValues | undefined {
  if (5 * count >= 4 * size) return undefined;
  const values = new Float32Array(count);
  // Five bytes hold any gap of an array.
  const gaps = new Uint8Array(5 * count);
  let length = 0;
  let [next, from] = [0, 0];
  each((value, place) => {
    let gap = place - from;
    for (; gap >= MORE; gap = Math.floor(gap / MORE)) gaps[length++] = MORE | (gap % MORE);
    gaps[length++] = gap;
    values[next++] = value;
    from = place + 1;
  });
  return values.byteLength + length < 4 * size
    ? { values, gaps: gaps.slice(0, length) }
    : undefined;
}

/**
 * The array of `length` numbers that was packed.
 *
 * @throws UnusableFileError if values and gaps do not make such an array; InputError if there is
 *   no room for it
 */
export function unpackSparse(sparse: SparseValues, length: number): Float32Array {
  const data = roomFor(Float32Array, length, `${length} weights`);
  eachValue(sparse, length, (value, place) => (data[place] = value));
  return data;
}

/**
 * The values of a shape that was packed, which are unpacked once somebody reads their array.
 *
 * @throws UnusableFileError as unpackSparse, at once
 */
export function valuesOf(sparse: SparseValues, shape: Shape): Values {
  const length = size(shape);
  // As we pack them: somebody else's may have zeros among their values, or long gaps in more bytes.
  let count = 0;
  eachValue(sparse, length, (value) => (count += value === 0 ? 0 : 1));
  const packed = pack(count, length, (f) =>
    eachValue(sparse, length, (value, place) => void (value !== 0 && f(value, place))),
  );
  return packed ? ours(packed, shape) : { shape, data: unpackSparse(sparse, length) };
}

/** What `pack` has made. */
function ours(packed: SparseValues, shape: Shape): Values {
  const length = size(shape);
  return packedValues(shape, {
    ...packed,
    each: (f) => eachValue(packed, length, f),
    unpack: () => unpackSparse(packed, length),
  });
}

/** The same values as their non-zeros, if that takes fewer bytes. They are copied. */
export function packedIfSparse(values: Values): Values {
  if (packedOf(values)) return values;
  const sparse = packSparse(values.data);
  return sparse ? ours(sparse, values.shape) : values;
}

/** The values with each non-zero w replaced by f(w, place); packed if they were. */
export function mapNonZeros(all: Values, f: (value: number, place: number) => number): Values {
  const { shape } = all;
  const packed = packedOf(all);
  if (!packed) return { shape, data: all.data.map((w, place) => (w === 0 ? w : f(w, place))) };
  const values = new Float32Array(packed.values.length);
  let next = 0;
  packed.each((w, place) => (values[next++] = f(w, place)));
  return valuesOf({ values, gaps: packed.gaps }, shape);
}

/**
 * The values at other places, in a shape of its own; packed if they were.
 *
 * @param to - the new place of each, in the same order; -1 leaves it out
 */
export function moveNonZeros(all: Values, shape: Shape, to: (place: number) => number): Values {
  const packed = packedOf(all);
  if (!packed) {
    const data = new Float32Array(size(shape));
    eachNonZero(all, (w, place) => {
      const at = to(place);
      if (at >= 0) data[at] = w;
    });
    return { shape, data };
  }
  const [values, places]: [number[], number[]] = [[], []];
  packed.each((w, place) => {
    const at = to(place);
    if (at < 0) return;
    values.push(w);
    places.push(at);
  });
  const each: Packed["each"] = (f) => values.forEach((w, k) => f(w, places[k]));
  const moved = pack(values.length, size(shape), each);
  if (moved) return ours(moved, shape);
  const data = new Float32Array(size(shape));
  each((w, place) => (data[place] = w));
  return { shape, data };
}

/** @throws UnusableFileError as unpackSparse */
function eachValue(
  { values, gaps }: SparseValues,
  length: number,
  f: (value: number, place: number) => void,
): void {
  let place = -1;
  let at = 0;
  for (const value of values) {
    let gap = 0;
    let factor = 1;
    do {
      if (at === gaps.length)
        throw new UnusableFileError(
          `expected a gap for each of ${values.length} values, found fewer`,
        );
      gap += (gaps[at] % MORE) * factor;
      factor *= MORE;
    } while (gaps[at++] >= MORE && factor <= MORE ** 5);
    place += gap + 1;
    if (place >= length)
      throw new UnusableFileError(`expected places below ${length}, found ${place}`);
    f(value, place);
  }
  if (at !== gaps.length) {
    throw new UnusableFileError(
      `expected ${at} bytes of gaps for ${values.length} values, found ${gaps.length}`,
    );
  }
}
