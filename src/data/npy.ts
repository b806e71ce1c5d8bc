/**
 * Reads .npy files, the arrays of NumPy.
 *
 *     byte 0 .. 5     "\x93NUMPY"
 *     byte 6, 7       version: 1.0, 2.0 or 3.0
 *     then            length of the header, little-endian: 2 bytes in version 1, 4 bytes since
 *     header          a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
 *     then            the elements
 *
 * Source: numpy.lib.format in NumPy's reference, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { readBytes } from "../read-file.js";

const TYPES = {
  b1: { name: "bool", array: Uint8Array },
  u1: { name: "uint8", array: Uint8Array },
  i1: { name: "int8", array: Int8Array },
  u2: { name: "uint16", array: Uint16Array },
  i2: { name: "int16", array: Int16Array },
  u4: { name: "uint32", array: Uint32Array },
  i4: { name: "int32", array: Int32Array },
  u8: { name: "uint64", array: BigUint64Array },
  i8: { name: "int64", array: BigInt64Array },
  f4: { name: "float32", array: Float32Array },
  f8: { name: "float64", array: Float64Array },
} as const;

type Types = typeof TYPES;

export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the elements' type. */
  readonly type: Types[keyof Types]["name"];
  /** The elements, row-major. May be a view of a larger buffer. */
  readonly data: InstanceType<Types[keyof Types]["array"]>;
}

/**
 * Reads the .npy file at `path`.
 *
 * @throws Error if the file can't be read; otherwise as {@link parseNpy}.
 */
export function readNpy(path: string): NpyArray {
  return parseNpy(readBytes(path), path);
}

/**
 * Interprets the bytes of a .npy file. The result shares their memory where it can.
 *
 * @param where - name of the source in error messages
 * @throws SyntaxError if the bytes are not a .npy file, or if some are missing or left over; TypeError if the elements are
 * of a kind that is not read (strings, objects, records, complex or half-precision numbers) or in Fortran order.
 */
export function parseNpy(bytes: Uint8Array, where = "npy data"): NpyArray {
  const { header, begin } = findHeader(bytes, where);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const dimensions = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (descr === undefined && /'descr': *[[(]/.test(header)) {
    throw new TypeError(`${where}: expected an array of numbers, found one of records`);
  }
  if (descr === undefined || fortran === undefined || dimensions === undefined) {
    throw new SyntaxError(
      `${where}: expected a header with descr, fortran_order and shape, found ${JSON.stringify(header.slice(0, 100))}`,
    );
  }
  const [, order, code] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  if (code === undefined || !Object.hasOwn(TYPES, code)) {
    const known = Object.values(TYPES).map(({ name }) => name);
    throw new TypeError(`${where}: expected elements of type ${known.join(", ")}, found ${JSON.stringify(descr)}`);
  }
  const shape = dimensions.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  if (fortran === "True" && shape.length > 1) {
    throw new TypeError(
      `${where}: expected an array in C order, found Fortran order; save it as np.ascontiguousarray(array)`,
    );
  }
  const { name, array } = TYPES[code as keyof Types];
  const count = shape.reduce((product, size) => product * size, 1);
  const expected = begin + count * array.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? "truncated" : "extra bytes";
    throw new SyntaxError(
      `${where}: ${fault}: expected ${expected} bytes for ${name} of shape [${shape.join(", ")}], found ${bytes.length}`,
    );
  }
  const elements = arranged(bytes.subarray(begin), array.BYTES_PER_ELEMENT, order === ">");
  return { shape, type: name, data: new array(elements.buffer as ArrayBuffer, elements.byteOffset, count) };
}

function findHeader(bytes: Uint8Array, where: string): { header: string; begin: number } {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("latin1");
  if (text(0, 4) === "PK\x03\x04") {
    throw new SyntaxError(
      `${where}: expected a .npy file, found a .npz archive; save its arrays one by one with np.save`,
    );
  }
  if (text(0, 6) !== "\x93NUMPY") {
    throw new SyntaxError(`${where}: expected a .npy file, found one that begins with ${JSON.stringify(text(0, 6))}`);
  }
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) {
    throw new SyntaxError(`${where}: expected .npy version 1, 2 or 3, found ${version}`);
  }
  const first = version === 1 ? 10 : 12;
  if (bytes.length < first) throw new SyntaxError(`${where}: truncated: found ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = first + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < begin) {
    throw new SyntaxError(`${where}: truncated: expected a header of ${begin} bytes, found ${bytes.length} bytes`);
  }
  return { header: text(first, begin), begin };
}

/** The elements' bytes, little-endian and at a multiple of their size: a copy where that is needed. */
function arranged(bytes: Uint8Array, size: number, bigEndian: boolean): Uint8Array {
  const swap = bigEndian && size > 1;
  if (!swap && bytes.byteOffset % size === 0) return bytes;
  const copy = new Uint8Array(bytes);
  if (swap) for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  return copy;
}
