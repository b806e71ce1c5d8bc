/**
 * Layers on signals of one dimension, [channels, length]: those of images whose height is 1.
 *
 * A model takes [channels, length] as [channels, 1, length], and so do data. A kernel is one of
 * height 1, which PyTorch keeps as [out, in, width]: its numbers are the same, in the same order.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions } from "../../known-options.js";
import { CONV_OPTIONS, convolution, type Conv2dLayer, type Conv2dOptions } from "./conv2d.js";
import { TRAIN_KEY } from "./layer.js";
import {
  POOL_OPTIONS,
  poolWindow,
  type AvgPool2dLayer,
  type MaxPool2dLayer,
  type Pool2dOptions,
} from "./pool2d.js";

/** The same number on both ends, or [left, right]. */
export type EndsOption = number | readonly [left: number, right: number];

export interface Conv1dOptions extends Omit<Conv2dOptions, "kernel" | "stride" | "padding"> {
  /** Width of the kernel. */
  kernel: number;
  /** Default 1. */
  stride?: number | undefined;
  /**
   * Zeros at the ends, fewer than the kernel is wide: one number, or [left, right]. "same": as many
   * as leave the signal its length, for a stride of 1. Default 0.
   */
  padding?: EndsOption | "same" | undefined;
}

/**
 * A convolution along a signal, with `out` output channels.
 *
 * @throws InputError as `conv2d` does
 * @example
 * const first = [conv1d(64, { kernel: 80, stride: 4 }), batchNorm2d(), relu(), maxPool1d(4)];
 * const model = sequential([1, 8000], [...first, globalAvgPool2d(), flatten(), linear(10)]);
 */
export function conv1d(out: number, options: Conv1dOptions): Conv2dLayer {
  const {
    kernel,
    stride = 1,
    padding = 0,
    ...rest
  } = knownOptions<Conv1dOptions>("conv1d", options, CONV_OPTIONS);
  return convolution("conv1d", out, {
    ...rest,
    kernel: [1, alone("conv1d", "kernel", kernel)],
    stride: [1, alone("conv1d", "stride", stride)],
    padding: padding === "same" ? padding : [0, padding],
  });
}

export interface Pool1dOptions extends Omit<Pool2dOptions, "stride" | "padding"> {
  /** Default: the window's width. */
  stride?: number | undefined;
  /** At the ends, less than the window is wide: one number, or [left, right]. Default 0. */
  padding?: EndsOption | undefined;
}

/** The maximum of each window along a signal. @throws InputError as `maxPool2d` does */
export function maxPool1d(width: number, options: Pool1dOptions = {}): MaxPool2dLayer {
  return { kind: "maxPool2d", ...window("maxPool1d", width, options) };
}

/** The mean of each window along a signal. @throws InputError as `avgPool2d` does */
export function avgPool1d(width: number, options: Pool1dOptions = {}): AvgPool2dLayer {
  return { kind: "avgPool2d", ...window("avgPool1d", width, options) };
}

function window(kind: string, width: number, options: Pool1dOptions) {
  const {
    stride = width,
    padding = 0,
    name,
  } = knownOptions<Pool1dOptions>(kind, options, POOL_OPTIONS);
  return poolWindow(kind, [1, alone(kind, "size", width)], {
    stride: [1, alone(kind, "stride", stride)],
    padding: [0, padding],
    name,
  });
}

function alone(kind: string, what: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new InputError(
    `${kind}: ${what} must be a number, found ${JSON.stringify(value) ?? "none"}`,
  );
}

const WIDTH = { type: "integer", above: 0, about: "Width of the window" } as const;
const END = { type: "integer", least: 0 } as const;
const TWO_ENDS = { type: "tuple", of: [END, END] } as const;

export const conv1dEntry = /* @__PURE__ */ entry(
  "conv1d",
  {
    out: { type: "integer", above: 0, about: "Output channels" },
    kernel: { type: "integer", above: 0, about: "Width of the kernel" },
    stride: { type: "integer", above: 0, default: 1, about: "Steps from one output to the next" },
    padding: {
      type: "either",
      of: [END, TWO_ENDS, { type: "choice", of: ["same"] }],
      says: 'a number, [left, right], or "same"',
      default: 0,
      about: 'Zeros at the ends; "same": as many as leave it its length',
    },
    bias: { type: "boolean", default: true, about: "Whether each output has a bias" },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => conv1d(out, options),
);

const POOL_KEYS = {
  size: WIDTH,
  stride: { type: "integer", above: 0, optional: true, about: "Default: the window's width" },
  padding: {
    type: "either",
    of: [END, TWO_ENDS],
    says: "a number, or [left, right]",
    default: 0,
    about: "Border at the ends",
  },
} as const;

export const maxPool1dEntry = /* @__PURE__ */ entry(
  "maxPool1d",
  POOL_KEYS,
  ({ size, ...options }) => maxPool1d(size, options),
);

export const avgPool1dEntry = /* @__PURE__ */ entry(
  "avgPool1d",
  POOL_KEYS,
  ({ size, ...options }) => avgPool1d(size, options),
);
