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
  SIDE_KEY,
  TRAIN_KEY,
  trainedAndNamed,
  type TrainOption,
} from "./layer.js";
import type { WriteOnnx } from "./onnx.js";

export interface Conv2dLayer extends LayerBase {
  readonly kind: "conv2d";
  readonly out: number;
  /** Height and width of the kernel. */
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
}

export interface Conv2dOptions extends TrainOption {
  /** Side of the kernel, or [height, width]. */
  kernel: number | readonly [height: number, width: number];
  /** Default 1. */
  stride?: number | undefined;
  /** Zeros around the image, less than the kernel's smaller side. Default 0. */
  padding?: number | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  name?: string | undefined;
}

const OPTIONS: OptionKeys<Conv2dOptions> = {
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
 * @throws InputError if a number is not a positive integer, or the padding is not below the
 * kernel's smaller side; also for a kernel of another kind
 * @example
 * const first = [conv2d(64, { kernel: 5 }), maxPool2d(2), relu()];
 * const model = sequential([1, 28, 28], [...first, flatten(), linear(10)]);
 */
export function conv2d(out: number, options: Conv2dOptions): Conv2dLayer {
  const {
    kernel,
    stride = 1,
    padding = 0,
    bias = true,
    ...rest
  } = knownOptions("conv2d", options, OPTIONS);
  if (typeof kernel !== "number" && !(Array.isArray(kernel) && kernel.length === 2)) {
    const found = JSON.stringify(kernel) ?? "none";
    throw new InputError(`conv2d: kernel must be a number or [height, width], found ${found}`);
  }
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  for (const [what, value] of Object.entries({
    out,
    "kernel height": height,
    "kernel width": width,
    stride,
  })) {
    checkInteger("conv2d", what, value);
  }
  checkInteger("conv2d", "padding", padding, 0);
  if (padding >= Math.min(height, width)) {
    throw new InputError(
      `conv2d: padding must be below the kernel's smaller side (${Math.min(height, width)}), found ${padding}`,
    );
  }
  const common = trainedAndNamed("conv2d", rest);
  return { kind: "conv2d", out, kernel: [height, width], stride, padding, bias, ...common };
}

const rule: LayerRule<Conv2dLayer> = {
  inputs: 1,
  single: convSingle,
  channels: {
    by: "weight",
    tapsInside({ kernel: [kh, kw], stride, padding }, { inputs: [input], output }) {
      const inside = (tap: number, axis: number) =>
        tap >= padding && (output[axis] - 1) * stride + tap - padding < input[axis];
      return Array.from(
        { length: kh * kw },
        (_, t) => inside(Math.floor(t / kw), 1) && inside(t % kw, 2),
      );
    },
    resized: (layer, { out = layer.out, bias = layer.bias }) => ({ ...layer, out, bias }),
  },

  fromJson: ({ out, ...options }) => conv2d(out, options),

  outputShape({ out, kernel: [kh, kw], stride, padding }, inputs) {
    checkImage(inputs);
    const [, height, width] = inputs[0];
    if (kh > height + 2 * padding || kw > width + 2 * padding) {
      throw new InputError(
        `expected an image of at least ${kh} x ${kw} with its padding of ${padding}, found [${inputs[0].join(", ")}]`,
      );
    }
    const side = (n: number, k: number) => Math.floor((n + 2 * padding - k) / stride) + 1;
    return [out, side(height, kh), side(width, kw)];
  },

  parameters({ out, kernel, bias }, [[channels]]) {
    const fanIn = channels * kernel[0] * kernel[1];
    return [
      { name: "weight", role: "conv", shape: [out, channels, ...kernel], fanIn },
      ...(bias ? [{ name: "bias", role: "bias", shape: [out], fanIn } as const] : []),
    ];
  },

  multiplicationsPerWeight: ([, height, width]) => height * width,
  inputPad: ({ padding }) => padding,
};

conv2d.rule = rule;

export const conv2dEntry = /* @__PURE__ */ entry(
  "conv2d",
  {
    out: { type: "integer", above: 0, about: "Output channels" },
    kernel: {
      type: "either",
      of: [SIDE_KEY, { type: "tuple", of: [SIDE_KEY, SIDE_KEY] }],
      says: "a side, or [height, width]",
      about: "Side of the kernel, or [height, width]",
    },
    stride: { type: "integer", above: 0, default: 1 },
    padding: { type: "integer", least: 0, default: 0 },
    bias: { type: "boolean", default: true },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => conv2d(out, options),
);

export const conv2dOnnx: WriteOnnx<Conv2dLayer> = (
  { kernel, stride, padding, bias },
  { xs, y, parameter, node },
) => {
  node("Conv", [...xs, parameter("weight"), ...(bias ? [parameter("bias")] : [])], y, {
    ints: {
      kernel_shape: kernel,
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    },
  });
};
