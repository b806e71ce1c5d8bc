/** Pooling without padding: the maximum or the mean of a window that moves by its stride. */
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import type { Shape } from "../../regularizers/regularizer.js";
import { op } from "../../runtime/kernel-table.js";
import type { TensorShape } from "../tensor.js";
import { elementwise } from "./channels.js";
import { imageArgs } from "./single.js";
import { checkImage, checkInteger, named, type LayerBase, type LayerRule } from "./layer.js";

export interface MaxPool2dLayer extends LayerBase {
  readonly kind: "maxPool2d";
  /** Side of the window. */
  readonly size: number;
  readonly stride: number;
}

export interface AvgPool2dLayer extends LayerBase {
  readonly kind: "avgPool2d";
  /** Side of the window; undefined: the whole plane. */
  readonly size: number | undefined;
  readonly stride: number;
}

export interface Pool2dOptions {
  /** Default: the side of the window. */
  stride?: number | undefined;
  name?: string | undefined;
}

const OPTIONS: OptionKeys<Pool2dOptions> = { stride: 1, name: 1 };

/**
 * Maximum over windows of size x size. @throws InputError unless size and stride are positive
 * integers
 */
export function maxPool2d(side: number, options: Pool2dOptions = {}): MaxPool2dLayer {
  const { stride = side, name } = knownOptions("maxPool2d", options, OPTIONS);
  checkInteger("maxPool2d", "size", side);
  checkInteger("maxPool2d", "stride", stride);
  return { kind: "maxPool2d", size: side, stride, ...named(name) };
}

/**
 * Mean over windows of size x size. @throws InputError unless size and stride are positive integers
 */
export function avgPool2d(side: number, options: Pool2dOptions = {}): AvgPool2dLayer {
  const { stride = side, name } = knownOptions("avgPool2d", options, OPTIONS);
  checkInteger("avgPool2d", "size", side);
  checkInteger("avgPool2d", "stride", stride);
  return { kind: "avgPool2d", size: side, stride, ...named(name) };
}

const GLOBAL_OPTIONS: OptionKeys<{ name?: string | undefined }> = { name: 1 };

/** Mean over each whole channel: [channels, height, width] to [channels, 1, 1]. */
export function globalAvgPool2d(options: { name?: string | undefined } = {}): AvgPool2dLayer {
  const { name } = knownOptions("globalAvgPool2d", options, GLOBAL_OPTIONS);
  return { kind: "avgPool2d", size: undefined, stride: 1, ...named(name) };
}

function pooledShape(size: number | undefined, stride: number, inputs: readonly Shape[]): Shape {
  checkImage(inputs);
  const [channels, height, width] = inputs[0];
  if (size === undefined) return [channels, 1, 1];
  if (size > height || size > width) {
    throw new InputError(
      `expected an image of at least ${size} x ${size}, found [${inputs[0].join(", ")}]`,
    );
  }
  return [
    channels,
    Math.floor((height - size) / stride) + 1,
    Math.floor((width - size) / stride) + 1,
  ];
}

/** The stride as kernels get it: one larger than the plane leaves one window, whatever it is. */
export function strideIn(
  { height, width }: Pick<TensorShape, "height" | "width">,
  stride: number,
): number {
  return Math.min(stride, Math.max(height, width));
}

maxPool2d.rule = {
  inputs: 1,
  channels: elementwise(() => (x) => x),
  single: {
    takes: { relu: true },
    inStep: false,
    lower: ({ size, stride }, { xs: [x], y, relu }) => [
      op("singleMaxPool", y.channels, {
        x: imageArgs(x),
        y: imageArgs(y),
        height: y.height,
        width: y.width,
        size,
        stride: strideIn(x, stride),
        relu: relu ? 1 : 0,
      }),
    ],
  },
  fromJson: ({ size, stride }) => maxPool2d(size, { stride }),
  outputShape: ({ size, stride }, inputs) => pooledShape(size, stride, inputs),
} satisfies LayerRule<MaxPool2dLayer>;

avgPool2d.rule = {
  inputs: 1,
  channels: elementwise(() => (x) => x),
  single: {
    takes: {},
    inStep: false,
    lower: ({ size, stride }, { xs: [x], y }) => [
      op("singleAvgPool", y.channels, {
        x: imageArgs(x),
        y: imageArgs(y),
        height: y.height,
        width: y.width,
        sizeHeight: size ?? x.height,
        sizeWidth: size ?? x.width,
        stride: strideIn(x, stride),
      }),
    ],
  },
  fromJson: ({ size, stride }) =>
    size === undefined ? globalAvgPool2d() : avgPool2d(size, { stride }),
  outputShape: ({ size, stride }, inputs) => pooledShape(size, stride, inputs),
} satisfies LayerRule<AvgPool2dLayer>;
