import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseNpy, readNpy } from "#bregman/data/npy.js";
import { temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes, npyBytesOf, unreadable } from "./own-files.js";
import { BregmanError, UnusableFileError } from "#bregman/errors.js";

const types = [
  ["b1", "bool", Uint8Array.of(0, 1, 1)],
  ["u1", "uint8", Uint8Array.of(0, 7, 255)],
  ["i1", "int8", Int8Array.of(-128, 0, 127)],
  ["u2", "uint16", Uint16Array.of(0, 258, 65535)],
  ["i2", "int16", Int16Array.of(-32768, 258, 3)],
  ["u4", "uint32", Uint32Array.of(0, 0x01020304, 0xffffffff)],
  ["i4", "int32", Int32Array.of(-5, 0x01020304, 9)],
  ["u8", "uint64", BigUint64Array.of(0n, 0x0102030405060708n, 2n ** 64n - 1n)],
  ["i8", "int64", BigInt64Array.of(-1n, 0x0102030405060708n, 5n)],
  ["f4", "float32", Float32Array.of(0.5, -1e-30, 3)],
  ["f8", "float64", Float64Array.of(Math.PI, -1e-300, 3)],
] as const;

describe.each(types)("%s", (code, name, data) => {
  const little = bytesOf(data);
  const size = data.BYTES_PER_ELEMENT;
  const big = little.map((_, k) => little[k - (k % size) + size - 1 - (k % size)]);

  test("both byte orders, all versions, whatever the alignment", () => {
    for (const version of [1, 2, 3] as const) {
      for (const align of [64, 16, 1]) {
        const options = { version, align };
        expect(parseNpy(npyBytes(`<${code}`, [3], little, options))).toEqual({
          shape: [3],
          type: name,
          data,
        });
        expect(parseNpy(npyBytes(`>${code}`, [3, 1], big, options)).data).toEqual(data);
        expect(parseNpy(npyBytes(`|${code}`, [1, 3], little, options)).shape).toEqual([1, 3]);
      }
    }
  });
});

test("any shape comes back, from any place in memory", () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 9 }), (shape, offset) => {
      const count = shape.reduce((product, n) => product * n, 1);
      const data = Float64Array.from({ length: count }, (_, k) => k / 3);
      const file = npyBytes("<f8", shape, bytesOf(data), { align: 1 });
      const moved = new Uint8Array(file.length + offset);
      moved.set(file, offset);
      expect(parseNpy(moved.subarray(offset))).toEqual({ shape, type: "float64", data });
    }),
    { seed: 1 },
  );
});

test("what NumPy 2 writes", () => {
  // np.save of np.array([[1.5, -2]], dtype=np.float32), byte for byte.
  const file = Buffer.from(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwA==",
    "base64",
  );
  expect(parseNpy(file)).toEqual({
    shape: [1, 2],
    type: "float32",
    data: Float32Array.of(1.5, -2),
  });
});

describe("headers as np.load reads them", () => {
  test.each([
    ["numbers of Python 2", "{'descr': '<f4', 'fortran_order': False, 'shape': (6L, 4L), }"],
    ["double quotes", '{"descr": "<f4", "fortran_order": False, "shape": (6, 4)}'],
    ["no blanks", "{'descr':'<f4','fortran_order':False,'shape':(6,4)}"],
    ["many blanks", "  { 'descr' :\t'<f4' , 'fortran_order' : False , 'shape' : ( 6 , 4 , ) , } "],
    ["lines", "{'descr': '<f4',\n 'fortran_order': False,\n 'shape': (6, 4),\n}"],
    ["another order", "{'shape': (6, 4), 'fortran_order': False, 'descr': '<f4'}"],
    ["text of Python 2", "{u'descr': u'<f4', u'fortran_order': False, u'shape': (6, 4)}"],
    ["the type's name", "{'descr': 'float32', 'fortran_order': False, 'shape': (6, 4)}"],
  ])("%s", (_, text) => {
    const data = Float32Array.from({ length: 24 }, (_x, k) => k / 4);
    expect(parseNpy(npyBytesOf(text, bytesOf(data)))).toEqual({
      shape: [6, 4],
      type: "float32",
      data,
    });
  });

  test("a number, and one dimension", () => {
    const data = bytesOf(Float64Array.of(7));
    const header = (shape: string) =>
      `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`;
    expect(parseNpy(npyBytesOf(header("()"), data)).shape).toEqual([]);
    expect(parseNpy(npyBytesOf(header("(1L,)"), data)).shape).toEqual([1]);
  });
});

describe("packed files", () => {
  const plain = npyBytes("<f4", [2, 2], bytesOf(Float32Array.of(1, 2, 3, 4)));
  const fileOf = (bytes: Uint8Array) => {
    const path = join(temporaryFolder(), "x.npy.gz");
    writeFileSync(path, bytes);
    return path;
  };

  test("are read as plain ones are", () => {
    expect(readNpy(fileOf(gzipSync(plain)))).toEqual(parseNpy(plain));
  });

  test("are unpacked as far as their header says", () => {
    const path = fileOf(unreadable(plain));
    expect(() => readNpy(path)).toThrow(
      new UnusableFileError(
        `${path}: extra bytes: expected 144 bytes for float32 of shape [2, 2], found more`,
      ),
    );
    expect(() => readNpy(fileOf(gzipSync(plain.subarray(0, 140))))).toThrow(
      "truncated: expected 144 bytes",
    );
    expect(() => readNpy(fileOf(gzipSync(plain.subarray(0, 9))))).toThrow(
      "truncated: found 9 bytes",
    );
    expect(() => readNpy(fileOf(gzipSync(plain).subarray(0, 50)))).toThrow("truncated");
  });

  test("may say more than memory holds", () => {
    const path = fileOf(gzipSync(npyBytes("<f4", [2 ** 40, 2 ** 20], new Uint8Array(8))));
    expect(() => readNpy(path)).toThrow(UnusableFileError);
    expect(() => readNpy(path)).toThrow("[1099511627776, 1048576] needs");
  });
});

describe("faults", () => {
  const good = npyBytes("<f4", [2, 2], new Uint8Array(16));
  const text = (header: string) => npyBytesOf(header, new Uint8Array(16));
  const cases: [string, Uint8Array, typeof BregmanError, string][] = [
    [
      "nothing",
      new Uint8Array(0),
      UnusableFileError,
      'expected a .npy file, found one that begins with ""',
    ],
    [
      "text",
      Buffer.from("1,2,3\n4,5"),
      UnusableFileError,
      'expected a .npy file, found one that begins with "1,2,3\\n"',
    ],
    [
      "npz",
      Buffer.from("PK\x03\x04 and more"),
      UnusableFileError,
      'expected a .npy file, found a .npz archive; "kind": "npz" reads those',
    ],
    [
      "version",
      Uint8Array.from(good).with(6, 9),
      UnusableFileError,
      "expected .npy version 1, 2 or 3, found 9",
    ],
    ["no header", good.subarray(0, 9), UnusableFileError, "truncated: found 9 bytes"],
    [
      "part of a header",
      good.subarray(0, 60),
      UnusableFileError,
      "truncated: expected a header of 128 bytes, found 60 bytes",
    ],
    [
      "bytes missing",
      good.subarray(0, 143),
      UnusableFileError,
      "truncated: expected 144 bytes for float32 of shape [2, 2], found 143",
    ],
    [
      "bytes left over",
      Buffer.concat([good, Uint8Array.of(1)]),
      UnusableFileError,
      "extra bytes: expected 144 bytes for float32 of shape [2, 2], found 145",
    ],
    [
      "Fortran order",
      npyBytes("<f4", [2, 2], new Uint8Array(16), { fortran: true }),
      UnusableFileError,
      "expected an array in C order, found Fortran order; save it as np.ascontiguousarray(array)",
    ],
    [
      "half precision",
      npyBytes("<f2", [8], new Uint8Array(16)),
      UnusableFileError,
      'expected elements of type bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64, found "<f2"',
    ],
    [
      "objects",
      npyBytes("|O", [2], new Uint8Array(16)),
      UnusableFileError,
      "expected elements of type bool, uint8",
    ],
    [
      "records",
      text("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }"),
      UnusableFileError,
      "expected an array of numbers, found one of records",
    ],
    [
      "a header that claims to be long",
      Uint8Array.from(good.subarray(0, 100)).with(6, 2).with(11, 0x7f),
      UnusableFileError,
      "expected a header of 65536 bytes or fewer, found one of 2138767490 bytes",
    ],
    [
      "a header in a header",
      text("{'descr': '<f4', 'x': \"'shape': (4,)\", 'fortran_order': False}"),
      UnusableFileError,
      "expected a header with descr, fortran_order and shape",
    ],
    [
      "more than a header",
      text("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} x"),
      UnusableFileError,
      "expected a header with descr, fortran_order and shape",
    ],
    [
      "a header of brackets",
      npyBytesOf(`{'descr': ${"[".repeat(60_000)}`, new Uint8Array(16)),
      UnusableFileError,
      "expected a header with descr, fortran_order and shape",
    ],
    [
      "a size below zero",
      text("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}"),
      UnusableFileError,
      "expected a header with descr, fortran_order and shape",
    ],
    [
      "no shape",
      text("{'descr': '<f4', 'fortran_order': False, }"),
      UnusableFileError,
      "expected a header with descr, fortran_order and shape",
    ],
  ];
  test.each(cases)("%s", (_, bytes, kind, message) => {
    const parse = () => parseNpy(bytes, "some.npy");
    expect(parse).toThrow(kind);
    expect(parse).toThrow(`some.npy: ${message}`);
    expect(parse).not.toThrow(/\n/);
  });

  test("an array of one dimension has both orders", () => {
    expect(parseNpy(npyBytes("<f4", [4], new Uint8Array(16), { fortran: true })).shape).toEqual([
      4,
    ]);
  });

  test("a file", () => {
    const path = join(temporaryFolder(), "x.npy");
    expect(() => readNpy(path)).toThrow(`could not read ${path}: there is no such file`);
    writeFileSync(path, good.subarray(0, 143));
    expect(() => readNpy(path)).toThrow(`${path}: truncated`);
  });
});
