/** Images as the samples that they are to be: of one size, and of the same channels. */
import { InputError, UnusableFileError } from "../errors.js";
import type { ImageFit } from "../preparation.js";
import { size } from "../shape-size.js";
import type { Image } from "./image.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import { type Answers, type OwnPart } from "./own-part.js";
import { resized } from "./resize-image.js";
import { sampleRoom } from "./sample-room.js";

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
    const area = height * width;
    const planes = new Uint8Array(3 * area);
    for (let c = 0; c < 3; c++) planes.set(data, c * area);
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
  const area = height * width;
  const grey = new Uint8Array(area);
  for (let p = 0; p < area; p++) {
    const sum = 19595 * data[p] + 38470 * data[area + p] + 7471 * data[2 * area + p];
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

/** Images that are read when they are asked for, with what is to be told of each. */
export interface AnsweredImages {
  readonly where: string;
  readonly answers: Answers;
  open(k: number): Image;
  /** What an error says of an image: where it is, and what it must be as. */
  about(k: number, shape: ImageShape): Pick<FitImageOptions, "where" | "as" | "hint">;
}

export interface ImageSampleOptions {
  /**
   * Shape each image must have, or comes to. Default: that of the first. Where it has three
   * channels, grey images are repeated.
   */
  readonly shape?: readonly number[] | undefined;
  /** How images of other sizes come to that. Default: there may be none. */
  readonly fit?: ImageFit | undefined;
  /** Whether a grey image may be made of colours. Default: where the shape is given. */
  readonly toGrey?: boolean | undefined;
  /** Only the images in use are read. Default: all. */
  readonly use?: UseOptions | undefined;
  /** Bytes of images that may be in memory; more are kept in a file. Default: all. */
  readonly memory?: number | undefined;
}

export interface ImageSamples extends OwnPart {
  readonly shape: ImageShape;
}

/**
 * Reads the images.
 *
 * @throws InputError for a shape that is none of images; UnusableFileError if memory has no room
 * for them; otherwise as `open` and `fitImage`
 */
export function imageSamples(
  { where, answers, open, about }: AnsweredImages,
  { shape: wanted, fit, toGrey = wanted !== undefined, use, memory }: ImageSampleOptions,
): ImageSamples {
  if (wanted !== undefined && wanted.length !== 3) {
    throw new InputError(
      `${where}: expected a shape [channels, height, width] for images, found [${wanted.join(", ")}]`,
    );
  }
  const shape = (wanted as ImageShape | undefined) ?? shapeOf(open(0));
  const rows = use && rowsInUse(answers.count, use);
  const read = rows ?? Int32Array.from({ length: answers.count }, (_, k) => k);
  const length = size(shape);
  const room = { count: read.length, features: length, what: "images", where, memory };
  const { inputs, put } = sampleRoom(Uint8Array, room);
  const sizeHint = '"fit": "cut" takes images of all sizes';
  read.forEach((row, k) => {
    const fitting = { ...about(row, shape), fit, toGrey, sizeHint };
    put(k, fitImage(open(row), shape, fitting));
  });
  return { where, inputs, ...answers.of(rows), shape };
}

function shapeOf({ channels, height, width }: Image): ImageShape {
  return [channels, height, width];
}
