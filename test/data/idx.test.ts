import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readIdx } from "#bregman/data/idx.js";
import { parseIdx } from "#bregman/data/idx-format.js";
import { idxBytes, temporaryFolder } from "./idx-files.js";
import { unreadable } from "./own-files.js";
import { UnusableFileError } from "#bregman/errors.js";

const images = idxBytes([2, 1, 3], [1, 2, 3, 4, 5, 6]);

function fileOf(bytes: Uint8Array, name = "some-file"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

describe("a whole file", () => {
  test("any shape comes back", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const data = Uint8Array.from({ length: count }, (_, i) => (i * 37 + 11) % 256);
        expect(parseIdx(idxBytes(shape, data))).toEqual({ shape, data });
      }),
      { seed: 1 },
    );
  });

  test("gzip is recognised by content, not by name", () => {
    const plain = readIdx(fileOf(images, "plain.gz"));
    const packed = readIdx(fileOf(gzipSync(images), "packed"));
    expect(packed.shape).toEqual([2, 1, 3]);
    expect([...packed.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...plain.data]).toEqual([...packed.data]);
  });

  test("bytes may be a view into a larger buffer", () => {
    const buffer = new Uint8Array(images.length + 5);
    buffer.set(images, 5);
    expect([...parseIdx(buffer.subarray(5)).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("faults name the file, what was expected and what was found", () => {
  const packed = gzipSync(images);
  const flipped = Uint8Array.from(packed);
  flipped[12] ^= 0xff;
  const floats = images.slice();
  floats[2] = 0x0d;
  const cases: [string, Uint8Array, RegExp][] = [
    [
      "empty",
      new Uint8Array(0),
      /truncated: expected an idx header of 4 bytes or more, found 0 bytes/,
    ],
    [
      "header cut",
      images.subarray(0, 9),
      /truncated: expected an idx header of 16 bytes, found 9 bytes/,
    ],
    [
      "data cut",
      images.subarray(0, 20),
      /truncated: expected 22 bytes for shape \[2, 1, 3\], found 20/,
    ],
    [
      "extra bytes",
      Uint8Array.of(...images, 0),
      /extra bytes: expected 22 bytes for shape \[2, 1, 3\], found 23/,
    ],
    [
      "labels for images",
      idxBytes([3], [1, 2, 3]),
      /wrong magic number: expected 2051 \(images\), found 2049 \(labels\)/,
    ],
    ["other element type", floats, /wrong magic number: expected 2051 \(images\), found 3331/],
    [
      "not idx",
      new TextEncoder().encode("<html>404"),
      /wrong magic number: expected 2051 \(images\), found 1013478509/,
    ],
    [
      "gzip cut",
      packed.subarray(0, packed.length - 6),
      /damaged or truncated gzip file of \d+ bytes \(unexpected end of file\)/,
    ],
    ["gzip corrupt", flipped, /damaged or truncated gzip file of \d+ bytes \(.+\)/],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    const path = fileOf(bytes);
    const read = () => readIdx(path, { dimensions: 3 });
    expect(read).toThrow(UnusableFileError);
    expect(read).toThrow(message);
    expect(read).toThrow(path);
    expect(read).not.toThrow(/\n/);
  });

  test("a gzip stream is unpacked as far as the header says", () => {
    const path = fileOf(unreadable(images));
    expect(() => readIdx(path)).toThrow(
      new UnusableFileError(
        `${path}: extra bytes: expected 22 bytes for shape [2, 1, 3], found more`,
      ),
    );
    expect(() => readIdx(fileOf(unreadable(floats)))).toThrow(/wrong magic number/);
    const claim = fileOf(gzipSync(idxBytes([2 ** 31, 2 ** 31], [])));
    expect(() => readIdx(claim)).toThrow(UnusableFileError);
    expect(() => readIdx(claim)).toThrow(
      /: shape \[2147483648, 2147483648\] needs \d+ bytes: more than one array holds/,
    );
  });

  test("a header behind a long name in the gzip stream", () => {
    const name = Buffer.alloc(30_000, "name");
    const plain = gzipSync(images);
    const named = Buffer.concat([
      plain.subarray(0, 10),
      name,
      Uint8Array.of(0),
      plain.subarray(10),
    ]);
    named[3] |= 8;
    expect([...readIdx(fileOf(named)).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a file that is not there", () => {
    const path = join(temporaryFolder(), "absent");
    expect(() => readIdx(path)).toThrow(`could not read ${path}: there is no such file`);
  });
});
