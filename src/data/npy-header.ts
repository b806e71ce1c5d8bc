/**
 * The header of .npy files, the arrays of NumPy.
 *
 *     byte 0 .. 5     "\x93NUMPY"
 *     byte 6, 7       version: 1.0, 2.0 or 3.0
 *     then            length of the header, little-endian: 2 bytes in version 1, 4 bytes since
 *     header          a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
 *     then            the elements
 *
 * Source: numpy.lib.format in NumPy's reference,
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import { isMap } from "../kinds.js";
import type { SaidSize } from "./file-size.js";
import { type PythonValue, pythonLiteral } from "./python-literal.js";

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

/** A type of elements: NumPy's name of it, and the typed array that holds them. */
export type NpyType = (typeof TYPES)[keyof typeof TYPES];

export interface NpyHeader extends SaidSize {
  readonly shape: readonly number[];
  readonly type: NpyType;
  readonly bigEndian: boolean;
  /** Where the elements begin. */
  readonly begin: number;
}

/** Bytes up to the end of the text: NumPy itself reads no more than 10,000 of text. */
export const LONGEST_NPY_HEADER = 2 ** 16;

/**
 * Reads the header of a .npy file from its first bytes.
 *
 * @throws UnusableFileError if the bytes do not begin a .npy file; also if the elements are of a
 * kind that is not read (strings, objects, records, complex or half-precision numbers) or in
 * Fortran order
 */
export function npyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const { text, begin } = findText(bytes, where);
  const { descr, fortran, shape } = entries(text, where);
  if (typeof descr !== "string")
    throw new UnusableFileError(`${where}: expected an array of numbers, found one of records`);
  const [, order, code] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  const type = Object.entries(TYPES).find(
    ([known, { name }]) => code === known || code === name,
  )?.[1];
  if (type === undefined) {
    const known = Object.values(TYPES).map(({ name }) => name);
    throw new UnusableFileError(
      `${where}: expected elements of type ${known.join(", ")}, found ${JSON.stringify(descr)}`,
    );
  }
  if (fortran && shape.length > 1) {
    throw new UnusableFileError(
      `${where}: expected an array in C order, found Fortran order; save it as np.ascontiguousarray(array)`,
    );
  }
  const count = size(shape);
  return {
    shape,
    type,
    bigEndian: order === ">",
    begin,
    size: begin + count * type.array.BYTES_PER_ELEMENT,
    what: `${type.name} of shape [${shape.join(", ")}]`,
  };
}

interface Entries {
  /** Text for plain numbers, a list for records. */
  readonly descr: PythonValue;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

function entries(text: string, where: string): Entries {
  const bad = (cause?: unknown): UnusableFileError =>
    new UnusableFileError(
      `${where}: expected a header with descr, fortran_order and shape, found ${JSON.stringify(text.slice(0, 100))}`,
      { cause },
    );
  let header: PythonValue;
  try {
    header = pythonLiteral(text);
  } catch (cause) {
    throw bad(cause);
  }
  if (!isMap(header)) throw bad();
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => header.get(key));
  if (typeof descr !== "string" && !Array.isArray(descr)) throw bad();
  if (typeof fortran !== "boolean" || !isNumbers(shape)) throw bad();
  return { descr, fortran, shape };
}

function isNumbers(value: PythonValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function findText(bytes: Uint8Array, where: string): { text: string; begin: number } {
  const text = (from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).toString("latin1");
  if (text(0, 4) === "PK\x03\x04") {
    throw new UnusableFileError(
      `${where}: expected a .npy file, found a .npz archive; "kind": "npz" reads those`,
    );
  }
  if (text(0, 6) !== "\x93NUMPY") {
    throw new UnusableFileError(
      `${where}: expected a .npy file, found one that begins with ${JSON.stringify(text(0, 6))}`,
    );
  }
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) {
    throw new UnusableFileError(`${where}: expected .npy version 1, 2 or 3, found ${version}`);
  }
  const first = version === 1 ? 10 : 12;
  if (bytes.length < first)
    throw new UnusableFileError(`${where}: truncated: found ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = first + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (begin > LONGEST_NPY_HEADER) {
    throw new UnusableFileError(
      `${where}: expected a header of ${LONGEST_NPY_HEADER} bytes or fewer, found one of ${begin} bytes`,
    );
  }
  if (bytes.length < begin) {
    throw new UnusableFileError(
      `${where}: truncated: expected a header of ${begin} bytes, found ${bytes.length} bytes`,
    );
  }
  return { text: text(first, begin), begin };
}
