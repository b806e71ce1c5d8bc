/**
 * The samples of a PNG image, from its packed pixels.
 *
 *     line        a byte that names a filter, then the line's bytes less what the filter foretells from its neighbours
 *     interlaced  seven images, one after the other, each of every so many pixels (Adam7)
 *
 * Source: Portable Network Graphics (PNG) Specification, third edition,
 * https://www.w3.org/TR/png-3/, sections 7 to 10.
 */
import { UnusableFileError } from "../errors.js";
import type { PngParts } from "./png-chunks.js";
import { inflate } from "./unpack.js";

/** A part of the pixels: those at x0, x0 + dx, ... in the lines y0, y0 + dy, ... */
interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x0: 0, y0: 0, dx: 1, dy: 1 }];
const ADAM7: readonly Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
];

/** Bytes that an image may have unpacked: no sample of a data set is near it. */
const MOST_BYTES = 2 ** 30;

/**
 * The samples of an image of at most 8 bits a sample, as they are stored: [height, width, samples].
 *
 * @throws UnusableFileError if the pixels are damaged, or are not as many as the header says; also
 * if the image is too large
 */
export function pngSamples({
  width,
  height,
  depth,
  samples,
  interlaced,
  packed,
}: PngParts): Uint8Array {
  const passes = (interlaced ? ADAM7 : WHOLE).flatMap((pass) => {
    const columns = Math.ceil((width - pass.x0) / pass.dx);
    const lines = Math.ceil((height - pass.y0) / pass.dy);
    return columns > 0 && lines > 0
      ? [{ ...pass, columns, lines, bytes: Math.ceil((columns * samples * depth) / 8) }]
      : [];
  });
  const size = passes.reduce((sum, { lines, bytes }) => sum + lines * (1 + bytes), 0);
  if (size > MOST_BYTES) {
    throw new UnusableFileError(
      `an image of ${width} x ${height} pixels is too large: at most ${MOST_BYTES} bytes, needs ${size}`,
    );
  }
  const bytes = inflate(packed, size);
  if (bytes?.length !== size) {
    const found = bytes === undefined ? "more" : bytes.length;
    throw new UnusableFileError(
      `damaged PNG file: expected ${size} bytes of pixels, found ${found}`,
    );
  }
  const out = new Uint8Array(width * height * samples);
  const step = Math.max(1, (samples * depth) / 8);
  let at = 0;
  for (const { x0, y0, dx, dy, columns, lines, bytes: length } of passes) {
    let above: Uint8Array = new Uint8Array(length);
    for (let line = 0; line < lines; line++) {
      const now = bytes.subarray(at + 1, at + 1 + length);
      unfilter(bytes[at], now, above, step);
      const values = depth === 8 ? now : unpackBits(now, depth, columns);
      const to = ((y0 + line * dy) * width + x0) * samples;
      if (dx === 1) out.set(values, to);
      else {
        for (let x = 0; x < columns; x++) {
          for (let s = 0; s < samples; s++)
            out[to + x * dx * samples + s] = values[x * samples + s];
        }
      }
      above = now;
      at += 1 + length;
    }
  }
  return out;
}

/**
 * Adds to the bytes of a line what its filter foretells: from `step` bytes before, from the line
 * above, or from both.
 */
function unfilter(filter: number, now: Uint8Array, above: Uint8Array, step: number): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let k = step; k < now.length; k++) now[k] += now[k - step];
      return;
    case 2:
      for (let k = 0; k < now.length; k++) now[k] += above[k];
      return;
    case 3:
      for (let k = 0; k < now.length; k++)
        now[k] += ((k < step ? 0 : now[k - step]) + above[k]) >> 1;
      return;
    case 4:
      for (let k = 0; k < now.length; k++) {
        now[k] += k < step ? above[k] : paeth(now[k - step], above[k], above[k - step]);
      }
      return;
    default:
      throw new UnusableFileError(`damaged PNG file: expected filter 0 to 4, found ${filter}`);
  }
}

/**
 * Of the byte before, the one above, and the one before that: the nearest to before + above -
 * corner.
 */
function paeth(before: number, above: number, corner: number): number {
  const toBefore = Math.abs(above - corner);
  const toAbove = Math.abs(before - corner);
  const toCorner = Math.abs(before + above - 2 * corner);
  if (toBefore <= toAbove && toBefore <= toCorner) return before;
  return toAbove <= toCorner ? above : corner;
}

/** Values of less than 8 bits are packed into bytes, from the high bits down. */
function unpackBits(line: Uint8Array, depth: number, count: number): Uint8Array {
  const mask = 2 ** depth - 1;
  return Uint8Array.from({ length: count }, (_, k) => {
    const bit = k * depth;
    return (line[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
  });
}
