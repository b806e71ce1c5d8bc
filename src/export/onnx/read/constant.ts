/** Constants of an ONNX graph: its weights, and the numbers that shapes are made of. */
import { UnusableFileError } from "../../../errors.js";
import { isTypedArray } from "../../../kinds.js";
import { size } from "../../../shape-size.js";
import { fromBfloat, fromHalf } from "../../half.js";
import { DATA_TYPE, type ReadTensor } from "../proto.js";

/** Numbers of a shape, row-major: float32 as they are, all others in float64. */
export interface Constant {
  readonly is: "constant";
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Of a type of whole numbers. */
  readonly whole: boolean;
}

export function constant(
  shape: readonly number[],
  data: Float32Array | Float64Array | readonly number[],
  whole = false,
): Constant {
  return { is: "constant", shape, data: isArray(data) ? data : Float64Array.from(data), whole };
}

function isArray(data: unknown): data is Constant["data"] {
  return isTypedArray(data, "Float32Array") || isTypedArray(data, "Float64Array");
}

/** How numbers of each type lie in `rawData`. */
const RAW: Readonly<Record<number, { bytes: number; read: (v: DataView, at: number) => number }>> =
  {
    [DATA_TYPE.float]: { bytes: 4, read: (v, at) => v.getFloat32(at, true) },
    [DATA_TYPE.uint8]: { bytes: 1, read: (v, at) => v.getUint8(at) },
    [DATA_TYPE.int8]: { bytes: 1, read: (v, at) => v.getInt8(at) },
    [DATA_TYPE.int32]: { bytes: 4, read: (v, at) => v.getInt32(at, true) },
    [DATA_TYPE.int64]: { bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)) },
    [DATA_TYPE.bool]: { bytes: 1, read: (v, at) => v.getUint8(at) },
    [DATA_TYPE.float16]: { bytes: 2, read: (v, at) => fromHalf(v.getUint16(at, true)) },
    [DATA_TYPE.double]: { bytes: 8, read: (v, at) => v.getFloat64(at, true) },
    [DATA_TYPE.bfloat16]: { bytes: 2, read: (v, at) => fromBfloat(v.getUint16(at, true)) },
  };

/** Types of floating point. */
export const FLOATING = new Set<number>([
  DATA_TYPE.float,
  DATA_TYPE.float16,
  DATA_TYPE.bfloat16,
  DATA_TYPE.double,
]);
/** Types that float32 holds to the bit. */
const NARROW = new Set<number>([DATA_TYPE.float, DATA_TYPE.float16, DATA_TYPE.bfloat16]);

/**
 * The numbers of a tensor in a file.
 *
 * @throws UnusableFileError for numbers of a type that is not read, or in a file of their own; also
 *   if they are not as many as its shape says
 */
export function readTensor(tensor: ReadTensor): Constant {
  const what = `tensor ${JSON.stringify(tensor.name[0] ?? "")}`;
  const type = tensor.dataType[0] ?? 0;
  const shape = tensor.dims;
  const raw = RAW[type];
  if (raw === undefined)
    throw new UnusableFileError(`${what}: numbers of type ${type} are not read`);
  if (tensor.externalData.length > 0) {
    throw new UnusableFileError(
      `${what}: its numbers are in another file; write them into one (external_data=False)`,
    );
  }
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 0))
    throw new UnusableFileError(
      `${what}: expected sizes as its shape, found [${shape.join(", ")}]`,
    );
  const count = size(shape);
  const numbers = listed(tensor, type);
  const found = numbers?.length ?? (tensor.rawData[0]?.length ?? 0) / raw.bytes;
  if (found !== count) {
    throw new UnusableFileError(
      `${what}: expected ${count} numbers for its shape [${shape.join(", ")}], found ${found}`,
    );
  }
  const data = NARROW.has(type) ? new Float32Array(count) : new Float64Array(count);
  if (numbers) {
    data.set(numbers);
  } else if (count > 0) {
    const bytes = tensor.rawData[0];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let k = 0; k < count; k++) data[k] = raw.read(view, k * raw.bytes);
  }
  return constant(shape, data, !FLOATING.has(type));
}

/** Numbers in the field of their type, if they are not raw bytes; 16 bits lie in an int32. */
function listed(tensor: ReadTensor, type: number): readonly number[] | undefined {
  if (tensor.rawData.length > 0) return undefined;
  switch (type) {
    case DATA_TYPE.float:
      return tensor.floatData;
    case DATA_TYPE.int64:
      return tensor.int64Data;
    case DATA_TYPE.double:
      return tensor.doubleData;
    case DATA_TYPE.float16:
      return tensor.int32Data.map(fromHalf);
    case DATA_TYPE.bfloat16:
      return tensor.int32Data.map(fromBfloat);
    default:
      return tensor.int32Data;
  }
}
