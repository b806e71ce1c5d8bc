/** Reads .npy files, the arrays of NumPy (see `npy-header.ts`), plain or gzip-compressed. */
import { wrongSize } from "./file-size.js";
import { LONGEST_NPY_HEADER, npyHeader, type NpyHeader, type NpyType } from "./npy-header.js";
import { readHeaded, readRows, type Rows } from "./read-headed.js";

export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the elements' type. */
  readonly type: NpyType["name"];
  /** The elements, row-major. May be a view of a larger buffer. */
  readonly data: InstanceType<NpyType["array"]>;
}

/**
 * Reads the .npy file at `path`; gzip is recognised by its first two bytes.
 *
 * @param rows - see {@link Rows}
 * @throws UnusableFileError if the file can't be read; also if a gzip stream is damaged; also if
 * it holds more bytes than memory may; otherwise as {@link parseNpy}.
 */
export function readNpy(path: string, rows?: Rows): NpyArray {
  const some = rows && readRows(path, LONGEST_NPY_HEADER, (head) => npyHeader(head, path), rows);
  if (some) return arrayOf(some.header, some.bytes);
  return parseNpy(
    readHeaded(path, LONGEST_NPY_HEADER, (head) => npyHeader(head, path)),
    path,
  );
}

/**
 * Interprets the bytes of a .npy file. The result shares their memory where it can.
 *
 * @param where - name of the source in error messages
 * @throws as {@link npyHeader}; UnusableFileError if bytes are missing or left over
 */
export function parseNpy(bytes: Uint8Array, where = "npy data"): NpyArray {
  const header = npyHeader(bytes, where);
  if (bytes.length !== header.size) throw wrongSize(bytes.length, header, where);
  return arrayOf(header, bytes.subarray(header.begin));
}

function arrayOf({ shape, type, bigEndian }: NpyHeader, bytes: Uint8Array): NpyArray {
  const size = type.array.BYTES_PER_ELEMENT;
  const elements = arranged(bytes, size, bigEndian);
  const count = elements.length / size;
  return {
    shape,
    type: type.name,
    data: new type.array(elements.buffer as ArrayBuffer, elements.byteOffset, count),
  };
}

/**
 * The elements' bytes, little-endian and at a multiple of their size: a copy where that is needed.
 */
function arranged(bytes: Uint8Array, size: number, bigEndian: boolean): Uint8Array {
  const swap = bigEndian && size > 1;
  if (!swap && bytes.byteOffset % size === 0) return bytes;
  const copy = new Uint8Array(bytes);
  if (swap) for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  return copy;
}
