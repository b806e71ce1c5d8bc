/**
 * The messages of an ONNX file, as tables of the fields that we write or read, and how they are
 * read.
 *
 * Source: onnx.proto of ONNX (IR version 8), field numbers and types.
 */
import { BinaryReader, WireType } from "../../bundled/protobuf.js";
import { UnusableFileError } from "../../errors.js";
import { encodeMessage, type Fields, type Kind, type Message, type ValueOf } from "../protobuf.js";

const TENSOR = {
  dims: [1, "int64"],
  dataType: [2, "int64"],
  floatData: [4, "float"],
  int32Data: [5, "int64"],
  int64Data: [7, "int64"],
  name: [8, "string"],
  rawData: [9, "bytes"],
  doubleData: [10, "double"],
  externalData: [13, "bytes"],
} as const;
const SPARSE_TENSOR = { values: [1, TENSOR], indices: [2, TENSOR], dims: [3, "int64"] } as const;
const ATTRIBUTE = {
  name: [1, "string"],
  f: [2, "float"],
  i: [3, "int64"],
  s: [4, "string"],
  t: [5, TENSOR],
  floats: [7, "float"],
  ints: [8, "int64"],
  type: [20, "int64"],
} as const;
const NODE = {
  input: [1, "string"],
  output: [2, "string"],
  name: [3, "string"],
  opType: [4, "string"],
  attribute: [5, ATTRIBUTE],
  domain: [7, "string"],
} as const;
const DIMENSION = { dimValue: [1, "int64"], dimParam: [2, "string"] } as const;
const TENSOR_TYPE = { elemType: [1, "int64"], shape: [2, { dim: [1, DIMENSION] }] } as const;
const VALUE_INFO = { name: [1, "string"], type: [2, { tensorType: [1, TENSOR_TYPE] }] } as const;
const GRAPH = {
  node: [1, NODE],
  name: [2, "string"],
  initializer: [5, TENSOR],
  input: [11, VALUE_INFO],
  output: [12, VALUE_INFO],
  sparseInitializer: [15, SPARSE_TENSOR],
} as const;
const MODEL = {
  irVersion: [1, "int64"],
  producerName: [2, "string"],
  graph: [7, GRAPH],
  opsetImport: [8, { domain: [1, "string"], version: [2, "int64"] }],
  metadataProps: [14, { key: [1, "string"], value: [2, "string"] }],
} as const;

export type TensorProto = Message<typeof TENSOR>;
export type SparseTensorProto = Message<typeof SPARSE_TENSOR>;
export type AttributeProto = Message<typeof ATTRIBUTE>;
export type NodeProto = Message<typeof NODE>;
export type ValueInfoProto = Message<typeof VALUE_INFO>;
export type ModelProto = Message<typeof MODEL>;

export type GraphProto = Message<typeof GRAPH>;

/** Values of TensorProto.dataType. */
export const DATA_TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;
/** Values of AttributeProto.type. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;

/** The bytes of an ONNX file. */
export function encodeModelProto(model: ModelProto): Uint8Array<ArrayBuffer> {
  return encodeMessage(MODEL, model);
}

/** A message as it is read: of each field the list of what there is, which may be empty. */
export type Read<F extends Fields> = {
  readonly [name in keyof F]: readonly ReadValue<F[name][1]>[];
};
type ReadValue<K> = K extends Fields ? Read<K> : ValueOf<K>;

export type ReadTensor = Read<typeof TENSOR>;
export type ReadSparseTensor = Read<typeof SPARSE_TENSOR>;
export type ReadNode = Read<typeof NODE>;
export type ReadGraph = Read<typeof GRAPH>;
export type ReadModel = Read<typeof MODEL>;
export type ReadValueInfo = Read<typeof VALUE_INFO>;

/**
 * The messages of an ONNX file. Fields that are in no table are passed over.
 *
 * @throws UnusableFileError if the bytes are no such message
 */
export function decodeModelProto(bytes: Uint8Array): ReadModel {
  return decode(MODEL, bytes);
}

/** A tensor in a file of its own. */
export function decodeTensorProto(bytes: Uint8Array): ReadTensor {
  return decode(TENSOR, bytes);
}

function decode<F extends Fields>(fields: F, bytes: Uint8Array): Read<F> {
  try {
    return readMessage(new BinaryReader(bytes), fields, bytes.length);
  } catch (cause) {
    if (cause instanceof UnusableFileError) throw cause;
    throw new UnusableFileError(`not an ONNX file: ${(cause as Error).message}`, { cause });
  }
}

const WIRE_TYPE = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  int64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
} as const;

function readMessage<F extends Fields>(reader: BinaryReader, fields: F, end: number): Read<F> {
  const names = new Map(Object.entries(fields).map(([name, [number]]) => [number, name]));
  const message = Object.fromEntries(Object.keys(fields).map((name) => [name, [] as unknown[]]));
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const name = names.get(number);
    if (name === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const kind: Kind | Fields = fields[name][1];
    const wanted = typeof kind === "string" ? WIRE_TYPE[kind] : WireType.LengthDelimited;
    const list = message[name];
    // Lists of numbers may come packed, as one field.
    if (wire === WireType.LengthDelimited && wanted !== wire) {
      const stop = endOf(reader, end);
      while (reader.pos < stop) list.push(readValue(reader, kind, stop));
    } else if (wire === wanted) {
      list.push(readValue(reader, kind, end));
    } else {
      throw new UnusableFileError(
        `not an ONNX file: the field "${name}" has the wire type ${wire}, expected ${wanted}`,
      );
    }
  }
  if (reader.pos !== end) throw new UnusableFileError("not an ONNX file: a message is cut off");
  return message as unknown as Read<F>;
}

/** Where the field ends that begins with its length here. */
function endOf(reader: BinaryReader, end: number): number {
  const length = reader.uint32();
  if (reader.pos + length > end)
    throw new UnusableFileError("not an ONNX file: a field is longer than its message");
  return reader.pos + length;
}

function readValue(reader: BinaryReader, kind: Kind | Fields, end: number): unknown {
  switch (kind) {
    case "string":
      return reader.string();
    case "bytes":
      return reader.bytes();
    case "int64":
      return Number(reader.int64());
    case "float":
      return reader.float();
    case "double":
      return reader.double();
    default:
      return readMessage(reader, kind, endOf(reader, end));
  }
}
