/**
 * Reads a JPEG image as bytes, one plane a channel: grey [1, height, width] or colour [3, height,
 * width]. The decoder is JavaScript, and computes with whole numbers: its bytes are the same on
 * every machine.
 *
 *     FF D8             begin
 *     FF xx, length     segments: tables, and a frame that says how large the image is
 *     FF DA, length     a scan, and the pixels behind it
 *     FF D9             end
 *
 * Source: ITU-T Recommendation T.81, annex B.
 */
import { jpegDecoder } from "#libraries";
import { UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import type { Image } from "./image.js";

/** A photograph of a telephone has 50 million. */
const MOST_PIXELS = 2 ** 26;
const MEGABYTES = 2048;
/** Each block of 8 x 8 pixels is a bit of the file or more. */
const PIXELS_PER_BYTE = 8 * 64;

/** Whether bytes begin as a JPEG file does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * The image of a JPEG file, from its bytes: baseline or progressive. Values are as the file has
 * them: no colour profile is applied, and no turn that a camera has noted.
 *
 * @throws UnusableFileError if it is damaged, too large, or of a kind that is not read: more than 8
 * bits, four colours, lossless, or with arithmetic coding
 */
export function decodeJpeg(bytes: Uint8Array): Image {
  const { width, height, channels } = frameOf(bytes);
  const { width: found, height: rows, data } = decoded(bytes);
  if (found !== width || rows !== height)
    throw new UnusableFileError("damaged JPEG file: it has two sizes");
  const pixels = width * height;
  const planes = new Uint8Array(channels * pixels);
  for (let p = 0; p < pixels; p++)
    for (let c = 0; c < channels; c++) planes[c * pixels + p] = data[3 * p + c];
  return { channels, height, width, data: planes };
}

function decoded(bytes: Uint8Array): { width: number; height: number; data: Uint8Array } {
  try {
    return jpegDecoder()(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MOST_PIXELS / 1e6,
      maxMemoryUsageInMB: MEGABYTES,
    });
  } catch (cause) {
    // What the engine says of a fault is of the decoder's code, not of the file.
    const isEngines = !isError(cause) || ["TypeError", "RangeError"].includes(cause.name);
    const said = isEngines ? "" : ` (${cause.message})`;
    throw new UnusableFileError(`damaged JPEG file${said}`, { cause });
  }
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Frames by their markers: what is read, and what is not. */
const READ = [0xc0, 0xc1, 0xc2];
const OTHERS = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];

/** What the file says of its image, before anything is made of it. */
function frameOf(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 4 <= bytes.length) {
    const [mark, kind] = [bytes[at], bytes[at + 1]];
    if (mark !== 0xff) throw new UnusableFileError(`damaged JPEG file: no marker at byte ${at}`);
    if (kind === 0xff) {
      at++; // Fills up.
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (OTHERS.includes(kind)) {
      throw new UnusableFileError(
        "expected a JPEG file of the baseline or progressive kind, found lossless or arithmetic coding",
      );
    }
    if (READ.includes(kind) && at + 10 <= bytes.length) return checkedFrame(view, at + 4, bytes);
    if (kind === 0xda || end <= at + 3) break;
    at = end;
  }
  throw new UnusableFileError("damaged JPEG file: it does not say how large the image is");
}

function checkedFrame(view: DataView, at: number, bytes: Uint8Array): Frame {
  const [bits, height, width] = [view.getUint8(at), view.getUint16(at + 1), view.getUint16(at + 3)];
  const channels = view.getUint8(at + 5);
  if (bits !== 8)
    throw new UnusableFileError(`expected an image of 8 bits a channel, found ${bits}`);
  if (channels !== 1 && channels !== 3)
    throw new UnusableFileError(`expected a grey or colour image, found ${channels} channels`);
  const pixels = width * height;
  if (pixels === 0)
    throw new UnusableFileError(`damaged JPEG file: its size is ${width} x ${height}`);
  const size = `an image of ${width} x ${height} pixels`;
  if (pixels > MOST_PIXELS)
    throw new UnusableFileError(`${size} is too large: at most ${MOST_PIXELS} pixels`);
  if (pixels > PIXELS_PER_BYTE * bytes.length)
    throw new UnusableFileError(`damaged JPEG file: ${size} in ${bytes.length} bytes`);
  return { width, height, channels };
}
