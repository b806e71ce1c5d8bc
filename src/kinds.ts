/**
 * What kind of thing a value is, whichever realm made it.
 *
 * `instanceof` knows the classes of its own realm only. Typed arrays and errors from a test
 * runner's sandbox, `node:vm`, `structuredClone` beside them or another frame are made by classes
 * of the same names, which are others.
 */

interface Arrays {
  BigInt64Array: BigInt64Array;
  Int8Array: Int8Array;
  Float32Array: Float32Array;
  Float64Array: Float64Array;
  Int32Array: Int32Array;
  Uint16Array: Uint16Array;
  Uint8Array: Uint8Array;
  Uint8ClampedArray: Uint8ClampedArray;
}

/**
 * The getter that all typed arrays inherit: it looks at the array itself, and gives undefined for
 * anything else.
 */
const arrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

const tag = (value: unknown): string =>
  Object.prototype.toString.call(value).slice("[object ".length, -1);

/**
 * The kind of a typed array, of whatever realm, or undefined for anything else. A Buffer is a
 * Uint8Array.
 */
export function typedArrayName(value: unknown): string | undefined {
  return arrayName.call(value);
}

/** Whether a value is a typed array of one of these kinds. */
export function isTypedArray<K extends keyof Arrays>(
  value: unknown,
  ...kinds: readonly K[]
): value is Arrays[K] {
  return kinds.includes(typedArrayName(value) as K);
}

/** Whether a value is an ArrayBuffer, not a shared one. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return tag(value) === "ArrayBuffer";
}

/** Whether a value is a Map. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return tag(value) === "Map";
}

/** Whether a value is an error. */
export function isError(value: unknown): value is Error {
  // A DOMException, such as an AbortError, has a tag of its own.
  return tag(value) === "Error" || value instanceof Error;
}

/** The kind of a value, for messages: "Float32Array", "Array", "number", "null". */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const known = typedArrayName(value);
  if (known !== undefined) return known;
  // Of an object out of a file "constructor" may be anything.
  const name: unknown = (value as object).constructor?.name;
  return typeof name === "string" ? name : typeof value;
}
