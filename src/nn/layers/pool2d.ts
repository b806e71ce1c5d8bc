/** Pooling without padding: the maximum or the mean of a window that moves by its stride. */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { size } from "../../shape-size.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import type { Shape } from "../../regularizers/regularizer.js";
import { op } from "../../runtime/kernel-table.js";
import type { TensorShape } from "../tensor.js";
import { floatText, loop, type LayerCode, type WriteC } from "./c.js";
import { elementwise } from "./channels.js";
import { imageArgs } from "./single.js";
import {
  checkImage,
  checkInteger,
  named,
  SIDE_KEY,
  type LayerBase,
  type LayerRule,
} from "./layer.js";
import type { WriteOnnx } from "./onnx.js";

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

const WINDOW_KEYS = { size: SIDE_KEY, stride: { ...SIDE_KEY, optional: true } } as const;

export const maxPool2dEntry = /* @__PURE__ */ entry("maxPool2d", WINDOW_KEYS, ({ size, stride }) =>
  maxPool2d(size, { stride }),
);

const windows = (side: number, stride: number) => ({
  kernel_shape: [side, side],
  strides: [stride, stride],
});

export const maxPool2dOnnx: WriteOnnx<MaxPool2dLayer> = ({ size, stride }, { xs, y, node }) =>
  node("MaxPool", xs, y, { ints: windows(size, stride) });

export const maxPool2dC: WriteC<MaxPool2dLayer> = ({ size: side, stride }, { inputs, output }) =>
  pool([side, side], stride, inputs[0], output, {
    start: "from[0]",
    step: (value) => [`if (${value} > all) all = ${value};`],
    end: "all",
  });

export const avgPool2dEntry = /* @__PURE__ */ entry("avgPool2d", WINDOW_KEYS, ({ size, stride }) =>
  avgPool2d(size, { stride }),
);

export const globalAvgPool2dEntry = /* @__PURE__ */ entry("globalAvgPool2d", {}, () =>
  globalAvgPool2d(),
);

export const avgPool2dOnnx: WriteOnnx<AvgPool2dLayer> = ({ size, stride }, { xs, y, node }) => {
  if (size === undefined) node("GlobalAveragePool", xs, y);
  else node("AveragePool", xs, y, { ints: windows(size, stride) });
};

export const avgPool2dC: WriteC<AvgPool2dLayer> = ({ size: side, stride }, { inputs, output }) => {
  const [, height, width] = inputs[0];
  const window = [side ?? height, side ?? width] as const;
  return pool(window, stride, inputs[0], output, {
    start: "0.0f",
    step: (value) => [`all += ${value};`],
    end: `all / ${floatText(size(window))}`,
  });
};

/** Something of each window: `all`. */
interface OfWindow {
  readonly start: string;
  step(value: string): readonly string[];
  readonly end: string;
}

function pool(
  [kh, kw]: readonly [height: number, width: number],
  stride: number,
  [, height, width]: readonly number[],
  [channels, rows, columns]: readonly number[],
  { start, step, end }: OfWindow,
): LayerCode {
  // One that is larger than the plane leaves one window, whatever it is.
  const by = Math.min(stride, Math.max(height, width));
  const window = [
    `const float *from = x + (c * ${height} + r * ${by}) * ${width} + s * ${by};`,
    `float all = ${start};`,
    ...loop("i", kh, loop("j", kw, step(`from[i * ${width} + j]`))),
    `y[(c * ${rows} + r) * ${columns} + s] = ${end};`,
  ];
  return { lines: loop("c", channels, loop("r", rows, loop("s", columns, window))) };
}
