/**
 * How a kind of layer computes one sample, forward only, with the positions of the image in the
 * lanes: see runtime/contract/single.ts for the layout.
 */
import { op, type Op } from "../../runtime/kernel-table.js";
import type { Place } from "./channels.js";
import type { Pair } from "./sides.js";

/** One sample's value in memory. A vector of n features is one plane of one row. */
export interface SingleImage {
  /** Byte offset of the first position of the first plane. */
  readonly at: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Floats from row to row, and from plane to plane. */
  readonly row: number;
  readonly plane: number;
}

/** Every `stride`-th position of an image, as planes of their own for each remainder. */
export interface Phases extends SingleImage {
  /** Floats from channel to channel. */
  readonly channel: number;
  /** Border that the image had. */
  readonly pad: Pair;
  /** Floats from the channel's first plane to that of the positions (row, column) mod stride. */
  phase(row: number, column: number): number;
}

/** Everything a rule needs to write the ops of one step. */
export interface SingleLowering {
  readonly backend: "native" | "wasm";
  /**
   * 1, or how many flat samples lie side by side: their features are the channels then, and they
   * the positions, of an image of one row.
   */
  readonly samples: number;
  /** The layer's shapes, and the values of its parameters and buffers. */
  readonly place: Place;
  readonly xs: readonly SingleImage[];
  /** The input by phases, for a layer that asked for them. */
  readonly phases?: Phases;
  readonly y: SingleImage;
  /** The ReLU that follows is part of this step. */
  readonly relu: boolean;
  /** Added to the output before the ReLU. */
  readonly residual?: SingleImage;
  /** i32 in memory: -1 where y's run has a position of the image, else 0. */
  mask(): number;
  /** Copies numbers into memory; their byte offset. */
  put(data: Float32Array | Int32Array): number;
}

/** How a kind computes one sample. */
export interface SingleRule<L> {
  /** What becomes part of its step: a ReLU behind it, and before that the sum with one value. */
  readonly takes: { readonly relu?: true; readonly sum?: true };
  /** Rows of y are as far apart as those of what it reads. */
  readonly inStep: boolean;
  /** Not 1 and 1: it reads every so many rows and columns of its input, by phases. */
  stride?(layer: L): Pair;
  /** Remainders of rows and columns that it reads, where the image has this border. */
  remainders?(layer: L, pad: Pair): readonly (readonly [row: number, column: number])[];
  lower(layer: L, at: SingleLowering): Op[];
}

/** In evaluation a layer may leave everything as it is. */
export const SAME = "same";

/** An image as kernels get it. */
export function imageArgs({ at, plane, row }: SingleImage) {
  return { at, plane, row };
}

/** An image that is absent. */
export const NO_IMAGE = { at: 0, plane: 0, row: 0 } as const;

/** Positions from a plane's first to its last, with those between rows. */
export function spanOf({ height, width, row }: SingleImage): number {
  return (height - 1) * row + width;
}

/**
 * Copies planes of one height and width. `tight`: y's rows touch each other, so that nothing behind
 * a row may be written.
 */
export function singleCopy(x: SingleImage, y: SingleImage, tight = false): Op {
  const { channels, height, width } = y;
  return op("singleCopy", channels, {
    x: imageArgs(x),
    y: imageArgs(y),
    height,
    width,
    down: 1,
    across: 1,
    tight: tight ? 1 : 0,
  });
}

/** Some of an image's channels, over the same memory. */
export function someChannels(image: SingleImage, from: number, channels: number): SingleImage {
  return { ...image, at: image.at + from * image.plane * 4, channels };
}

/** Planes without anything around them, as rows of a flat array. */
export function tightImage(
  at: number,
  { channels, height, width }: Pick<SingleImage, "channels" | "height" | "width">,
): SingleImage {
  return { at, channels, height, width, row: width, plane: height * width };
}

/** y = factor x + shift of each channel, and what else belongs to the step. */
export function singleAffine(
  { y, residual, relu, mask, put }: SingleLowering,
  x: SingleImage,
  factor: ArrayLike<number>,
  shift: ArrayLike<number>,
): Op {
  return op("singleAffine", y.channels, {
    x: imageArgs(x),
    y: imageArgs(y),
    residual: residual ? imageArgs(residual) : NO_IMAGE,
    factor: put(Float32Array.from(factor)),
    shift: put(Float32Array.from(shift)),
    mask: mask(),
    span: spanOf(y),
    relu: relu ? 1 : 0,
  });
}

/** y = first + the others, each times its scale, if they have one. */
export function singleSum(at: SingleLowering, scales?: ArrayLike<number>): Op[] {
  const { xs, y, relu } = at;
  const shift = new Float32Array(y.channels);
  const each = (scale: number) => new Float32Array(y.channels).fill(scale);
  const [first, ...others] = xs;
  if (others.length === 0) return [singleAffine(at, first, each(1), shift)];
  return others.map((x, k) =>
    singleAffine(
      { ...at, relu: relu && k === others.length - 1, residual: k === 0 ? first : y },
      x,
      each(scales ? scales[k] : 1),
      shift,
    ),
  );
}
