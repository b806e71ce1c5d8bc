/** CRC-32 as in gzip and PNG: polynomial 0xedb88320, bits reflected. */

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

/**
 * The checksum of bytes.
 *
 * @param before - checksum of the bytes in front of these. Default: none
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  table ??= makeTable();
  let crc = ~before;
  for (let k = 0; k < bytes.length; k++) crc = table[(crc ^ bytes[k]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
