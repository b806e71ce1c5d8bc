/**
 * Messages of protobuf, as tables of their fields, and their bytes: what our files of other
 * programs' formats are written with.
 */
import { BinaryWriter, WireType } from "../bundled/protobuf.js";

/** Kinds of values that a field may have. */
export type Kind = "string" | "int64" | "float" | "double" | "bytes";

/** Fields of a message: number and kind of each; a table where it is a message of its own. */
export interface Fields {
  readonly [name: string]: readonly [number: number, kind: Kind | Fields];
}

/** What a value of that kind is here. */
export type ValueOf<K> = K extends "string"
  ? string
  : K extends "int64" | "float" | "double"
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

/** The bytes of a message. Fields that are left out, and empty lists, take none. */
export function encodeMessage<F extends Fields>(
  fields: F,
  message: Message<F>,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeMessage(writer, fields, message);
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
    case "double":
      writer.tag(number, WireType.Bit64).double(value as number);
      break;
    default:
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMessage(writer, kind, value as Message<Fields>);
      writer.join();
  }
}
