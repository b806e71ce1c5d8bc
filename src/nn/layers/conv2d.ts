/**
 * Two-dimensional convolution: y[o] = b[o] + sum over c of W[o, c] * x[c], W of shape [out, in, kh,
 * kw], zero padding.
 *
 * Three forms of the same sum (design: which one is the parameter's choice, by its density and
 * regularizer): dense, unstructured (each non-zero weight with its precomputed shift), kernel
 * groups (pairs of channels with dense taps). The input gradient is a sum of the same kind with
 * inner and outer channels exchanged; for stride s it falls into at most s * s phases, one for each
 * remainder of the input position. conv-geometry.ts has the tables.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { TILE, WHOLE_SHARES, op, type Op } from "../../runtime/kernel-table.js";
import { kernelShape } from "../../runtime/form/conv-layout.js";
import { gradientForm, type Parameter } from "../../runtime/parameter.js";
import {
  convLayout,
  coversInput,
  forwardStart,
  forwardTaps,
  gradientPad,
  gradientPhases,
} from "../conv-geometry.js";
import { interior, positionArgs, strides, tensorArgs } from "../tensor.js";
import { convSingle } from "./conv2d-single.js";
import { zeroOp } from "./join.js";
import {
  checkImage,
  checkInteger,
  named,
  type LayerBase,
  type LayerRule,
  type Lowering,
} from "./layer.js";

export interface Conv2dLayer extends LayerBase {
  readonly kind: "conv2d";
  readonly out: number;
  /** Height and width of the kernel. */
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
}

export interface Conv2dOptions {
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

const OPTIONS: OptionKeys<Conv2dOptions> = { kernel: 1, stride: 1, padding: 1, bias: 1, name: 1 };

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
    name,
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
  return { kind: "conv2d", out, kernel: [height, width], stride, padding, bias, ...named(name) };
}

/** Output channels that the kernels compute together: their unit of work. */
const BLOCK = 8;
/** Output channels whose weight gradients are computed together. */
const WEIGHT_GRAIN = 4;

const rule: LayerRule<Conv2dLayer> = {
  inputs: 1,
  backwardReads: { x: true, y: false },
  accumulates: true,
  fuses: { planes: "sums" },
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

  write({ kernel, stride, padding, bias }, { xs, y, parameter, node }) {
    node("Conv", [...xs, parameter("weight"), ...(bias ? [parameter("bias")] : [])], y, {
      ints: {
        kernel_shape: kernel,
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      },
    });
  },

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
  gradientPad: (layer, [[, height, width]]) => gradientPad(layer, height, width),
  convLayout,

  forward(layer, { tiles, parameters: [weight, bias], xs: [x], y, constant }) {
    return [
      product(weight, {
        transposed: false,
        phase: 0,
        taps: constant("forward taps", () => forwardTaps(layer, x)),
        tapCount: layer.kernel[0] * layer.kernel[1],
        bias: bias ? bias.theta : 0,
        x: positionArgs(x, x.offset + forwardStart(layer, x), layer.stride),
        y: positionArgs(y, interior(y)),
        tiles,
        rows: layer.out,
        inner: x.channels,
        height: y.height,
        width: y.width,
        accumulate: 0,
      }),
    ];
  },

  recompute: (layer, at) => rule.forward(layer, at),

  backward(layer, { tiles, parameters: [weight], xs, dy, dxs: [dx], constant }) {
    if (!dx) return [];
    const { row } = strides(dx.tensor);
    const phases = gradientPhases(layer, xs[0], dy);
    const zeros =
      dx.accumulate || coversInput(phases, dx.tensor) ? [] : [zeroOp(dx.tensor, tiles, constant)];
    const products = phases.map((phase) =>
      product(weight, {
        transposed: true,
        phase: phase.number,
        taps: constant(`gradient taps ${phase.number}`, () => phase.taps),
        tapCount: phase.taps.length / 2,
        bias: 0,
        x: positionArgs(dy, dy.offset),
        y: positionArgs(
          dx.tensor,
          interior(dx.tensor) + (phase.row * row + phase.column * TILE) * 4,
          layer.stride,
        ),
        tiles,
        rows: xs[0].channels,
        inner: layer.out,
        height: phase.height,
        width: phase.width,
        accumulate: dx.accumulate ? 1 : 0,
      }),
    );
    return [...zeros, ...products];
  },

  weightGradients(layer, at) {
    const { tiles, dy, gradients } = at;
    const ops = [weightGradient(layer, at)];
    if (layer.bias) {
      const { height, width } = dy;
      const args = { dy: tensorArgs(dy), g: gradients[1], tiles, rows: layer.out, height, width };
      ops.push(op("convBiasGrad", layer.out, args));
    }
    return ops;
  },
};

conv2d.rule = rule;
const SIDE = { type: "integer", above: 0 } as const;
conv2d.entry = entry(
  "conv2d",
  {
    out: { type: "integer", above: 0, about: "Output channels" },
    kernel: {
      type: "either",
      of: [SIDE, { type: "tuple", of: [SIDE, SIDE] }],
      says: "a side, or [height, width]",
      about: "Side of the kernel, or [height, width]",
    },
    stride: { type: "integer", above: 0, default: 1 },
    padding: { type: "integer", least: 0, default: 0 },
    bias: { type: "boolean", default: true },
  },
  ({ out, ...options }) => conv2d(out, options),
);

type Positions = ReturnType<typeof positionArgs>;

/**
 * A sum over inner channels and taps, forward or backward. Names as in runtime/contract/conv.ts.
 */
interface Product {
  readonly transposed: boolean;
  readonly phase: number;
  readonly taps: number;
  readonly tapCount: number;
  readonly bias: number;
  readonly x: Positions;
  readonly y: Positions;
  readonly tiles: number;
  readonly rows: number;
  readonly inner: number;
  readonly height: number;
  readonly width: number;
  readonly accumulate: number;
}

/** The op of a product on the kernel that the weight uses now. */
function product(weight: Parameter, { transposed, phase, ...args }: Product): Op {
  const { form, theta, cols } = weight;
  const units = args.tiles * Math.ceil(args.rows / BLOCK);
  const { inner: _inner, ...sparse } = args;
  switch (form.kind) {
    case "dense": {
      const area = weight.conv!.kernelHeight * weight.conv!.kernelWidth;
      const [rowStride, innerStride] = transposed ? [area, cols] : [cols, area];
      return op("convDense", units, { ...args, w: theta, rowStride, innerStride });
    }
    case "pairs": {
      const { entries, counts, entryStride } = transposed ? form.transpose! : form;
      return op("convPairs", units, { ...sparse, entries, counts, entryStride });
    }
    case "entries": {
      const { entries, counts, entryStride } = transposed ? form.transpose! : form;
      const { taps: _taps, tapCount: _tapCount, ...unstructured } = sparse;
      const skip = phase * args.rows;
      return op("convSparse", units, {
        ...unstructured,
        entries: entries + skip * entryStride * 8,
        counts: counts + skip * 4,
        entryStride,
      });
    }
  }
}

function weightGradient(
  layer: Conv2dLayer,
  { tiles, parameters, xs, dy, gradients, frozen, constant }: Lowering,
): Op {
  const [weight] = parameters;
  const { rows, cols } = weight;
  const [x] = xs;
  const common = {
    dy: tensorArgs(dy),
    x: positionArgs(x, x.offset + forwardStart(layer, x), layer.stride),
    g: gradients[0],
    tiles,
    rows,
    height: dy.height,
    width: dy.width,
  };
  const taps = {
    taps: constant("forward taps", () => forwardTaps(layer, x)),
    tapCount: layer.kernel[0] * layer.kernel[1],
    inner: x.channels,
  };
  const form = gradientForm(weight, frozen);
  switch (form.kind) {
    case "dense":
      return op("convDenseWeightGrad", rows, { ...common, ...taps }, WEIGHT_GRAIN);
    case "pairs": {
      const { entries, counts, entryStride } = form;
      const args = { ...common, ...taps, entries, counts, entryStride };
      return op("convPairsWeightGrad", rows, args);
    }
    case "entries": {
      const { entries, counts, entryStride } = form;
      const args = { ...common, entries, counts, entryStride, cols, kernel: kernelShape(weight) };
      return op("convSparseWeightGrad", rows, args, WHOLE_SHARES);
    }
  }
}
