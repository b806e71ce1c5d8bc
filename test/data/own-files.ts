/** Makes small files of one's own kinds of data for tests: .npy arrays and PNG images. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";

export interface NpyFileOptions {
  readonly version?: 1 | 2 | 3;
  readonly fortran?: boolean;
  /** Multiple of which the header's end is. NumPy: 64, long ago 16; the format allows any. */
  readonly align?: number;
}

/** Bytes of a .npy file with the elements given as they are in memory. */
export function npyBytes(
  descr: string,
  shape: readonly number[],
  elements: Uint8Array,
  { fortran = false, ...options }: NpyFileOptions = {},
): Uint8Array {
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${size}), }`;
  return npyBytesOf(text, elements, options);
}

/** Bytes of a .npy file with this text as its header. */
export function npyBytesOf(
  text: string,
  elements: Uint8Array,
  { version = 1, align = 64 }: Omit<NpyFileOptions, "fortran"> = {},
): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4;
  const first = 8 + lengthBytes;
  const end = Math.ceil((first + text.length + 1) / align) * align;
  const header = Buffer.alloc(end, " ");
  header.write("\x93NUMPY", "latin1");
  header[6] = version;
  header[7] = 0;
  header.writeUIntLE(end - first, 8, lengthBytes);
  header.write(text, first, "latin1");
  header.write("\n", end - 1);
  return Buffer.concat([header, elements]);
}

/** The bytes of a typed array. */
export function bytesOf(array: {
  buffer: ArrayBufferLike;
  byteOffset: number;
  byteLength: number;
}): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * A gzip stream of these bytes and 8 MB of zeros, damaged at its end: who reads on after the bytes
 * finds it damaged, who stops does not.
 */
export function unreadable(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(Buffer.concat([bytes, new Uint8Array(8e6)]));
  return packed.fill(0xff, packed.length - 200);
}

/** Writes an 8-bit PNG image, [height, width, channels]; makes its folder. */
export function writePng(
  path: string,
  width: number,
  height: number,
  channels: number,
  data: Uint8Array,
): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, encode({ width, height, channels, data, depth: 8 }));
}
