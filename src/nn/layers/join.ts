/**
 * Layers that only move or add numbers: flatten, add, concat, channels.
 *
 *     flatten   [c, h, w] to [c h w]
 *     add       x1 + x2 + ...
 *     concat    channels one after the other
 *     channels  some of the channels
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { loop, type WriteC } from "./c.js";
import { eachChannel, isIdentityOfOne } from "./channels.js";
import { singleCopy, singleSum, someChannels, tightImage } from "./single.js";
import { checkImage, checkInteger, named, type LayerBase, type LayerRule } from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
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

/** Of layers that join or cut, and have nothing else to choose. */
export interface JoinOptions {
  /** Of the node; default: the kind and a number. */
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

flatten.rule = {
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
    lower: (_layer, { xs: [x], y, samples }) => [
      samples > 1 ? singleCopy(x, y) : singleCopy(x, tightImage(y.at, x), true),
    ],
  },
  fromJson: () => flatten(),
  inputs: 1,
  outputShape: (_layer, [input]) => [size(input)],
} satisfies LayerRule<FlattenLayer>;

add.rule = {
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
  inputs: undefined,
  outputShape(_layer, inputs) {
    if (inputs.some((shape) => shape.join() !== inputs[0].join())) {
      throw new InputError(
        `expected inputs of one shape, found ${inputs.map((shape) => `[${shape.join(", ")}]`).join(", ")}`,
      );
    }
    return inputs[0];
  },
} satisfies LayerRule<AddLayer>;

concat.rule = {
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
} satisfies LayerRule<ConcatLayer>;

channels.rule = {
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
} satisfies LayerRule<ChannelsLayer>;

export const flattenEntry = /* @__PURE__ */ entry("flatten", {}, () => flatten());

export const flattenOnnx: WriteOnnx<FlattenLayer> = (_layer, { xs, y, node }) =>
  node("Flatten", xs, y, { ints: { axis: 1 } });

export const flattenC: WriteC<FlattenLayer> = () => ({ view: 0 });

export const addOnnx: WriteOnnx<AddLayer> = (_layer, { xs, y, node }) => node("Sum", xs, y);

export const addC: WriteC<AddLayer> = (_layer, { xs, output }) => ({
  lines: loop("i", size(output), [`y[i] = ${xs.map((x) => `${x}[i]`).join(" + ")};`]),
  inPlace: true,
});

export const concatOnnx: WriteOnnx<ConcatLayer> = (_layer, { xs, y, node }) =>
  node("Concat", xs, y, { ints: { axis: 1 } });

export const concatC: WriteC<ConcatLayer> = (_layer, { xs, inputs }) => {
  let from = 0;
  const lines = xs.flatMap((x, k) => {
    const count = size(inputs[k]);
    from += count;
    return loop("i", count, [`y[${from - count} + i] = ${x}[i];`]);
  });
  return { lines };
};

export const channelsOnnx: WriteOnnx<ChannelsLayer> = (
  { from, count },
  { xs, y, constant, node },
) => {
  const numbers: Record<string, number> = { from, to: from + count, axis: 1 };
  node(
    "Slice",
    [...xs, ...Object.keys(numbers).map((name) => constant(name, [1], [numbers[name]]))],
    y,
  );
};

export const channelsC: WriteC<ChannelsLayer> = ({ from }, { inputs: [[, ...plane]] }) => ({
  view: from * size(plane),
});
