/**
 * The chunks of a PNG file: what the image is like, and its pixels as they are packed.
 *
 *     8 bytes     signature
 *     chunks      length (4 bytes, big-endian), type (4 letters), data, CRC-32 of type and data
 *
 * IHDR is the first chunk, IEND the last. A type that begins with a small letter may be passed
 * over: gamma, colour profiles, text. Nothing of that changes a pixel here. Source: Portable
 * Network Graphics (PNG) Specification, third edition, https://www.w3.org/TR/png-3/, sections 5 and
 * 11.
 */
import { crc32 } from "node:zlib";
import { UnusableFileError } from "../errors.js";

/** Samples of a pixel, by the number that the format has for each kind of colour. */
const KINDS: Record<number, { samples: number; depths: readonly number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { samples: 3, depths: [8, 16] }, // red, green, blue
  3: { samples: 1, depths: [1, 2, 4, 8] }, // place in the palette
  4: { samples: 2, depths: [8, 16] }, // grey, opacity
  6: { samples: 4, depths: [8, 16] }, // red, green, blue, opacity
};
const PALETTE_KIND = 3;

export interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** Samples of a pixel, as they are stored. */
  readonly samples: number;
  /** Whether there are seven images in one (Adam7). */
  readonly interlaced: boolean;
  /** [colours, 3], if the samples are places in it. */
  readonly palette: Uint8Array | undefined;
  /**
   * The content of tRNS: opacities of the palette's colours, or the one colour that is transparent,
   * 16 bits a sample.
   */
  readonly transparency: Uint8Array | undefined;
  /** The pixels, a zlib stream. */
  readonly packed: Uint8Array;
}

const SIGNATURE = "\x89PNG\r\n\x1a\n";
/** Formats that are given the name of another. */
const OTHERS = [
  ["\xff\xd8\xff", "JPEG"],
  ["GIF8", "GIF"],
  ["BM", "BMP"],
  ["RIFF", "WebP"],
] as const;

/** Whether bytes begin as a PNG file does, whole or damaged. */
export function isPng(bytes: Uint8Array): boolean {
  return beginningOf(bytes).startsWith(SIGNATURE.slice(0, 4));
}

/** What a file is that is no image of the kind that was expected, for messages. */
export function foreignKind(bytes: Uint8Array): string {
  const beginning = beginningOf(bytes);
  const other = OTHERS.find(([start]) => beginning.startsWith(start))?.[1];
  return other ? `a ${other} file` : JSON.stringify(beginning);
}

function beginningOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, SIGNATURE.length)).toString("latin1");
}

/**
 * Takes a PNG file apart.
 *
 * @throws UnusableFileError if it is no PNG file, or damaged
 */
export function pngParts(bytes: Uint8Array): PngParts {
  if (beginningOf(bytes) !== SIGNATURE)
    throw new UnusableFileError(`expected a PNG file, found ${foreignKind(bytes)}`);
  const chunks = [...chunksOf(bytes)];
  const [first] = chunks;
  if (first.type !== "IHDR")
    throw new UnusableFileError(`damaged PNG file: expected IHDR first, found ${first.type}`);
  const header = readHeader(first.data);
  const only = (type: string): Uint8Array | undefined => {
    const found = chunks.filter((chunk) => chunk.type === type);
    if (found.length > 1)
      throw new UnusableFileError(`damaged PNG file: expected one ${type}, found ${found.length}`);
    return found[0]?.data;
  };
  only("IHDR");
  const palette = only("PLTE");
  const pixels = chunks.flatMap(({ type }, k) => (type === "IDAT" ? [k] : []));
  const [begin, end] = [pixels[0], pixels[pixels.length - 1] + 1];
  if (pixels.length === 0) throw new UnusableFileError("damaged PNG file: it has no pixels (IDAT)");
  if (end - begin > pixels.length)
    throw new UnusableFileError("damaged PNG file: its pixels (IDAT) are not in one place");
  for (const type of ["PLTE", "tRNS"]) {
    if (chunks.findIndex((chunk) => chunk.type === type) > begin) {
      throw new UnusableFileError(`damaged PNG file: ${type} comes after the pixels (IDAT)`);
    }
  }
  return {
    ...header,
    palette: header.kind === PALETTE_KIND ? checkedPalette(palette, header.depth) : undefined,
    transparency: only("tRNS"),
    packed: Buffer.concat(chunks.slice(begin, end).map(({ data }) => data)),
  };
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** All chunks before IEND. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SIGNATURE.length;
  for (;;) {
    const end = at + 12 + (at + 12 <= bytes.length ? view.getUint32(at) : 0);
    if (end > bytes.length) throw new UnusableFileError("damaged PNG file: its end is missing");
    const body = bytes.subarray(at + 4, end - 4);
    const type = Buffer.from(body.subarray(0, 4)).toString("latin1");
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new UnusableFileError(
        `damaged PNG file: expected the name of a chunk at byte ${at + 4}, found ${JSON.stringify(type)}`,
      );
    }
    if (crc32(body) !== view.getUint32(end - 4))
      throw new UnusableFileError(`damaged PNG file: wrong checksum of ${type}`);
    if (type === "IEND") return;
    if (/^[A-Z]/.test(type) && !["IHDR", "PLTE", "IDAT"].includes(type)) {
      throw new UnusableFileError(
        `expected an image without ${type}, which is no part of the PNG format`,
      );
    }
    yield { type, data: body.subarray(4) };
    at = end;
  }
}

type Header = Pick<PngParts, "width" | "height" | "depth" | "samples" | "interlaced"> & {
  readonly kind: number;
};

function readHeader(data: Uint8Array): Header {
  if (data.length !== 13)
    throw new UnusableFileError(
      `damaged PNG file: expected IHDR of 13 bytes, found ${data.length}`,
    );
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, kind, compression, filter, interlace] = data.subarray(8);
  if (width === 0 || height === 0 || Math.max(width, height) >= 2 ** 31) {
    throw new UnusableFileError(`damaged PNG file: its size is ${width} x ${height}`);
  }
  if (!KINDS[kind]?.depths.includes(depth)) {
    throw new UnusableFileError(
      `damaged PNG file: it says ${depth} bits and colours of kind ${kind}`,
    );
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new UnusableFileError(
      `damaged PNG file: it says compression ${compression}, filter ${filter} and interlace ${interlace}`,
    );
  }
  return { width, height, depth, kind, samples: KINDS[kind].samples, interlaced: interlace === 1 };
}

function checkedPalette(palette: Uint8Array | undefined, depth: number): Uint8Array {
  const most = 3 * 2 ** depth;
  if (
    palette === undefined ||
    palette.length === 0 ||
    palette.length % 3 > 0 ||
    palette.length > most
  ) {
    const found = palette === undefined ? "none" : `${palette.length}`;
    throw new UnusableFileError(
      `damaged PNG file: expected a palette of 3 to ${most} bytes, found ${found}`,
    );
  }
  return palette;
}
