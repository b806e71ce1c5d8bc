/**
 * The messages of an ONNX file that we write, as tables of their fields, and their bytes in
 * protobuf.
 *
 * Source: onnx.proto of ONNX (IR version 8), field numbers and types.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Kind = "string" | "int64" | "float" | "bytes";

interface Fields {
  readonly [name: string]: readonly [number: number, kind: Kind | Fields];
}

type ValueOf<K> = K extends "string"
  ? string
  : K extends "int64" | "float"
    ? number
    : K extends "bytes"
      ? Uint8Array
      : K extends Fields
        ? Message<K>
        : never;

/** A message's fields; a list where a field is repeated. */
export type Message<F extends Fields> = {
  readonly [name in keyof F]?: ValueOf<F[name][1]> | readonly ValueOf<F[name][1]>[];
};

const TENSOR = {
  dims: [1, "int64"],
  dataType: [2, "int64"],
  name: [8, "string"],
  rawData: [9, "bytes"],
} as const;
const SPARSE_TENSOR = { values: [1, TENSOR], indices: [2, TENSOR], dims: [3, "int64"] } as const;
const ATTRIBUTE = {
  name: [1, "string"],
  f: [2, "float"],
  i: [3, "int64"],
  ints: [8, "int64"],
  type: [20, "int64"],
} as const;
const NODE = {
  input: [1, "string"],
  output: [2, "string"],
  name: [3, "string"],
  opType: [4, "string"],
  attribute: [5, ATTRIBUTE],
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

/** Values of TensorProto.dataType. */
export const DATA_TYPE = { float: 1, int64: 7, double: 11 } as const;
/** Values of AttributeProto.type. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;

/** The bytes of an ONNX file. */
export function encodeModelProto(model: ModelProto): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeMessage(writer, MODEL, model);
  return writer.finish();
}

function writeMessage<F extends Fields>(
  writer: BinaryWriter,
  fields: F,
  message: Message<F>,
): void {
  for (const [name, [number, kind]] of Object.entries(fields)) {
    const value: unknown = message[name];
    for (const each of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      writeField(writer, number, kind, each);
    }
  }
}

function writeField(
  writer: BinaryWriter,
  number: number,
  kind: Kind | Fields,
  value: unknown,
): void {
  switch (kind) {
    case "string":
      writer.tag(number, WireType.LengthDelimited).string(value as string);
      break;
    case "bytes":
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
      break;
    case "int64":
      writer.tag(number, WireType.Varint).int64(value as number);
      break;
    case "float":
      writer.tag(number, WireType.Bit32).float(value as number);
      break;
    default:
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMessage(writer, kind, value as Message<Fields>);
      writer.join();
  }
}
