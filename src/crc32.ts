/**
 * CRC-32 as in gzip and PNG, and CRC-32C (Castagnoli) as in TensorBoard's files; bits reflected.
 *
 * Eight bytes are looked up at a time (Kounavis and Berry, "slicing by 8", 2005): table t has the
 * checksum of each byte with t zeros behind it, and the checksum of a sum is the sum of theirs.
 */

const SLICES = 8;

function makeTables(polynomial: number): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
  const all = [first];
  while (all.length < SLICES)
    all.push(all[all.length - 1].map((crc) => first[crc & 255] ^ (crc >>> 8)));
  return all;
}

const known = new Map<number, Uint32Array[]>();

function checksum(polynomial: number, bytes: Uint8Array, before: number): number {
  let tables = known.get(polynomial);
  if (!tables) known.set(polynomial, (tables = makeTables(polynomial)));
  const [a, b, c, d, e, f, g, h] = tables;
  let crc = ~before;
  let k = 0;
  for (; k + SLICES <= bytes.length; k += SLICES) {
    crc =
      h[(crc ^ bytes[k]) & 255] ^
      g[((crc >>> 8) ^ bytes[k + 1]) & 255] ^
      f[((crc >>> 16) ^ bytes[k + 2]) & 255] ^
      e[(crc >>> 24) ^ bytes[k + 3]] ^
      d[bytes[k + 4]] ^
      c[bytes[k + 5]] ^
      b[bytes[k + 6]] ^
      a[bytes[k + 7]];
  }
  for (; k < bytes.length; k++) crc = a[(crc ^ bytes[k]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
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
