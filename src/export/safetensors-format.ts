/**
 * The safetensors format, in memory.
 *
 *     8 bytes     N, length of the header, unsigned, little-endian
 *     N bytes     header: JSON, padded by spaces
 *                 { "__metadata__": { key: text }, name: { "dtype": "F32", "shape": [...], "data_offsets": [begin, end] } }
 *     the rest    the elements, row-major, little-endian; offsets count from here; no gaps, no overlaps
 *
 * Source: https://github.com/huggingface/safetensors, "Format". We pad the header so that the data
 * begin at a multiple of 8 and write wide types first: then every tensor is aligned to its element
 * size, and a reader may use it without a copy.
 */
import { size } from "../shape-size.js";
import { InputError, UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { isMap, kindOf, typedArrayName } from "../kinds.js";

/** Kinds of elements we write and read. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint16Array
  | Uint8Array
  | Int8Array
  | BigInt64Array;

/** Numbers of 16 bits that have no array of their own. */
export type Half = "F16" | "BF16";

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** `data` are the bits of float16 or bfloat16 numbers, in a Uint16Array. */
  readonly dtype?: Half | undefined;
}

/** What a file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Free text by key, such as the recipe. */
  readonly metadata: Readonly<Record<string, string>>;
}

const DTYPES = {
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

type Dtype = keyof typeof DTYPES;

function isHalf(dtype: string): dtype is Half {
  return dtype === "F16" || dtype === "BF16";
}

const ALIGNMENT = 8;
const METADATA = "__metadata__";

/**
 * The bytes of a safetensors file. Tensors of one kind keep the order they are given in.
 *
 * @throws InputError if a tensor's shape doesn't fit its data, its kind of elements can't be
 * written, or metadata are no texts; also for the reserved name "__metadata__".
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const named = [...(isMap(tensors) ? tensors : Object.entries(tensors as Record<string, Tensor>))];
  named.forEach(([name, tensor]) => checkTensor(name, tensor));
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== "string")
      throw new InputError(`metadata "${key}" must be a text, found ${JSON.stringify(text)}`);
  }
  // Wide types first, those of one kind together: what is alike compresses well.
  const order = Object.keys(DTYPES);
  const rank = ([, tensor]: readonly [string, Tensor]) =>
    order.indexOf(dtypeOf(tensor)) - 10 * tensor.data.BYTES_PER_ELEMENT;
  named.sort((a, b) => rank(a) - rank(b));

  const header: [string, unknown][] =
    Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let length = 0;
  for (const [name, tensor] of named) {
    const { shape, data } = tensor;
    header.push([
      name,
      { dtype: dtypeOf(tensor), shape, data_offsets: [length, length + data.byteLength] },
    ]);
    length += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + headerLength + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(json, 8);
  let place = 8 + headerLength;
  for (const [, { data }] of named) {
    // Every machine that JavaScript engines run on today stores numbers little-endian, as the
    // format wants them.
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place);
    place += data.byteLength;
  }
  return bytes;
}

/**
 * Reads the bytes of a safetensors file. The tensors are views of `bytes` where alignment allows,
 * else copies.
 *
 * @throws UnusableFileError if the bytes are not a whole, consistent file, with what is wrong;
 *   `where` names the source.
 */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): TensorFile {
  const fail = (fault: string): never => {
    throw new UnusableFileError(`${where}: ${fault}`);
  };
  if (bytes.length < 8) fail(`truncated: expected 8 bytes or more, found ${bytes.length}`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > bytes.length - 8) {
    fail(
      `not safetensors, or truncated: the header should have ${headerLength} bytes, found ${bytes.length - 8}`,
    );
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), fail);
  // Not bytes.subarray(): that of a Buffer is a Buffer, whose slice() does not copy.
  const body = new Uint8Array(
    bytes.buffer,
    bytes.byteOffset + 8 + headerLength,
    bytes.length - 8 - headerLength,
  );
  const tensors = new Map<string, Tensor>();
  const spans: { name: string; begin: number; end: number }[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      metadata = checkedMetadata(entry, fail);
      continue;
    }
    const { dtype, shape, begin, end } = checkedEntry(name, entry, body.length, fail);
    spans.push({ name, begin, end });
    const data = elements(dtype, body, begin, end);
    tensors.set(name, { shape, data, ...(isHalf(dtype) && { dtype }) });
  }
  checkSpans(spans, body.length, fail);
  return { tensors, metadata };
}

type Fail = (fault: string) => never;

function checkTensor(name: string, tensor: Tensor): void {
  const { shape, data } = tensor;
  if (name === METADATA)
    throw new InputError(`could not write a tensor named "${METADATA}": the name is reserved`);
  dtypeOf(tensor);
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new InputError(
      `tensor ${JSON.stringify(name)}: shape must be non-negative integers, found [${shape.join(", ")}]`,
    );
  }
  const expected = size(shape);
  if (data.length !== expected) {
    throw new InputError(
      `tensor ${JSON.stringify(name)} of shape [${shape.join(", ")}] must have ` +
        `${expected} elements, found ${data.length}`,
    );
  }
}

function dtypeOf({ data, dtype: given }: Tensor): Dtype {
  const found = typedArrayName(data);
  for (const [dtype, kind] of Object.entries(DTYPES))
    if (kind.name === found && (isHalf(dtype) ? dtype : undefined) === given) return dtype as Dtype;
  const kinds = [...new Set(Object.values(DTYPES).map((kind) => kind.name))];
  throw new InputError(`could not write a tensor of ${kindOf(data)}: expected ${kinds.join(", ")}`);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  try {
    const header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes), "the header");
    if (isObject(header)) return header;
  } catch (cause) {
    fail((cause as Error).message);
  }
  return fail("the header is not a JSON object");
}

function checkedMetadata(entry: unknown, fail: Fail): Record<string, string> {
  if (!isObject(entry) || !Object.values(entry).every((value) => typeof value === "string")) {
    fail(`${METADATA} must be an object of strings`);
  }
  return entry as Record<string, string>;
}

function checkedEntry(
  name: string,
  entry: unknown,
  bodyLength: number,
  fail: Fail,
): { dtype: Dtype; shape: number[]; begin: number; end: number } {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = isObject(entry) ? entry : fail(`tensor ${JSON.stringify(name)}: expected an object`);
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    const known = Object.keys(DTYPES).join(", ");
    return fail(
      `tensor ${JSON.stringify(name)}: dtype must be one of ${known}, found ${JSON.stringify(dtype)}`,
    );
  }
  if (!isCounts(shape)) {
    return fail(
      `tensor ${JSON.stringify(name)}: shape must be a list of non-negative integers, found ${JSON.stringify(shape)}`,
    );
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(
      `tensor ${JSON.stringify(name)}: data_offsets must be [begin, end], found ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  if (end > bodyLength) {
    fail(
      `truncated: tensor ${JSON.stringify(name)} ends at byte ${end} of the data, found ${bodyLength} bytes of data`,
    );
  }
  const expected = shape.reduce(
    (product, size) => product * size,
    DTYPES[dtype as Dtype].BYTES_PER_ELEMENT,
  );
  if (end - begin !== expected) {
    fail(
      `tensor ${JSON.stringify(name)}: ${dtype} of shape [${shape.join(", ")}] needs ` +
        `${expected} bytes, found ${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** The format forbids gaps and overlaps: bytes nobody names could hide anything. */
function checkSpans(
  spans: { name: string; begin: number; end: number }[],
  bodyLength: number,
  fail: Fail,
): void {
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let place = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== place) {
      fail(
        `tensor ${JSON.stringify(name)} begins at byte ${begin} of the data: expected ${place} (no gaps, no overlaps)`,
      );
    }
    place = end;
  }
  if (place !== bodyLength)
    fail(`extra bytes: expected ${place} bytes of data, found ${bodyLength}`);
}

function elements(dtype: Dtype, body: Uint8Array, begin: number, end: number): TensorData {
  const kind = DTYPES[dtype];
  const size = kind.BYTES_PER_ELEMENT;
  const place = body.byteOffset + begin;
  const aligned = place % size === 0;
  return aligned
    ? new kind(body.buffer as ArrayBuffer, place, (end - begin) / size)
    : new kind(body.slice(begin, end).buffer);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
