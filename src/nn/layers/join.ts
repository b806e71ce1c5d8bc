/**
 * Layers that only move or add numbers: flatten, add, concat, channels.
 *
 *     flatten   [c, h, w] to [c h w]; free where the image has no border
 *     add       x1 + x2 + ...
 *     concat    channels one after the other
 *     channels  some of the channels
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import { NO_TENSOR, strides, tensorArgs, type PlacedTensor } from "../tensor.js";
import { eachChannel, isIdentityOfOne } from "./channels.js";
import { singleCopy, singleSum, someChannels, tightImage } from "./single.js";
import {
  checkImage,
  checkInteger,
  named,
  type Destination,
  type LayerBase,
  type LayerRule,
  type Lowering,
} from "./layer.js";
import { size } from "../../shape-size.js";

export interface FlattenLayer extends LayerBase {
  readonly kind: "flatten";
}

export interface AddLayer extends LayerBase {
  readonly kind: "add";
}

export interface ConcatLayer extends LayerBase {
  readonly kind: "concat";
}

export interface ChannelsLayer extends LayerBase {
  readonly kind: "channels";
  readonly from: number;
  readonly count: number;
}

interface JoinOptions {
  name?: string | undefined;
}

const OPTIONS: OptionKeys<JoinOptions> = { name: 1 };

/** An image as a vector of features, for a linear layer. */
export function flatten(options: JoinOptions = {}): FlattenLayer {
  const { name } = knownOptions("flatten", options, OPTIONS);
  return { kind: "flatten", ...named(name) };
}

/** The sum of its inputs, which have one shape. */
export function add(options: JoinOptions = {}): AddLayer {
  const { name } = knownOptions("add", options, OPTIONS);
  return { kind: "add", ...named(name) };
}

/** The channels of its inputs, one input after the other. */
export function concat(options: JoinOptions = {}): ConcatLayer {
  const { name } = knownOptions("concat", options, OPTIONS);
  return { kind: "concat", ...named(name) };
}

/**
 * `count` channels of its input, from channel `from` on. @throws InputError unless they are
 * integers, count at least 1
 */
export function channels(from: number, count: number, options: JoinOptions = {}): ChannelsLayer {
  const { name } = knownOptions("channels", options, OPTIONS);
  checkInteger("channels", "from", from, 0);
  checkInteger("channels", "count", count);
  return { kind: "channels", from, count, ...named(name) };
}

/** Channels from `from` on, as a tensor of their own over the same memory. */
function channelsOf(
  tensor: PlacedTensor,
  from: number,
  count: number,
): PlacedTensor & { readonly whole: PlacedTensor } {
  return {
    ...tensor,
    offset: tensor.offset + from * strides(tensor).plane * 4,
    channels: count,
    whole: tensor,
  };
}

/** Copies or adds the interior of one tensor to another of the same channels, height and width. */
export function copyOp(
  from: PlacedTensor & { whole?: PlacedTensor },
  to: PlacedTensor & { whole?: PlacedTensor },
  tiles: number,
  accumulate: boolean,
): Op {
  const { channels: count, height, width } = to;
  return op("copyPlanes", tiles * count, {
    // A slice of channels moves from tile to tile with the tensor it is a slice of.
    x: { ...tensorArgs(from), tile: strides(from.whole ?? from).tile },
    y: { ...tensorArgs(to), tile: strides(to.whole ?? to).tile },
    tiles,
    channels: count,
    height,
    width,
    accumulate: accumulate ? 1 : 0,
  });
}

const MOVES = { backwardReads: { x: false, y: false }, accumulates: true, fuses: {} } as const;

flatten.rule = {
  ...MOVES,
  fusesAs: { flatten: true },
  channels: {
    by: "channel",
    sources(_layer, { inputs: [input], output: [features] }, f) {
      const plane = size(input.slice(1));
      for (let c = 0; c < features; c++) f(c, 0, Math.floor(c / plane));
    },
    constants(_layer, [x], { output: [features] }) {
      const plane = features / x.length;
      return Float64Array.from({ length: features }, (_, c) => x[Math.floor(c / plane)]);
    },
  },
  single: {
    takes: {},
    inStep: false,
    lower: (_layer, { xs: [x], y }) => [singleCopy(x, tightImage(y.at, x), true)],
  },
  fromJson: () => flatten(),
  write: (_layer, { xs, y, node }) => node("Flatten", xs, y, { ints: { axis: 1 } }),
  inputs: 1,
  outputShape: (_layer, [input]) => [size(input)],
  forward: (_layer, { tiles, xs: [x], y }) => [copyOp(x, asImage(y, x), tiles, false)],
  backward: (_layer, { tiles, dy, dxs: [dx] }) =>
    dx ? [copyOp(asImage(dy, dx.tensor), dx.tensor, tiles, dx.accumulate)] : [],
} satisfies LayerRule<FlattenLayer>;
flatten.entry = entry("flatten", {}, () => flatten());

/** A flat tensor seen as an image without border: the same bytes. */
function asImage(
  flat: PlacedTensor,
  { channels: count, height, width }: PlacedTensor,
): PlacedTensor {
  return { offset: flat.offset, channels: count, height, width, pad: 0 };
}

add.rule = {
  ...MOVES,
  fusesAs: { sum: true },
  channels: {
    ...eachChannel,
    sum: {
      isPlain: true,
      left({ inputs }, isZero) {
        const left = inputs.map((_, input) => input).filter((input) => !isZero(input));
        // A sum of zeros is zero, and has to come from somewhere.
        return left.length === 0 ? [0] : left;
      },
    },
    isIdentity: isIdentityOfOne,
    constants: (_layer, xs) => xs[0].map((_, c) => xs.reduce((sum, values) => sum + values[c], 0)),
  },
  single: {
    takes: { relu: true },
    inStep: true,
    lower: (_layer, at) => singleSum(at),
  },
  fromJson: () => add(),
  write: (_layer, { xs, y, node }) => node("Sum", xs, y),
  inputs: undefined,
  outputShape(_layer, inputs) {
    if (inputs.some((shape) => shape.join() !== inputs[0].join())) {
      throw new InputError(
        `expected inputs of one shape, found ${inputs.map((shape) => `[${shape.join(", ")}]`).join(", ")}`,
      );
    }
    return inputs[0];
  },
  forward: (_layer, { tiles, xs, y }) => xs.map((x, k) => copyOp(x, y, tiles, k > 0)),
  backward: (_layer, { tiles, dy, dxs }) =>
    dxs.flatMap((dx) => (dx ? [copyOp(dy, dx.tensor, tiles, dx.accumulate)] : [])),
} satisfies LayerRule<AddLayer>;

concat.rule = {
  ...MOVES,
  channels: {
    by: "channel",
    sources(_layer, { inputs }, f) {
      let first = 0;
      inputs.forEach(([count], k) => {
        for (let c = 0; c < count; c++) f(first + c, k, c);
        first += count;
      });
    },
    constants: (_layer, xs) => Float64Array.from(xs.flatMap((values) => [...values])),
    isIdentity: isIdentityOfOne,
  },
  single: {
    takes: {},
    inStep: false,
    lower(_layer, { xs, y }) {
      let from = 0;
      return xs.map((x) => {
        from += x.channels;
        return singleCopy(x, someChannels(y, from - x.channels, x.channels));
      });
    },
  },
  fromJson: () => concat(),
  write: (_layer, { xs, y, node }) => node("Concat", xs, y, { ints: { axis: 1 } }),
  inputs: undefined,
  outputShape(_layer, inputs) {
    checkImage(inputs);
    const [, height, width] = inputs[0];
    if (inputs.some((shape) => shape[1] !== height || shape[2] !== width)) {
      throw new InputError(
        `expected images of one height and width, found ${inputs.map((shape) => `[${shape.join(", ")}]`).join(", ")}`,
      );
    }
    return [inputs.reduce((sum, [count]) => sum + count, 0), height, width];
  },
  forward(_layer, { tiles, xs, y }) {
    let from = 0;
    return xs.map((x) => {
      from += x.channels;
      return copyOp(x, channelsOf(y, from - x.channels, x.channels), tiles, false);
    });
  },
  backward(_layer, { tiles, xs, dy, dxs }) {
    let from = 0;
    return dxs.flatMap((dx: Destination | undefined, k) => {
      from += xs[k].channels;
      if (!dx) return [];
      return [
        copyOp(
          channelsOf(dy, from - xs[k].channels, xs[k].channels),
          dx.tensor,
          tiles,
          dx.accumulate,
        ),
      ];
    });
  },
} satisfies LayerRule<ConcatLayer>;

channels.rule = {
  ...MOVES,
  channels: {
    by: "channel",
    sources({ from, count }, _place, f) {
      for (let c = 0; c < count; c++) f(c, 0, from + c);
    },
    constants: ({ from, count }, [x]) => x.slice(from, from + count),
    isIdentity: ({ count }, [[total]]) => count === total,
    cut: (layer, { inputs, output }) => ({
      ...layer,
      from: inputs.filter((c) => c < layer.from).length,
      count: output.length,
    }),
  },
  single: {
    takes: {},
    inStep: false,
    lower: ({ from, count }, { xs: [x], y }) => [singleCopy(someChannels(x, from, count), y)],
  },
  fromJson: ({ from, count }) => channels(from, count),
  write({ from, count }, { xs, y, constant, node }) {
    const numbers: Record<string, number> = { from, to: from + count, axis: 1 };
    node(
      "Slice",
      [...xs, ...Object.keys(numbers).map((name) => constant(name, [1], [numbers[name]]))],
      y,
    );
  },
  inputs: 1,
  outputShape({ from, count }, inputs) {
    checkImage(inputs);
    const [total, height, width] = inputs[0];
    if (from + count > total) {
      throw new InputError(
        `expected at least ${from + count} channels, found [${inputs[0].join(", ")}]`,
      );
    }
    return [count, height, width];
  },
  forward: ({ from, count }, { tiles, xs: [x], y }) => [
    copyOp(channelsOf(x, from, count), y, tiles, false),
  ],
  backward({ from, count }, { tiles, dy, dxs: [dx], constant }) {
    if (!dx) return [];
    const copy = copyOp(dy, channelsOf(dx.tensor, from, count), tiles, dx.accumulate);
    return dx.accumulate ? [copy] : [zeroOp(dx.tensor, tiles, constant), copy];
  },
} satisfies LayerRule<ChannelsLayer>;

/**
 * Makes the border of a tensor zero: rows above and below, columns beside; nothing for one without.
 */
export function borderOps(
  tensor: PlacedTensor,
  tiles: number,
  constant: Lowering["constant"],
): Op[] {
  const { channels: count, height, width, pad, offset } = tensor;
  if (pad === 0) return [];
  const { row } = strides(tensor);
  const whole = width + 2 * pad;
  const x = constant(`${whole} zeros`, () => new Float32Array(whole * TILE));
  const zeros = (top: number, left: number, rows: number, columns: number) =>
    op("copyPlanes", tiles * count, {
      x: { ...NO_TENSOR, at: x },
      y: { ...tensorArgs(tensor), at: offset + (top * row + left * TILE) * 4 },
      tiles,
      channels: count,
      height: rows,
      width: columns,
      accumulate: 0,
    });
  return [
    zeros(0, 0, pad, whole),
    zeros(pad, 0, height, pad),
    zeros(pad, pad + width, height, pad),
    zeros(pad + height, 0, pad, whole),
  ];
}

/** Makes the interior of a tensor zero. */
export function zeroOp(tensor: PlacedTensor, tiles: number, constant: Lowering["constant"]): Op {
  const { channels: count, height, width } = tensor;
  // Every row is a copy of the same row of zeros.
  const x = constant(`${width} zeros`, () => new Float32Array(width * TILE));
  const places = { x: { ...NO_TENSOR, at: x }, y: tensorArgs(tensor) };
  return op("copyPlanes", tiles * count, {
    ...places,
    tiles,
    channels: count,
    height,
    width,
    accumulate: 0,
  });
}
