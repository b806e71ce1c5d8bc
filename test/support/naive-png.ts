/**
 * Writes PNG files of every kind, the slow and obvious way: any depth, interlaced or not, any
 * filter in any line.
 */
import { crc32, deflateSync } from "node:zlib";

export interface PngImage {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with opacity, 6 colour with opacity. */
  readonly kind: number;
  /** [height, width, samples] */
  readonly samples: ArrayLike<number>;
}

export interface PngOptions {
  readonly interlaced?: boolean;
  /** Filter of each line, 0 to 4. Default: 0. */
  readonly filterOf?: (line: number) => number;
  /** Chunks between header and pixels. */
  readonly chunks?: readonly Uint8Array[];
  /** The packed pixels in place of the right ones. */
  readonly pack?: (lines: Uint8Array) => Uint8Array;
}

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Of 8 x 8 pixels, which come in which pass. */
const PASSES = [
  "16462646",
  "77777777",
  "56565656",
  "77777777",
  "36463646",
  "77777777",
  "56565656",
  "77777777",
];

export function pngChunk(type: string, data: ArrayLike<number>): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Uint8Array.from(data)]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

export function pngHeader(
  { width, height, depth, kind }: Omit<PngImage, "samples">,
  interlaced = false,
): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, kind, 0, 0, interlaced ? 1 : 0], 8);
  return pngChunk("IHDR", head);
}

/** The bytes of the file. */
export function naivePng(image: PngImage, options: PngOptions = {}): Uint8Array {
  const { interlaced = false, filterOf = () => 0, chunks = [], pack = deflateSync } = options;
  const { width, height, depth, kind, samples } = image;
  const size = SAMPLES[kind];
  const lines: number[] = [];
  let count = 0;
  for (const pass of interlaced ? "1234567" : "0") {
    let above: number[] = [];
    for (let y = 0; y < height; y++) {
      const bits: string[] = [];
      for (let x = 0; x < width; x++) {
        if (interlaced && PASSES[y % 8][x % 8] !== pass) continue;
        for (let s = 0; s < size; s++)
          bits.push(samples[(y * width + x) * size + s].toString(2).padStart(depth, "0"));
      }
      if (bits.length === 0) continue;
      const line = (bits.join("").match(/.{1,8}/g) ?? []).map((byte) =>
        parseInt(byte.padEnd(8, "0"), 2),
      );
      const filter = filterOf(count++);
      lines.push(filter, ...filtered(filter, line, above, Math.max(1, (size * depth) / 8)));
      above = line;
    }
  }
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngHeader(image, interlaced),
    ...chunks,
    pngChunk("IDAT", pack(Uint8Array.from(lines))),
    pngChunk("IEND", []),
  ]);
}

function filtered(filter: number, line: number[], above: number[], step: number): number[] {
  return line.map((byte, k) => {
    const a = line[k - step] ?? 0;
    const b = above[k] ?? 0;
    const c = (k >= step ? above[k - step] : 0) ?? 0;
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, next) =>
      Math.abs(p - next) < Math.abs(p - best) ? next : best,
    );
    return byte - [0, a, b, Math.floor((a + b) / 2), nearest][filter];
  });
}
