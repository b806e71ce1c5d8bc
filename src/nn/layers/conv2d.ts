/**
 * Two-dimensional convolution: y[o] = b[o] + sum over c of W[o, c] * x[c], W of shape [out, in, kh,
 * kw], zero padding.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { convSingle } from "./conv2d-single.js";
import {
  checkImage,
  checkInteger,
  type LayerBase,
  type LayerRule,
  TRAIN_KEY,
  trainedAndNamed,
  type TrainOption,
} from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
import { CONV_PADDING_KEY, SIZE_KEY, STRIDE_KEY } from "./side-keys.js";
import {
  borderOf,
  type Pair,
  type PairOption,
  pairOf,
  samePadding,
  type Sides,
  type SidesOption,
  sidesOf,
  windowedShape,
} from "./sides.js";

export interface Conv2dLayer extends LayerBase {
  readonly kind: "conv2d";
  readonly out: number;
  /** Height and width of the kernel. */
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
  readonly bias: boolean;
}

export interface Conv2dOptions extends TrainOption {
  /** Side of the kernel, or [height, width]. */
  kernel: PairOption;
  /** One number, or [down, across]. Default 1. */
  stride?: PairOption | undefined;
  /**
   * Zeros around the image, on each side fewer than the kernel has there: one number, [vertical,
   * horizontal], or [[top, bottom], [left, right]]. "same": as many as leave the image its size,
   * for a stride of 1. Default 0.
   */
  padding?: SidesOption | "same" | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  name?: string | undefined;
}

/** Those of `conv1d`, too. */
export const CONV_OPTIONS: OptionKeys<Conv2dOptions> = {
  kernel: 1,
  stride: 1,
  padding: 1,
  bias: 1,
  train: 1,
  name: 1,
};

/**
 * A convolution with `out` output channels.
 *
 * @throws InputError if a number is not a positive integer, or a padding is not below the kernel's
 * side there; also for a kernel, stride or padding of another form
 * @example
 * const first = [conv2d(64, { kernel: 5 }), maxPool2d(2), relu()];
 * const model = sequential([1, 28, 28], [...first, flatten(), linear(10)]);
 */
export function conv2d(out: number, options: Conv2dOptions): Conv2dLayer {
  return convolution("conv2d", out, knownOptions("conv2d", options, CONV_OPTIONS));
}

/** @param kind - as what errors know it */
export function convolution(
  kind: string,
  out: number,
  { kernel, stride = 1, padding = 0, bias = true, ...rest }: Conv2dOptions,
): Conv2dLayer {
  checkInteger(kind, "out", out);
  const size = pairOf(kind, "kernel", kernel);
  const step = pairOf(kind, "stride", stride);
  if (padding === "same" && step.some((one) => one !== 1))
    throw new InputError(`${kind}: padding "same" needs a stride of 1, found ${step.join(" x ")}`);
  const sides = padding === "same" ? samePadding(size) : sidesOf(kind, padding, size);
  const common = trainedAndNamed(kind, rest);
  return { kind: "conv2d", out, kernel: size, stride: step, padding: sides, bias, ...common };
}

const rule: LayerRule<Conv2dLayer> = {
  inputs: 1,
  single: convSingle,
  channels: {
    by: "weight",
    tapsInside({ kernel: [kh, kw], stride, padding }, { inputs: [input], output }) {
      const inside = (tap: number, axis: number) => {
        const [by, [front]] = [stride[axis - 1], padding[axis - 1]];
        return tap >= front && (output[axis] - 1) * by + tap - front < input[axis];
      };
      return Array.from(
        { length: kh * kw },
        (_, t) => inside(Math.floor(t / kw), 1) && inside(t % kw, 2),
      );
    },
    resized: (layer, { out = layer.out, bias = layer.bias }) => ({ ...layer, out, bias }),
  },

  fromJson: ({ out, ...options }) => conv2d(out, options),

  outputShape({ out, kernel, stride, padding }, inputs) {
    checkImage(inputs);
    return [out, ...windowedShape({ size: kernel, stride, padding }, inputs[0])];
  },

  parameters({ out, kernel, bias }, [[channels]]) {
    const fanIn = channels * kernel[0] * kernel[1];
    return [
      { name: "weight", role: "conv", shape: [out, channels, ...kernel], fanIn },
      ...(bias ? [{ name: "bias", role: "bias", shape: [out], fanIn } as const] : []),
    ];
  },

  multiplicationsPerWeight: ([, height, width]) => height * width,
  inputPad: borderOf,
};

conv2d.rule = rule;

export const conv2dEntry = /* @__PURE__ */ entry(
  "conv2d",
  {
    out: { type: "integer", above: 0, about: "Output channels" },
    kernel: SIZE_KEY,
    stride: STRIDE_KEY,
    padding: CONV_PADDING_KEY,
    bias: { type: "boolean", default: true, about: "Whether each output has a bias" },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => conv2d(out, options),
);

export const conv2dOnnx: WriteOnnx<Conv2dLayer> = (
  { kernel, stride, padding: [[top, bottom], [left, right]], bias },
  { xs, y, parameter, node },
) => {
  node("Conv", [...xs, parameter("weight"), ...(bias ? [parameter("bias")] : [])], y, {
    ints: {
      kernel_shape: kernel,
      strides: stride,
      pads: [top, left, bottom, right],
    },
  });
};
