/** An image as the samples it is to be one of: in their size and their channels. */
import { UnusableFileError } from "../errors.js";
import type { ImageFit } from "../preparation.js";
import type { Image } from "./image.js";
import { resized } from "./resize-image.js";

/** [channels, height, width] */
export type ImageShape = readonly [channels: number, height: number, width: number];

export interface FitImageOptions {
  /** Where the image is from, for error messages. */
  readonly where: string;
  /** Who says what size it must have. */
  readonly as: string;
  /** How it comes to that size. Default: it must have it. */
  readonly fit?: ImageFit | undefined;
  /** Whether a grey one may be made of colours. Default false. */
  readonly toGrey?: boolean | undefined;
  /** What to do where the channels are others. */
  readonly hint?: string;
  /** What to do where the size is another. */
  readonly sizeHint?: string;
}

/**
 * The image's bytes in this shape. Grey ones are repeated where it has three channels.
 *
 * @throws UnusableFileError if they are of another shape
 */
export function fitImage(image: Image, shape: ImageShape, options: FitImageOptions): Uint8Array {
  const { where, as, fit, toGrey = false, hint = "", sizeHint = "" } = options;
  const [channels, height, width] = shape;
  if (fit === undefined && (image.height !== height || image.width !== width)) {
    throw new UnusableFileError(
      `${where}: expected ${width} x ${height} pixels (as ${as}), found ${image.width} x ` +
        `${image.height}${sizeHint && `; ${sizeHint}`}`,
    );
  }
  const isToGrey = toGrey && image.channels === 3 && channels === 1;
  const coloured = isToGrey ? greyOf(image) : image;
  const { data, ...fitted } = fit ? resized(coloured, height, width, fit) : coloured;
  if (fitted.channels === channels) return data;
  if (fitted.channels === 1 && channels === 3) {
    const size = height * width;
    const planes = new Uint8Array(3 * size);
    for (let c = 0; c < 3; c++) planes.set(data, c * size);
    return planes;
  }
  throw new UnusableFileError(
    `${where}: expected ${kindName(channels)}, found ${kindName(fitted.channels)}${hint && `; ${hint}`}`,
  );
}

/**
 * The grey image of a colour one: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), by whole
 * numbers.
 */
function greyOf({ height, width, data }: Image): Image {
  const size = height * width;
  const grey = new Uint8Array(size);
  for (let p = 0; p < size; p++) {
    const sum = 19595 * data[p] + 38470 * data[size + p] + 7471 * data[2 * size + p];
    grey[p] = (sum + 0x8000) >> 16;
  }
  return { channels: 1, height, width, data: grey };
}

function kindName(channels: number): string {
  return channels === 1
    ? "a grey image"
    : channels === 3
      ? "a colour image"
      : `an image of ${channels} channels`;
}
