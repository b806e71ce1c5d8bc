/** Pooling: the maximum or the mean of a window that moves over an image. */
import { entry } from "../../entry.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { op } from "../../runtime/kernel-table.js";
import { size } from "../../shape-size.js";
import type { TensorShape } from "../tensor.js";
import { floatText, loop, type LayerCode, type WriteC } from "./c.js";
import { elementwise } from "./channels.js";
import { checkImage, named, type LayerBase, type LayerRule } from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
import { PADDING_KEY, POOL_STRIDE_KEY, SIZE_KEY } from "./side-keys.js";
import {
  borderOf,
  type PairOption,
  pairOf,
  type SidesOption,
  sidesOf,
  strideIn,
  type Window,
  windowedShape,
} from "./sides.js";
import { imageArgs } from "./single.js";

export interface MaxPool2dLayer extends LayerBase, Window {
  readonly kind: "maxPool2d";
}

/** `size` undefined: the whole image. */
export interface AvgPool2dLayer extends LayerBase, Omit<Window, "size"> {
  readonly kind: "avgPool2d";
  readonly size: Window["size"] | undefined;
}

export interface Pool2dOptions {
  /** One number, or [down, across]. Default: the window's sides. */
  stride?: PairOption | undefined;
  /**
   * Around the image, on each side less than the window has there: one number, [vertical,
   * horizontal], or [[top, bottom], [left, right]]. No maximum is taken from there, and a mean
   * counts zeros there. Default 0.
   */
  padding?: SidesOption | undefined;
  name?: string | undefined;
}

/** Those in one dimension, too. */
export const POOL_OPTIONS: OptionKeys<Pool2dOptions> = { stride: 1, padding: 1, name: 1 };

/** @param kind - as what errors know the layer */
export function poolWindow(
  kind: string,
  side: PairOption,
  { stride = side, padding = 0, name }: Pool2dOptions,
): Window & { readonly name?: string } {
  const window = pairOf(kind, "size", side);
  return {
    size: window,
    stride: pairOf(kind, "stride", stride),
    padding: sidesOf(kind, padding, window),
    ...named(name),
  };
}

/**
 * The maximum of each window.
 *
 * @param side - of the window, or its [height, width]
 * @throws InputError unless sides and strides are positive integers, and paddings less than the
 * sides
 */
export function maxPool2d(side: PairOption, options: Pool2dOptions = {}): MaxPool2dLayer {
  return {
    kind: "maxPool2d",
    ...poolWindow("maxPool2d", side, knownOptions("maxPool2d", options, POOL_OPTIONS)),
  };
}

/**
 * The mean of each window.
 *
 * @param side - of the window, or its [height, width]
 * @throws InputError unless sides and strides are positive integers, and paddings less than the
 * sides
 */
export function avgPool2d(side: PairOption, options: Pool2dOptions = {}): AvgPool2dLayer {
  return {
    kind: "avgPool2d",
    ...poolWindow("avgPool2d", side, knownOptions("avgPool2d", options, POOL_OPTIONS)),
  };
}

const GLOBAL_OPTIONS: OptionKeys<{ name?: string | undefined }> = { name: 1 };

/** Mean over each whole channel: [channels, height, width] to [channels, 1, 1]. */
export function globalAvgPool2d(options: { name?: string | undefined } = {}): AvgPool2dLayer {
  const { name } = knownOptions("globalAvgPool2d", options, GLOBAL_OPTIONS);
  return { kind: "avgPool2d", ...poolWindow("globalAvgPool2d", 1, { name }), size: undefined };
}

type Plane = Pick<TensorShape, "height" | "width">;

/** The windows over x that give y, as kernels get them. */
export function windowsArgs(layer: MaxPool2dLayer | AvgPool2dLayer, x: Plane, y: Plane) {
  const [height, width] = layer.size ?? [x.height, x.width];
  const [down, across] = strideIn(layer, x);
  const [[top], [left]] = layer.padding;
  const window = { height, width, down, across, top, left };
  return { height: y.height, width: y.width, inHeight: x.height, inWidth: x.width, window };
}

maxPool2d.rule = {
  inputs: 1,
  channels: elementwise(() => (x) => x),
  inputPad: borderOf,
  single: {
    takes: { relu: true },
    inStep: false,
    lower: (layer, { xs: [x], y, relu }) => [
      op("singleMaxPool", y.channels, {
        x: imageArgs(x),
        y: imageArgs(y),
        ...windowsArgs(layer, x, y),
        relu: relu ? 1 : 0,
      }),
    ],
  },
  fromJson: ({ size: side, ...options }) => maxPool2d(side, options),
  outputShape(layer, inputs) {
    checkImage(inputs);
    return [inputs[0][0], ...windowedShape(layer, inputs[0])];
  },
} satisfies LayerRule<MaxPool2dLayer>;

avgPool2d.rule = {
  inputs: 1,
  channels: elementwise(() => (x) => x),
  inputPad: borderOf,
  single: {
    takes: {},
    inStep: false,
    lower: (layer, { xs: [x], y }) => [
      op("singleAvgPool", y.channels, {
        x: imageArgs(x),
        y: imageArgs(y),
        height: y.height,
        width: y.width,
        window: windowsArgs(layer, x, y).window,
      }),
    ],
  },
  fromJson: ({ size: side, ...options }) =>
    side === undefined ? globalAvgPool2d() : avgPool2d(side, options),
  outputShape({ size: side, ...layer }, inputs) {
    checkImage(inputs);
    const [channels] = inputs[0];
    return [channels, ...(side ? windowedShape({ size: side, ...layer }, inputs[0]) : [1, 1])];
  },
} satisfies LayerRule<AvgPool2dLayer>;

const POOL_KEYS = { size: SIZE_KEY, stride: POOL_STRIDE_KEY, padding: PADDING_KEY } as const;

export const maxPool2dEntry = /* @__PURE__ */ entry(
  "maxPool2d",
  POOL_KEYS,
  ({ size, ...options }) => maxPool2d(size, options),
);

function windowAttributes({ size: side, stride, padding }: Window) {
  const [[top, bottom], [left, right]] = padding;
  const padded = [top, bottom, left, right].some((one) => one > 0);
  return {
    kernel_shape: side,
    strides: stride,
    ...(padded && { pads: [top, left, bottom, right] }),
  };
}

export const maxPool2dOnnx: WriteOnnx<MaxPool2dLayer> = (layer, { xs, y, node }) =>
  node("MaxPool", xs, y, { ints: windowAttributes(layer) });

export const maxPool2dC: WriteC<MaxPool2dLayer> = (layer, { inputs: [x], output }) =>
  pool(layer, x, output, {
    start: "-INFINITY",
    step: (value) => [`if (!(${value} <= all) && all == all) all = ${value};`],
    end: "all",
  });

export const avgPool2dEntry = /* @__PURE__ */ entry(
  "avgPool2d",
  POOL_KEYS,
  ({ size, ...options }) => avgPool2d(size, options),
);

export const globalAvgPool2dEntry = /* @__PURE__ */ entry("globalAvgPool2d", {}, () =>
  globalAvgPool2d(),
);

export const avgPool2dOnnx: WriteOnnx<AvgPool2dLayer> = (
  { size: side, ...layer },
  { xs, y, node },
) => {
  if (side === undefined) return node("GlobalAveragePool", xs, y);
  // Zeros of the border count.
  const ints = { ...windowAttributes({ size: side, ...layer }), count_include_pad: 1 };
  node("AveragePool", xs, y, { ints });
};

export const avgPool2dC: WriteC<AvgPool2dLayer> = (layer, { inputs: [x], output }) => {
  const side = layer.size ?? ([x[1], x[2]] as const);
  return pool({ ...layer, size: side }, x, output, {
    start: "0.0f",
    step: (value) => [`all += ${value};`],
    end: `all / ${floatText(size(side))}`,
  });
};

/** Something of each window: `all`. */
interface OfWindow {
  readonly start: string;
  step(value: string): readonly string[];
  readonly end: string;
}

function pool(
  layer: Window,
  [, height, width]: readonly number[],
  [channels, rows, columns]: readonly number[],
  { start, step, end }: OfWindow,
): LayerCode {
  const [down, across] = strideIn(layer, { height, width });
  const [[top, bottom], [left, right]] = layer.padding;
  const [kh, kw] = layer.size;
  /** The loop over one axis of the window, which stays within the image. */
  const axis = (
    tap: string,
    [count, first, from, to]: readonly [number, string, number, number],
    side: number,
    body: readonly string[],
  ) => {
    if (from === 0 && to === 0) return loop(tap, count, body);
    const place = `${first} + ${tap}`;
    return loop(tap, count, [
      `if (${place} < ${from} || ${place} >= ${side + from}) continue;`,
      ...body,
    ]);
  };
  const at = `(r * ${down} + i - ${top}) * ${width} + s * ${across} + j - ${left}`;
  const value = `from[${at}]`;
  const window = [
    `float all = ${start};`,
    ...axis(
      "i",
      [kh, `r * ${down}`, top, bottom],
      height,
      axis("j", [kw, `s * ${across}`, left, right], width, step(value)),
    ),
    `y[(c * ${rows} + r) * ${columns} + s] = ${end};`,
  ];
  return {
    lines: loop("c", channels, [
      `const float *from = x + c * ${height * width};`,
      ...loop("r", rows, loop("s", columns, window)),
    ]),
  };
}
