/** Images as bytes, one plane a channel, from PNG and JPEG files: told by their first bytes. */
import { UnusableFileError } from "../errors.js";
import { at } from "../placed.js";
import { readBytes } from "../read-file.js";
import { decodeJpeg, isJpeg } from "./jpeg.js";
import { decodePng } from "./png.js";
import { foreignKind, isPng } from "./png-chunks.js";

/** Grey or colour. */
export interface Image {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** [channels, height, width] */
  readonly data: Uint8Array;
}

/** What is read, for messages. */
export const IMAGE_FILE = "a PNG or JPEG file";
/** How the names of such files end. */
export const IMAGE_ENDING = /\.(png|jpe?g)$/i;

/**
 * Reads the image at `path`.
 *
 * @throws UnusableFileError if the file can't be read; otherwise as {@link decodeImage}, with the
 *   path
 */
export function readImage(path: string): Image {
  const bytes = readBytes(path);
  return at(path, () => decodeImage(bytes));
}

/**
 * The image of a file, from its bytes.
 *
 * @throws UnusableFileError if it is of another kind, otherwise as `decodePng` and `decodeJpeg`
 */
export function decodeImage(bytes: Uint8Array): Image {
  if (isJpeg(bytes)) return decodeJpeg(bytes);
  if (isPng(bytes)) return decodePng(bytes);
  throw new UnusableFileError(`expected ${IMAGE_FILE}, found ${foreignKind(bytes)}`);
}
