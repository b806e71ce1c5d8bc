/**
 * CRC-32 as in gzip and PNG: polynomial 0xedb88320, bits reflected.
 *
 * Eight bytes are looked up at a time (Kounavis and Berry, "slicing by 8", 2005): table t has the
 * checksum of each byte with t zeros behind it, and the checksum of a sum is the sum of theirs.
 */

const SLICES = 8;
let tables: Uint32Array[] | undefined;

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const all = [first];
  while (all.length < SLICES)
    all.push(all[all.length - 1].map((crc) => first[crc & 255] ^ (crc >>> 8)));
  return all;
}

/**
 * The checksum of bytes.
 *
 * @param before - checksum of the bytes in front of these. Default: none
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
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
