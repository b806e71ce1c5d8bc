/** Fully connected layer: y = W x + b, W of shape [out, in]. */
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import {
  checkInteger,
  type LayerBase,
  type LayerRule,
  trainedAndNamed,
  type TrainOption,
} from "./layer.js";
import { size } from "../../shape-size.js";
import { linearSingle } from "./linear-single.js";

export interface LinearLayer extends LayerBase {
  readonly kind: "linear";
  /** Units. */
  readonly out: number;
  /** Input features; inferred if not given, checked if given. */
  readonly in?: number;
  readonly bias: boolean;
}

export interface LinearOptions extends TrainOption {
  /**
   * Input features, to be checked against what the layer before gives. Default: whatever it gives.
   */
  in?: number | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  name?: string | undefined;
}

const OPTIONS: OptionKeys<LinearOptions> = { in: 1, bias: 1, train: 1, name: 1 };

/**
 * A fully connected layer of `out` units.
 *
 * @throws InputError if `out` is not a positive integer
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(10)]);
 */
export function linear(out: number, options: LinearOptions = {}): LinearLayer {
  const { in: inputs, bias = true, ...rest } = knownOptions("linear", options, OPTIONS);
  checkInteger("linear", "out", out);
  return {
    kind: "linear",
    out,
    bias,
    ...(inputs === undefined ? {} : { in: inputs }),
    ...trainedAndNamed("linear", rest),
  };
}

const rule: LayerRule<LinearLayer> = {
  inputs: 1,
  single: linearSingle,

  channels: {
    by: "weight",
    resized(layer, { out = layer.out, inputs, bias = layer.bias }) {
      const given = layer.in !== undefined && inputs !== undefined;
      return { ...layer, out, bias, ...(given && { in: inputs }) };
    },
  },

  fromJson: ({ out, ...options }) => linear(out, options),

  outputShape(layer, [input]) {
    if (input.length !== 1) {
      throw new InputError(
        `expected a flat input [features], found [${input.join(", ")}] (put a flatten() before it)`,
      );
    }
    if (layer.in !== undefined && layer.in !== input[0]) {
      throw new InputError(`expected ${layer.in} features, found [${input.join(", ")}]`);
    }
    return [layer.out];
  },

  parameters(layer, [input]) {
    const fanIn = size(input);
    return [
      { name: "weight", role: "weight", shape: [layer.out, fanIn], fanIn },
      ...(layer.bias ? [{ name: "bias", role: "bias", shape: [layer.out], fanIn } as const] : []),
    ];
  },

  multiplicationsPerWeight: () => 1,
};

linear.rule = rule;
