/**
 * CRC-32 as in gzip and PNG, and CRC-32C (Castagnoli) as in TensorBoard's files; bits reflected.
 *
 * Eight bytes are looked up at a time (Kounavis and Berry, "slicing by 8", 2005): table t has the
 * checksum of each byte with t zeros behind it, and the checksum of a sum is the sum of theirs.
 */

const SLICES = 8;

function makeTables(polynomial: number): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
  const all = [first];
  while (all.length < SLICES)
    all.push(all[all.length - 1].map((crc) => first[crc & 255] ^ (crc >>> 8)));
  return all;
}

const known = new Map<number, Int32Array[]>();

function checksum(polynomial: number, bytes: Uint8Array, before: number): number {
  let tables = known.get(polynomial);
  if (!tables) known.set(polynomial, (tables = makeTables(polynomial)));
  // Words, from the first place on that is one of a word; little-endian, as all that runs wasm is.
  const begin = Math.min(-bytes.byteOffset & 3, bytes.length);
  const count = Math.floor((bytes.length - begin) / SLICES);
  const words =
    count > 0
      ? new Int32Array(bytes.buffer, bytes.byteOffset + begin, 2 * count)
      : new Int32Array(0);
  const head = ofBytes(tables[0], ~before, bytes, 0, begin);
  const body = ofWords(tables, head, words);
  return ~ofBytes(tables[0], body, bytes, begin + SLICES * count, bytes.length) >>> 0;
}

function ofBytes(table: Int32Array, crc: number, bytes: Uint8Array, from: number, to: number) {
  for (let k = from; k < to; k++) crc = table[(crc ^ bytes[k]) & 255] ^ (crc >>> 8);
  return crc;
}

/** An even number of words. */
function ofWords([a, b, c, d, e, f, g, h]: readonly Int32Array[], crc: number, words: Int32Array) {
  for (let k = 0; k < words.length; k += 2) {
    const x = words[k] ^ crc;
    const y = words[k + 1];
    crc =
      h[x & 255] ^
      g[(x >>> 8) & 255] ^
      f[(x >>> 16) & 255] ^
      e[x >>> 24] ^
      d[y & 255] ^
      c[(y >>> 8) & 255] ^
      b[(y >>> 16) & 255] ^
      a[y >>> 24];
  }
  return crc;
}

/**
 * The checksum of bytes in gzip and PNG.
 *
 * @param before - checksum of the bytes in front of these. Default: none
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return checksum(0xedb88320, bytes, before);
}

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  return checksum(0x82f63b78, bytes, 0);
}
