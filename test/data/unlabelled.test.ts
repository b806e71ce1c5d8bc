/** Samples without labels: the same from every kind of file, in pieces of any size. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encode } from "fast-png";
import { type Origin, unlabelled, type UnlabelledOptions } from "#bregman/data/unlabelled.js";
import { UnusableFileError } from "#bregman/errors.js";
import { idxBytes, temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const COUNT = 7;
/** 7 images of 2 x 3. */
const pixels = Uint8Array.from({ length: COUNT * 6 }, (_, k) => (k * 41) % 256);
const floats = Float32Array.from(pixels, (x) => x / 255 - 0.5);
const rows = (list: ArrayLike<number>): string =>
  Array.from({ length: COUNT }, (_, k) =>
    Array.from(list)
      .slice(6 * k, 6 * k + 6)
      .join(),
  ).join("\n");
const grey = { input: [1, 2, 3], piece: 100 };
const png = (data: Uint8Array, channels = 1, width = 3, height = 2): Uint8Array =>
  encode({ width, height, channels, depth: 8, data });
const image = (k: number): Uint8Array => pixels.slice(6 * k, 6 * k + 6);

/** All that is read, joined. */
function read(origin: Origin, options: UnlabelledOptions = grey) {
  const { prefix, pieces } = unlabelled(origin, options);
  const [names, inputs, sizes]: [string[], number[], number[]] = [[], [], []];
  for (const piece of pieces) {
    names.push(...piece.names);
    inputs.push(...piece.inputs);
    sizes.push(piece.names.length);
  }
  return { prefix, names, inputs, sizes };
}

/** A file with these bytes, in a folder of its own. */
function file(name: string, bytes: Uint8Array | string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

const numbered = Array.from({ length: COUNT }, (_, k) => String(k));
const FILES: readonly (readonly [string, Uint8Array | string, ArrayLike<number>])[] = [
  ["images", idxBytes([COUNT, 2, 3], pixels), pixels],
  ["flat idx", idxBytes([COUNT, 6], pixels), pixels],
  ["four dimensions", idxBytes([COUNT, 1, 2, 3], pixels), pixels],
  ["one channel last", idxBytes([COUNT, 2, 3, 1], pixels), pixels],
  ["npy of bytes", npyBytes("|u1", [COUNT, 2, 3], pixels), pixels],
  ["npy of numbers", npyBytes("<f4", [COUNT, 6], bytesOf(floats)), floats],
  ["CSV", rows(floats), floats],
  ["CSV with names", `a,b,c,d,e,f\n${rows(floats)}\n`, floats],
];

describe.each(FILES)("%s", (_, content, expected) => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;

  test("from a file, plain and packed, and from bytes; in pieces of any size", () => {
    const path = file("samples", bytes);
    const packed = file("samples.gz", gzipSync(bytes));
    const origins: readonly Origin[] = [
      path,
      packed,
      { where: "it", bytes },
      { where: "it", bytes: gzipSync(bytes) },
    ];
    for (const origin of origins) {
      for (const piece of [1, 3, 7, 100]) {
        const { prefix, names, inputs, sizes } = read(origin, { ...grey, piece });
        expect(inputs).toEqual(Array.from(expected));
        expect(names).toEqual(numbered);
        expect(sizes.slice(0, -1).every((size) => size === piece)).toBe(true);
        expect(prefix).toBe(`${typeof origin === "string" ? origin : "it"}:`);
      }
    }
    // To a network of flat samples they are the same.
    expect(read(path, { input: [6], piece: 3 }).inputs).toEqual(Array.from(expected));
  });
});

test("one sample alone", () => {
  for (const shape of [[2, 3], [6], [1, 2, 3], [2, 3, 1]]) {
    const path = file("one.npy", npyBytes("|u1", shape, image(2)));
    expect(read(path)).toMatchObject({ names: ["0"], inputs: [...image(2)] });
  }
});

test("colours, first or last as their shape says, else as the recipe says", () => {
  const colours = Uint8Array.from({ length: 2 * 12 }, (_, k) => k);
  const last = Uint8Array.from({ length: 24 }, (_, k) => {
    const [n, p, c] = [Math.floor(k / 12), Math.floor((k % 12) / 3), k % 3];
    return colours[n * 12 + c * 4 + p];
  });
  const [first, behind] = [
    file("first.npy", npyBytes("|u1", [2, 3, 2, 2], colours)),
    file("last.npy", npyBytes("|u1", [2, 2, 2, 3], last)),
  ];
  for (const piece of [1, 9]) {
    const images = { input: [3, 2, 2], piece };
    for (const channels of [undefined, "first", "last"] as const) {
      expect(read(first, { ...images, channels }).inputs).toEqual([...colours]);
      expect(read(behind, { ...images, channels }).inputs).toEqual([...colours]);
    }
    expect(read(behind, { input: [12], piece, channels: "last" }).inputs).toEqual([...colours]);
    expect(() => read(behind, { input: [12], piece })).toThrow(
      /last\.npy: .* may have its channels last/,
    );
  }
});

describe("PNG", () => {
  test("files, and bytes", () => {
    const path = file("a.png", png(image(1)));
    expect(read(path)).toEqual({ prefix: "", names: [path], inputs: [...image(1)], sizes: [1] });
    expect(read({ where: "it", bytes: png(image(1)) })).toMatchObject({ names: ["it"] });
  });

  test("for flat networks; grey ones for networks of colours", () => {
    const path = file("a.png", png(image(1)));
    const thrice = [...image(1), ...image(1), ...image(1)];
    expect(read(path, { input: [6], piece: 1 }).inputs).toEqual([...image(1)]);
    expect(read(path, { input: [18], piece: 1 }).inputs).toEqual(thrice);
    expect(read(path, { input: [3, 2, 3], piece: 1 }).inputs).toEqual(thrice);
  });

  test("a folder of files and of classes, by name", () => {
    const folder = temporaryFolder();
    for (const name of ["dog", "cat"]) mkdirSync(join(folder, name));
    const names = ["b.png", "cat/2.png", "cat/1.PNG", "dog/0.png", ".hidden.png", "Thumbs.db"];
    names.forEach((name, k) => writeFileSync(join(folder, name), png(image(k))));
    for (const piece of [1, 3, 9]) {
      const found = read(`${folder}/`, { ...grey, piece });
      expect(found.prefix).toBe(`${folder}/`);
      expect(found.names).toEqual(["b.png", "cat/1.PNG", "cat/2.png", "dog/0.png"]);
      expect(found.inputs).toEqual([0, 2, 1, 3].flatMap((k) => [...image(k)]));
    }
  });
});

describe("what can't be is one line, with the file", () => {
  const folder = (name?: string) => {
    const path = temporaryFolder();
    if (name) writeFileSync(join(path, name), "x");
    return path;
  };
  const table = { ...grey, csv: { bytesInTraining: true } };
  test.each<[string, () => string, RegExp, UnlabelledOptions?]>([
    ["nothing there", () => "nowhere", /could not read nowhere: there is no such file/],
    [
      "an empty folder",
      folder,
      /could not find images in .*: expected PNG or JPEG files, or folders/,
    ],
    [
      "a folder with others",
      () => folder("a.gif"),
      /a\.gif: expected a PNG or JPEG file, found another/,
    ],
    ["an empty file", () => file("a", ""), /a: expected rows of numbers, found none/],
    [
      "a JPEG",
      () => file("a", Uint8Array.of(255, 216, 255, 224)),
      /a: damaged JPEG file: it does not say how large the image is$/,
    ],
    ["a zip", () => file("a.npz", "PK\x03\x04"), /a\.npz: damaged \.npz file/],
    ["gzip twice", () => file("a", gzipSync(gzipSync("1"))), /a gzip stream within another/],
    ["PNG in gzip", () => file("a", gzipSync(png(image(0)))), /image in gzip; unpack/],
    [
      "a larger image",
      () => file("a", png(image(0), 1, 2, 3)),
      /a: expected 3 x 2 pixels \(as the network takes\), found 2 x 3; --fit cut takes images of all sizes$/,
    ],
    [
      "of a flat network",
      () => file("a", png(image(0))),
      /a: expected 3 x 3 pixels .*, found 3 x 2/,
      { input: [9], piece: 1 },
    ],
    [
      "labels",
      () => file("a", idxBytes([9], image(0))),
      /a: expected samples of shape \[1, 2, 3\], as the network takes them, found an array of \[9\]$/,
    ],
    [
      "another shape",
      () => file("a", idxBytes([7, 3, 2], pixels)),
      /found an array of \[7, 3, 2\]$/,
    ],
    ["no samples", () => file("a", idxBytes([0, 2, 3], [])), /found an array of \[0, 2, 3\]$/],
    ["cut short", () => file("a", idxBytes([7, 2, 3], pixels.slice(1))), /a: .*58 bytes.*57/],
    [
      "cut short, read in parts",
      () => file("a", idxBytes([7, 2, 3], pixels.slice(1))),
      /a: .*58 bytes.*57/,
      { ...grey, piece: 2 },
    ],
    [
      "a damaged stream",
      () => file("a", gzipSync(idxBytes([7, 2, 3], pixels)).subarray(0, 40)),
      /a: damaged or truncated gzip/,
    ],
    [
      "not finite",
      () => file("a", npyBytes("<f4", [7, 6], bytesOf(floats.map((x, k) => (k === 40 ? NaN : x))))),
      /a: inputs must be finite, found NaN at index 40$/,
      { ...grey, piece: 2 },
    ],
    [
      "no number",
      () => file("a", `${rows(floats)}\n1,2,3,4,x,6`),
      /a: row 8, column 4: expected a number, found "x"$/,
    ],
    [
      "bytes where there were bytes / 255",
      () => file("a", rows(pixels)),
      /a: sample 0: expected numbers from 0 to 1, .* found 41; say --pixels for bytes$/,
      table,
    ],
    [
      "pixels that are none",
      () => file("a", rows(floats)),
      /expected a whole number from 0 to 255/,
      { ...grey, csv: { pixels: true } },
    ],
  ])("%s", (_, make, message, options = grey) => {
    const path = make();
    expect(() => read(path, options)).toThrow(message);
    expect(() => read(path, options)).toThrow(/^[^\n]*$/);
    expect(() => read(path, options)).toThrow(UnusableFileError);
  });
});
