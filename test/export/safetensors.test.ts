import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { readSafetensors, writeSafetensors } from "#bregman/export/safetensors.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
} from "#bregman/export/safetensors-format.js";
import { temporaryFolder } from "../data/idx-files.js";

const kinds = [Float32Array, Float64Array, Int32Array, Uint16Array, Uint8Array];
const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    values: fc.array(fc.double(), { minLength: 27, maxLength: 27 }),
  })
  .map(({ kind, shape, values }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { shape, data: kind.from(values.slice(0, count)) };
  });
const anyFile = fc.record({
  tensors: fc
    .array(fc.tuple(fc.string({ unit: "grapheme" }), anyTensor), { maxLength: 6 })
    .map((pairs) => new Map(pairs)),
  metadata: fc.dictionary(fc.string(), fc.string({ unit: "grapheme" }), { noNullPrototype: true }),
});

/** A file from a header given as an object and a number of data bytes. */
function fileOf(header: unknown, dataLength: number): Uint8Array {
  const json = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  return bytes;
}

describe("round trip", () => {
  test("what is encoded comes back, bit for bit, at any offset in memory", () => {
    fc.assert(
      fc.property(anyFile, fc.integer({ min: 0, max: 7 }), ({ tensors, metadata }, shift) => {
        const encoded = encodeSafetensors(tensors, metadata);
        const shifted = Buffer.alloc(encoded.length + shift).subarray(shift);
        shifted.set(encoded);
        const file = decodeSafetensors(shifted);
        expect(file.metadata).toEqual(metadata);
        expect(new Map(file.tensors)).toEqual(tensors);
      }),
      { seed: 2 },
    );
  });

  test("every tensor lies at a multiple of its element size in the file", () => {
    fc.assert(
      fc.property(anyFile, ({ tensors, metadata }) => {
        const bytes = encodeSafetensors(tensors, metadata);
        const headerLength = new DataView(bytes.buffer).getUint32(0, true);
        expect(headerLength % 8).toBe(0);
        for (const { data } of decodeSafetensors(bytes).tensors.values()) {
          expect(data.buffer).toBe(bytes.buffer);
          expect(data.byteOffset % data.BYTES_PER_ELEMENT).toBe(0);
        }
      }),
      { seed: 3 },
    );
  });

  test("by a file, from shared memory", () => {
    const path = join(temporaryFolder(), "model.safetensors");
    const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2);
    shared.set([1.5, -2]);
    writeSafetensors(
      path,
      { "layer1.weight": { shape: [1, 2], data: shared } },
      { format: "bregman" },
    );
    const { tensors, metadata } = readSafetensors(path);
    expect([...tensors]).toEqual([
      ["layer1.weight", { shape: [1, 2], data: Float32Array.of(1.5, -2) }],
    ]);
    expect(metadata).toEqual({ format: "bregman" });
  });

  test("the bytes are those the format describes", () => {
    const bytes = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } }, { k: "v" });
    const json = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(new TextDecoder().decode(bytes.subarray(8, -8))).toBe(
      json.padEnd(Math.ceil(json.length / 8) * 8),
    );
    expect([...bytes.subarray(-8)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
  });
});

describe("damage is found", () => {
  const f32 = (shape: number[], begin: number, end: number) => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });
  const deep = `{"a":{"dtype":"F32","data_offsets":[0,4],"shape":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`;
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /truncated: expected 8 bytes or more, found 0/],
    [
      "header cut",
      fileOf({ a: f32([1], 0, 4) }, 4).subarray(0, 30),
      /the header should have \d+ bytes, found 22/,
    ],
    [
      "another format",
      new TextEncoder().encode("PK and so on, no tensors"),
      /not safetensors, or truncated: the header should have \d+ bytes/,
    ],
    ["no JSON", fileOf('{"a": \n\u0007x}', 0), /the header: not valid JSON: /],
    ["a shape without end", fileOf(deep, 4), /nested more than 100 levels deep/],
    ["a name of two lines", fileOf({ "a\nb": 1 }, 0), /tensor "a\\nb": expected an object/],
    ["no object", fileOf([1], 0), /the header is not a JSON object/],
    ["no entry", fileOf({ a: 1 }, 0), /tensor "a": expected an object/],
    [
      "dtype",
      fileOf({ a: { ...f32([1], 0, 4), dtype: "F8" } }, 4),
      /tensor "a": dtype must be one of I64, F64, F32, I32, F16, BF16, U16, I8, U8, found "F8"/,
    ],
    [
      "dtype of the prototype",
      fileOf({ a: { ...f32([1], 0, 4), dtype: "toString" } }, 4),
      /dtype must be one of/,
    ],
    [
      "shape",
      fileOf({ a: f32([-1], 0, 4) }, 4),
      /tensor "a": shape must be a list of non-negative integers, found \[-1\]/,
    ],
    [
      "offsets",
      fileOf({ a: f32([1], 4, 0) }, 4),
      /tensor "a": data_offsets must be \[begin, end\], found \[4,0\]/,
    ],
    [
      "size",
      fileOf({ a: f32([2], 0, 4) }, 4),
      /tensor "a": F32 of shape \[2\] needs 8 bytes, found 4/,
    ],
    [
      "data cut",
      fileOf({ a: f32([2], 0, 8) }, 7),
      /truncated: tensor "a" ends at byte 8 of the data, found 7 bytes of data/,
    ],
    [
      "extra bytes",
      fileOf({ a: f32([1], 0, 4) }, 5),
      /extra bytes: expected 4 bytes of data, found 5/,
    ],
    [
      "gap",
      fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
      /tensor "b" begins at byte 8 of the data: expected 4/,
    ],
    [
      "overlap",
      fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
      /tensor "b" begins at byte 4 of the data: expected 8/,
    ],
    [
      "metadata",
      fileOf({ __metadata__: { a: 1 } }, 0),
      /__metadata__ must be an object of strings/,
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    const path = join(temporaryFolder(), "model.safetensors");
    writeFileSync(path, bytes);
    expect(() => readSafetensors(path)).toThrow(UnusableFileError);
    expect(() => readSafetensors(path)).toThrow(message);
    expect(() => readSafetensors(path)).toThrow(path);
    expect(() => readSafetensors(path)).toThrow(/^[^\n]*$/);
  });

  test("every proper prefix of a file is refused", () => {
    const bytes = encodeSafetensors({
      a: { shape: [2, 2], data: new Float32Array(4) },
      b: { shape: [3], data: new Uint8Array(3) },
    });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(UnusableFileError);
    }
  });

  test("a file that is not there", () => {
    const path = join(temporaryFolder(), "absent");
    expect(() => readSafetensors(path)).toThrow(`could not read ${path}: there is no such file`);
  });
});

describe("what can't be written", () => {
  const data = new Float32Array(3);
  test.each<[string, Record<string, Tensor>, RegExp]>([
    [
      "shape",
      { a: { shape: [2], data } },
      /tensor "a" of shape \[2\] must have 2 elements, found 3/,
    ],
    [
      "negative",
      { a: { shape: [-3], data } },
      /tensor "a": shape must be non-negative integers, found \[-3\]/,
    ],
    [
      "kind",
      { a: { shape: [1], data: new Int16Array(1) as unknown as Uint8Array } },
      /expected BigInt64Array, Float64Array, Float32Array, Int32Array, Uint16Array, Int8Array, Uint8Array/,
    ],
    ["reserved name", { __metadata__: { shape: [3], data } }, /the name is reserved/],
  ])("%s", (_, tensors, message) => {
    const path = join(temporaryFolder(), "model.safetensors");
    expect(() => writeSafetensors(path, tensors)).toThrow(message);
    expect(() => readFileSync(path)).toThrow("ENOENT");
  });
});

test("bits of bfloat16, and integers of 64 bits, come back as they were", () => {
  const tensors = {
    steps: { shape: [], data: BigInt64Array.of(-(2n ** 40n)) },
    half: { shape: [2], data: Uint16Array.of(0x3f80, 0xc049), dtype: "BF16" as const },
    plain: { shape: [2], data: Uint16Array.of(1, 2) },
  };
  const { tensors: read } = decodeSafetensors(encodeSafetensors(tensors));
  expect(Object.fromEntries(read)).toEqual(tensors);
});
