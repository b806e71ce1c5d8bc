/**
 * An array as its non-zeros and the gaps between them.
 *
 *     values   float32, the non-zeros in order
 *     gaps     for each of them the number of zeros since the one before, as LEB128: seven bits a byte, the lowest first,
 *              the eighth says that more follow
 *
 * Down to a density of 1 % most gaps take one byte, where a column number takes two.
 */

export interface SparseValues {
  readonly values: Float32Array;
  readonly gaps: Uint8Array;
}

const BITS = 7;
const MORE = 1 << BITS;

/** The non-zeros of an array, or undefined if that takes no fewer bytes. Zeros of either sign come back as 0. */
export function packSparse(data: Float32Array): SparseValues | undefined {
  const values = data.filter((x) => x !== 0);
  // Five bytes hold any gap of an array.
  const gaps = new Uint8Array(5 * values.length);
  let length = 0;
  let gap = 0;
  for (const x of data) {
    if (x === 0) {
      gap++;
      continue;
    }
    for (; gap >= MORE; gap = Math.floor(gap / MORE)) gaps[length++] = MORE | (gap % MORE);
    gaps[length++] = gap;
    gap = 0;
  }
  return values.byteLength + length < data.byteLength ? { values, gaps: gaps.slice(0, length) } : undefined;
}

/**
 * The array of `length` numbers that was packed.
 *
 * @throws SyntaxError if values and gaps do not make such an array
 */
export function unpackSparse({ values, gaps }: SparseValues, length: number): Float32Array {
  const data = new Float32Array(length);
  let place = -1;
  let at = 0;
  for (const value of values) {
    let gap = 0;
    let factor = 1;
    do {
      if (at === gaps.length) throw new SyntaxError(`expected a gap for each of ${values.length} values, found fewer`);
      gap += (gaps[at] % MORE) * factor;
      factor *= MORE;
    } while (gaps[at++] >= MORE && factor <= MORE ** 5);
    place += gap + 1;
    if (place >= length) throw new SyntaxError(`expected places below ${length}, found ${place}`);
    data[place] = value;
  }
  if (at !== gaps.length) {
    throw new SyntaxError(`expected ${at} bytes of gaps for ${values.length} values, found ${gaps.length}`);
  }
  return data;
}
