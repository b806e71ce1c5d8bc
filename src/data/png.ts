/**
 * Reads a PNG image as bytes, one plane a channel: grey [1, height, width] or colour [3, height,
 * width].
 */
import { UnusableFileError } from "../errors.js";
import { at } from "../placed.js";
import type { Image } from "./image.js";
import { readBytes } from "../read-file.js";
import { pngParts, type PngParts } from "./png-chunks.js";
import { pngSamples } from "./png-pixels.js";

/**
 * Reads the PNG file at `path`: grey, colour or palette, up to 8 bits a channel.
 *
 * @throws UnusableFileError if the file can't be read; otherwise as {@link decodePng}, with the
 *   path
 */
export function readPng(path: string): Image {
  const bytes = readBytes(path);
  return at(path, () => decodePng(bytes));
}

/**
 * The image of a PNG file, from its bytes. Values are as they are stored: no gamma and no colour
 * profile is applied.
 *
 * @throws UnusableFileError if it is no PNG file or damaged; also if it has 16 bits a channel or
 * transparent pixels, which have no one meaning as numbers; also if it is too large
 */
export function decodePng(bytes: Uint8Array): Image {
  const parts = pngParts(bytes);
  const { width, height, depth, palette } = parts;
  if (depth === 16) throw new UnusableFileError("expected an image of 8 bits a channel, found 16");
  const samples = pngSamples(parts);
  if (palette) checkPlaces(samples, palette);
  const pixels = width * height;
  const isClear = clearPixel(parts, samples);
  for (let p = 0; isClear && p < pixels; p++) {
    if (isClear(p))
      throw new UnusableFileError("expected an opaque image, found transparent pixels");
  }
  const channels = palette || parts.samples > 2 ? 3 : 1;
  const data = new Uint8Array(channels * pixels);
  for (let c = 0; c < channels; c++) {
    const plane = data.subarray(c * pixels, (c + 1) * pixels);
    if (palette) fillFromPalette(plane, samples, palette, c);
    else fill(plane, samples, parts, c);
  }
  return { channels, height, width, data };
}

function fill(
  plane: Uint8Array,
  samples: Uint8Array,
  { samples: size, depth }: PngParts,
  channel: number,
): void {
  const scale = 255 / (2 ** depth - 1); // 255, 85, 17 or 1
  for (let p = 0, at = channel; p < plane.length; p++, at += size) plane[p] = scale * samples[at];
}

function fillFromPalette(
  plane: Uint8Array,
  samples: Uint8Array,
  palette: Uint8Array,
  channel: number,
): void {
  for (let p = 0; p < plane.length; p++) plane[p] = palette[3 * samples[p] + channel];
}

function checkPlaces(samples: Uint8Array, palette: Uint8Array): void {
  const colours = palette.length / 3;
  const bad = samples.find((place) => place >= colours);
  if (bad === undefined) return;
  throw new UnusableFileError(
    `damaged PNG file: expected a colour below ${colours} of its palette, found ${bad}`,
  );
}

/** Whether a pixel is transparent, in part or as a whole; undefined if none can be. */
function clearPixel(
  { depth, samples: size, palette, transparency }: PngParts,
  samples: Uint8Array,
): ((pixel: number) => boolean) | undefined {
  if (size === 2 || size === 4) return (pixel) => samples[(pixel + 1) * size - 1] < 255;
  if (transparency === undefined) return undefined;
  const most = palette ? palette.length / 3 : 2 * size;
  if (palette ? transparency.length > most : transparency.length !== most) {
    throw new UnusableFileError(
      `damaged PNG file: expected tRNS of ${most} bytes, found ${transparency.length}`,
    );
  }
  if (palette) return (pixel) => (transparency[samples[pixel]] ?? 255) < 255;
  // One colour, in samples of 16 bits of which the image has the low ones.
  const mask = 2 ** depth - 1;
  const clear = Array.from({ length: size }, (_, s) => transparency[2 * s + 1] & mask);
  return (pixel) => clear.every((value, s) => samples[pixel * size + s] === value);
}
