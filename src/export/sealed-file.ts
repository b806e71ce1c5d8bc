/**
 * The checksum of a file that ends up on other people's disks and wires: the CRC-32 of all its
 * bytes, with zeros for its own eight hexadecimal digits, in the metadata of its header.
 */
import { crc32 } from "../crc32.js";
import { UnusableFileError } from "../errors.js";

/** What stands in the metadata before a file is sealed. */
export const UNSEALED = { crc32: "00000000" } as const;

const DIGITS = UNSEALED.crc32.length;
/** As JSON has it, and nowhere else in a header: quotes within texts are escaped. */
const KEY = '"crc32":"';

/** Writes the checksum into a file whose metadata are {@link UNSEALED}. */
export function seal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = placeOf(bytes);
  bytes.set(new TextEncoder().encode(hex(crc32(bytes))), at);
  return bytes;
}

/**
 * Checks a file against its checksum, if it has one.
 *
 * @throws UnusableFileError if it is damaged
 */
export function checkSeal(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  where: string,
): void {
  const said = metadata.crc32;
  if (said === undefined) return;
  const at = placeOf(bytes);
  const zeros = new TextEncoder().encode(UNSEALED.crc32);
  const found =
    at < 0
      ? "no place for it"
      : hex(crc32(bytes.subarray(at + DIGITS), crc32(zeros, crc32(bytes.subarray(0, at)))));
  if (found === said) return;
  throw new UnusableFileError(
    `${where}: damaged: expected the checksum ${JSON.stringify(said)}, found ${found}`,
  );
}

/** Where the digits are; -1 if they are nowhere. */
function placeOf(bytes: Uint8Array): number {
  const header = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const key = new TextEncoder().encode(KEY);
  for (let k = 8; k + key.length + DIGITS <= 8 + header; k++) {
    if (key.every((byte, j) => bytes[k + j] === byte)) return k + key.length;
  }
  return -1;
}

function hex(crc: number): string {
  return crc.toString(16).padStart(DIGITS, "0");
}
