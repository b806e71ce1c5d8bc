import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePng, readPng } from "#bregman/data/png.js";
import { naivePng, pngChunk, pngHeader, type PngImage } from "../support/naive-png.js";
import { temporaryFolder } from "./idx-files.js";
import { UnusableFileError } from "#bregman/errors.js";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const file = (...chunks: Uint8Array[]) => Buffer.concat([SIGNATURE, ...chunks]);

describe("any image comes back, of any size, depth and kind, interlaced or not, with any filters", () => {
  const kinds = [
    { kind: 0, depths: [1, 2, 4, 8], size: 1 },
    { kind: 2, depths: [8], size: 3 },
    { kind: 3, depths: [1, 2, 4, 8], size: 1 },
    { kind: 4, depths: [8], size: 2 },
    { kind: 6, depths: [8], size: 4 },
  ];
  const cases = kinds.flatMap(({ depths, ...kind }) => depths.map((depth) => ({ ...kind, depth })));
  test.each(cases)("kind $kind, $depth bits", ({ kind, size, depth }) => {
    const most = 2 ** depth - 1;
    const palette = Uint8Array.from({ length: 3 * (most + 1) }, (_, k) => (k * 73 + 5) % 256);
    const side = fc.integer({ min: 1, max: 19 });
    const image = fc.tuple(side, side).chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        samples: fc.array(fc.integer({ min: 0, max: most }), {
          minLength: width * height * size,
          maxLength: width * height * size,
        }),
        filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
        interlaced: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(image, ({ width, height, samples, filters, interlaced }) => {
        const pixels = width * height;
        // Opaque, where there is opacity.
        const stored = samples.map((value, k) =>
          size % 2 === 0 && k % size === size - 1 ? 255 : value,
        );
        const bytes = naivePng(
          { width, height, depth, kind, samples: stored },
          {
            interlaced,
            filterOf: (line) => filters[line % filters.length],
            chunks: kind === 3 ? [pngChunk("PLTE", palette)] : [],
          },
        );
        const channels = size > 2 || kind === 3 ? 3 : 1;
        const data = Uint8Array.from({ length: channels * pixels }, (_, k) => {
          const [c, p] = [Math.floor(k / pixels), k % pixels];
          return kind === 3 ? palette[3 * stored[p] + c] : (stored[p * size + c] * 255) / most;
        });
        expect(decodePng(bytes)).toEqual({ channels, height, width, data });
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

const grey: PngImage = { width: 3, height: 2, depth: 8, kind: 0, samples: [1, 2, 3, 4, 5, 6] };
const greyData = Uint8Array.of(1, 2, 3, 4, 5, 6);

describe("chunks that change no pixel", () => {
  test("a palette that is only suggested for a colour image", () => {
    const black =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAA1BMVEX///+nxBvIAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC";
    expect(decodePng(Buffer.from(black, "base64"))).toEqual({
      channels: 3,
      height: 1,
      width: 1,
      data: Uint8Array.of(0, 0, 0),
    });
  });

  test("gamma, a private one, and what comes behind the end", () => {
    const chunks = [pngChunk("gAMA", [0, 0, 0x30, 0xd4]), pngChunk("prVt", [1, 2])];
    const bytes = Buffer.concat([naivePng(grey, { chunks }), Buffer.from("more")]);
    expect(decodePng(bytes).data).toEqual(greyData);
  });

  test("a transparent colour that no pixel has, and opaque colours of a palette", () => {
    expect(decodePng(naivePng(grey, { chunks: [pngChunk("tRNS", [0, 9])] })).data).toEqual(
      greyData,
    );
    const two: PngImage = { width: 2, height: 1, depth: 1, kind: 3, samples: [1, 0] };
    const chunks = [pngChunk("PLTE", [1, 2, 3, 4, 5, 6]), pngChunk("tRNS", [255])];
    expect(decodePng(naivePng(two, { chunks })).data).toEqual(Uint8Array.of(4, 1, 5, 2, 6, 3));
  });

  test("pixels in several chunks, some empty", () => {
    const packed = deflateSync(Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6));
    const pieces = [
      packed.subarray(0, 1),
      packed.subarray(1, 1),
      packed.subarray(1, 9),
      packed.subarray(9),
    ];
    const bytes = file(
      pngHeader(grey),
      ...pieces.map((piece) => pngChunk("IDAT", piece)),
      pngChunk("IEND", []),
    );
    expect(decodePng(bytes).data).toEqual(greyData);
  });
});

describe("transparent pixels are refused", () => {
  const palette = pngChunk("PLTE", [1, 2, 3, 4, 5, 6]);
  test.each<[string, PngImage, Uint8Array[]]>([
    [
      "opacity",
      { ...grey, kind: 4, samples: [1, 255, 2, 255, 3, 255, 4, 255, 5, 254, 6, 255] },
      [],
    ],
    ["a grey that stands for nothing", grey, [pngChunk("tRNS", [0, 6])]],
    [
      "a grey of 2 bits",
      { ...grey, depth: 2, samples: [0, 1, 2, 0, 1, 1] },
      [pngChunk("tRNS", [0, 2])],
    ],
    [
      "a colour that stands for nothing",
      { ...grey, kind: 2, width: 1, samples: [1, 2, 3, 4, 5, 6] },
      [pngChunk("tRNS", [0, 4, 0, 5, 0, 6])],
    ],
    [
      "a colour of the palette",
      { ...grey, depth: 1, kind: 3, samples: [0, 0, 1, 0, 0, 0] },
      [palette, pngChunk("tRNS", [255, 0])],
    ],
  ])("%s", (_, image, chunks) => {
    expect(() => decodePng(naivePng(image, { chunks }))).toThrow(
      new UnusableFileError("expected an opaque image, found transparent pixels"),
    );
  });
});

describe("faults", () => {
  const palette = [1, 2, 3, 4, 5, 6];
  const indexed: PngImage = { ...grey, kind: 3, samples: [0, 1, 0, 1, 0, 1] };
  const good = naivePng(grey);
  const flipped = Uint8Array.from(good);
  flipped[Buffer.from(good).indexOf("IDAT") + 8] ^= 4;
  const header = pngHeader(grey);
  const pixels = pngChunk("IDAT", deflateSync(Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6)));
  const end = pngChunk("IEND", []);
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), 'expected a PNG file, found ""'],
    ["a JPEG", Buffer.from("ffd8ffe000104a46", "hex"), "expected a PNG file, found a JPEG file"],
    ["one bit is another", flipped, "damaged PNG file: wrong checksum of IDAT"],
    ["cut", good.subarray(0, -3), "damaged PNG file: its end is missing"],
    ["cut before a chunk", good.subarray(0, -12), "damaged PNG file: its end is missing"],
    [
      "a chunk that claims to be long",
      file(header, Buffer.from("ffffffff49444154", "hex"), end),
      "its end is missing",
    ],
    ["no header", file(pixels, end), "expected IHDR first, found IDAT"],
    ["two headers", file(header, header, pixels, end), "expected one IHDR, found 2"],
    ["no pixels", file(header, end), "it has no pixels (IDAT)"],
    [
      "pixels in two places",
      file(header, pixels, pngChunk("tEXt", []), pixels, end),
      "are not in one place",
    ],
    ["no size", file(pngHeader({ ...grey, width: 0 }), pixels, end), "its size is 0 x 2"],
    [
      "3 bits",
      file(pngHeader({ ...grey, depth: 3 }), pixels, end),
      "it says 3 bits and colours of kind 0",
    ],
    [
      "a chunk that must be known",
      file(header, pngChunk("ABCD", []), pixels, end),
      "expected an image without ABCD",
    ],
    ["no palette", naivePng(indexed), "expected a palette of 3 to 768 bytes, found none"],
    [
      "a palette behind the pixels",
      file(header, pixels, pngChunk("PLTE", palette), end),
      "PLTE comes after the pixels",
    ],
    [
      "a colour that is not there",
      naivePng(
        { ...indexed, samples: [0, 1, 2, 0, 0, 0] },
        { chunks: [pngChunk("PLTE", palette)] },
      ),
      "expected a colour below 2 of its palette, found 2",
    ],
    [
      "too many opacities",
      naivePng(indexed, { chunks: [pngChunk("PLTE", palette), pngChunk("tRNS", [9, 9, 9])] }),
      "expected tRNS of 2 bytes, found 3",
    ],
    [
      "an unknown filter",
      naivePng(grey, { pack: () => deflateSync(Uint8Array.of(0, 1, 2, 3, 5, 4, 5, 6)) }),
      "expected filter 0 to 4, found 5",
    ],
    [
      "too few pixels",
      naivePng(grey, { pack: (lines) => deflateSync(lines.subarray(1)) }),
      "expected 8 bytes of pixels, found 7",
    ],
    [
      "pixels that are not packed",
      naivePng(grey, { pack: (lines) => lines }),
      "damaged or truncated pixels (",
    ],
  ])("%s", (_, bytes, message) => {
    const path = join(temporaryFolder(), "image.png");
    writeFileSync(path, bytes);
    expect(() => readPng(path)).toThrow(UnusableFileError);
    expect(() => readPng(path)).toThrow(message);
    expect(() => readPng(path)).toThrow(`${path}: `);
    expect(() => readPng(path)).not.toThrow(/\n/);
  });

  test("more pixels than the header needs are not unpacked", () => {
    for (const interlaced of [false, true]) {
      // Who reads on finds the stream damaged.
      const pack = (lines: Uint8Array) => {
        const packed = deflateSync(Buffer.concat([lines, new Uint8Array(4e6)]));
        return packed.fill(0xff, packed.length - 200);
      };
      expect(() => decodePng(naivePng(grey, { interlaced, pack }))).toThrow(
        /^damaged PNG file: expected \d+ bytes of pixels, found more$/,
      );
    }
  });

  test("an image too large to be a sample is refused before it is unpacked", () => {
    const huge = file(pngHeader({ ...grey, width: 2 ** 20, height: 2 ** 20 }), pixels, end);
    expect(() => decodePng(huge)).toThrow(UnusableFileError);
    expect(() => decodePng(huge)).toThrow("an image of 1048576 x 1048576 pixels is too large");
  });
});
