/** Reads a PNG image as bytes, one plane a channel: grey [1, height, width] or colour [3, height, width]. */
import { convertIndexedToRgb, decode, type DecodedPng } from "fast-png";
import { readBytes } from "../read-file.js";

export interface Image {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** [channels, height, width] */
  readonly data: Uint8Array;
}

/**
 * Reads the PNG file at `path`: grey, colour or palette, up to 8 bits a channel.
 *
 * @throws Error if the file can't be read; SyntaxError if it is no PNG file or damaged; TypeError if it has 16 bits a
 * channel or transparent pixels, which have no one meaning as numbers.
 */
export function readPng(path: string): Image {
  const bytes = readBytes(path);
  let png: DecodedPng;
  let pixels: Uint8Array;
  try {
    png = decode(bytes, { checkCrc: true });
    pixels = pixelsOf(png);
  } catch (cause) {
    throw new SyntaxError(`${path}: not a PNG file, or a damaged one (${(cause as Error).message})`, { cause });
  }
  if (png.depth === 16) throw new TypeError(`${path}: expected an image of 8 bits a channel, found 16`);
  const { width, height } = png;
  if (png.transparency && !png.palette)
    throw new TypeError(`${path}: expected an opaque image, found a transparent colour`);
  const interleaved = pixels.length / (width * height);
  const channels = interleaved < 3 ? 1 : 3;
  if (interleaved > channels) {
    for (let at = channels; at < pixels.length; at += interleaved) {
      if (pixels[at] !== 255) throw new TypeError(`${path}: expected an opaque image, found transparent pixels`);
    }
  }
  const data = new Uint8Array(channels * height * width);
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < channels; c++) data[c * height * width + p] = pixels[p * interleaved + c];
  }
  return { channels, height, width, data };
}

/** Bytes [height, width, 1 to 4]. */
function pixelsOf(png: DecodedPng): Uint8Array {
  if (png.palette) return convertIndexedToRgb(png);
  const { width, height, depth, data } = png;
  if (depth === 8) return data as Uint8Array;
  // Grey of less than 8 bits: each row's pixels are packed into bytes, from the high bits down.
  const rowBytes = Math.ceil((width * depth) / 8);
  const largest = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, p) => {
    const bit = (p % width) * depth;
    const byte = data[Math.floor(p / width) * rowBytes + (bit >> 3)];
    return Math.round((((byte >> (8 - depth - (bit & 7))) & largest) * 255) / largest);
  });
}
