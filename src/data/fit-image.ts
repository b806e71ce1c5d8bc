/** An image as the samples it is to be one of: its size must be theirs. */
import { UnusableFileError } from "../errors.js";
import type { Image } from "./png.js";

/** [channels, height, width] */
export type ImageShape = readonly [channels: number, height: number, width: number];

export interface FitImageOptions {
  /** Where the image is from, for error messages. */
  readonly where: string;
  /** Who says what size it must have. */
  readonly as: string;
  /** What to do where the channels are others. */
  readonly hint?: string;
}

/**
 * The image's bytes in this shape. Grey ones are repeated where it has three channels.
 *
 * @throws UnusableFileError if they are of another shape
 */
export function fitImage(
  image: Image,
  shape: ImageShape,
  { where, as, hint = "" }: FitImageOptions,
): Uint8Array {
  const [channels, height, width] = shape;
  if (image.height !== height || image.width !== width) {
    throw new UnusableFileError(
      `${where}: expected ${width} x ${height} pixels (as ${as}), found ${image.width} x ` +
        `${image.height}`,
    );
  }
  if (image.channels === channels) return image.data;
  if (image.channels === 1 && channels === 3) {
    const size = height * width;
    const data = new Uint8Array(3 * size);
    for (let c = 0; c < 3; c++) data.set(image.data, c * size);
    return data;
  }
  throw new UnusableFileError(
    `${where}: expected ${kindName(channels)}, found ${kindName(image.channels)}${hint && `; ${hint}`}`,
  );
}

function kindName(channels: number): string {
  return channels === 1
    ? "a grey image"
    : channels === 3
      ? "a colour image"
      : `an image of ${channels} channels`;
}
