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
import {
  eachNonZero,
  gathered,
  nonZeros,
  type Packed,
  packedOf,
  packedValues,
  type PlaceList,
  placesFor,
  unpacked,
} from "../nn/packed-values.js";
import type { Shape } from "../regularizers/regularizer.js";

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
  const packed = packedArray(data);
  return packed && { values: packed.values, gaps: gapsOf(packed.places) };
}

/**
 * The array of `length` numbers that was packed.
 *
 * @throws UnusableFileError if values and gaps do not make such an array; InputError if there is
 *   no room for it
 */
export function unpackSparse(sparse: SparseValues, length: number): Float32Array {
  return unpacked({ values: sparse.values, places: placesOf(sparse, length) }, length);
}

/**
 * The values of a shape that was packed, which are unpacked once somebody reads their array.
 *
 * @throws UnusableFileError as unpackSparse, at once
 */
export function valuesOf(sparse: SparseValues, shape: Shape): Values {
  const places = placesOf(sparse, size(shape));
  return smaller(withoutZeros({ values: sparse.values, places }), shape);
}

/** The same values as their non-zeros, if that takes fewer bytes. They are copied. */
export function packedIfSparse(values: Values): Values {
  if (packedOf(values)) return values;
  const packed = packedArray(values.data);
  return packed ? packedValues(values.shape, packed) : values;
}

/** The values with each non-zero w replaced by f(w, place); packed if they were. */
export function mapNonZeros(all: Values, f: (value: number, place: number) => number): Values {
  const { shape } = all;
  const packed = packedOf(all);
  if (!packed) return { shape, data: all.data.map((w, place) => (w === 0 ? w : f(w, place))) };
  return withValues(
    packed,
    packed.values.map((w, k) => f(w, packed.places[k])),
    shape,
  );
}

/** What is packed, with other numbers at its places, some of which may be zero. */
export function withValues({ places }: Packed, values: Float32Array, shape: Shape): Values {
  return smaller(withoutZeros({ values, places }), shape);
}

/**
 * The values at other places, in a shape of its own; packed if they were.
 *
 * @param to - the new place of each, in the same order; -1 leaves it out
 */
export function moveNonZeros(all: Values, shape: Shape, to: (place: number) => number): Values {
  const length = size(shape);
  if (!packedOf(all)) {
    const data = new Float32Array(length);
    eachNonZero(all, (w, place) => {
      const at = to(place);
      if (at >= 0) data[at] = w;
    });
    return { shape, data };
  }
  const { values, places } = packedOf(all)!;
  const moved = values.slice();
  const movedTo = placesFor(values.length, length);
  let left = 0;
  for (let k = 0; k < values.length; k++) {
    const at = to(places[k]);
    if (at < 0) continue;
    moved[left] = values[k];
    movedTo[left++] = at;
  }
  return smaller({ values: moved.slice(0, left), places: movedTo.slice(0, left) }, shape);
}

/** Bytes of what was packed, values and gaps, in a file. */
export function packedBytes({ values, places }: Packed): number {
  return values.byteLength + bytesOfGaps(places);
}

/** The non-zeros of an array, if they take fewer bytes in a file. */
function packedArray(data: Float32Array): Packed | undefined {
  if (!mayBeSmaller(nonZeros(data), data.length)) return undefined;
  const packed = gathered(data);
  return isSmaller(packed, data.length) ? packed : undefined;
}

/** Packed or as an array, whatever takes fewer bytes in a file. */
function smaller(packed: Packed, shape: Shape): Values {
  const length = size(shape);
  return mayBeSmaller(packed.values.length, length) && isSmaller(packed, length)
    ? packedValues(shape, packed)
    : { shape, data: unpacked(packed, length) };
}

function mayBeSmaller(count: number, length: number): boolean {
  return 5 * count < 4 * length;
}

function isSmaller(packed: Packed, length: number): boolean {
  return packedBytes(packed) < 4 * length;
}

function withoutZeros({ values, places }: Packed): Packed {
  // As we pack them there are none: somebody else's file may have them.
  if (nonZeros(values) === values.length) return { values, places };
  return {
    values: values.filter((w) => w !== 0),
    places: places.filter((_, k) => values[k] !== 0),
  };
}

function bytesOfGaps(places: PlaceList): number {
  let bytes = 0;
  let from = 0;
  for (const place of places) {
    for (let gap = place - from; gap >= MORE; gap = Math.floor(gap / MORE)) bytes++;
    bytes++;
    from = place + 1;
  }
  return bytes;
}

/** The gaps before places that rise. */
export function gapsOf(places: PlaceList): Uint8Array<ArrayBuffer> {
  const gaps = new Uint8Array(bytesOfGaps(places));
  let next = 0;
  let from = 0;
  for (const place of places) {
    let gap = place - from;
    for (; gap >= MORE; gap = Math.floor(gap / MORE)) gaps[next++] = MORE | (gap % MORE);
    gaps[next++] = gap;
    from = place + 1;
  }
  return gaps;
}

/** @throws UnusableFileError as unpackSparse */
function placesOf({ values, gaps }: SparseValues, length: number): PlaceList {
  const count = values.length;
  const places = placesFor(count, length);
  let place = -1;
  let at = 0;
  const byte = (): number => {
    if (at < gaps.length) return gaps[at++];
    throw new UnusableFileError(`expected a gap for each of ${count} values, found fewer`);
  };
  for (let k = 0; k < count; k++) {
    // Most gaps are one byte.
    let last = at < gaps.length ? gaps[at++] : byte();
    let gap = last % MORE;
    for (let factor = MORE; last >= MORE && factor <= MORE ** 5; factor *= MORE) {
      last = byte();
      gap += (last % MORE) * factor;
    }
    place += gap + 1;
    if (place >= length)
      throw new UnusableFileError(`expected places below ${length}, found ${place}`);
    places[k] = place;
  }
  if (at !== gaps.length) {
    throw new UnusableFileError(
      `expected ${at} bytes of gaps for ${count} values, found ${gaps.length}`,
    );
  }
  return places;
}
