/** Fully connected layer: y = W x + b, W of shape [out, in]. */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { loop, type WriteC } from "./c.js";
import {
  checkInteger,
  type LayerBase,
  type LayerRule,
  TRAIN_KEY,
  trainedAndNamed,
  type TrainOption,
} from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
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

export const linearEntry = /* @__PURE__ */ entry(
  "linear",
  {
    out: { type: "integer", above: 0, about: "Units" },
    bias: { type: "boolean", default: true, about: "Whether each output has a bias" },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => linear(out, options),
);

export const linearOnnx: WriteOnnx<LinearLayer> = (layer, { xs, y, parameter, node }) => {
  const bias = layer.bias ? [parameter("bias")] : [];
  node("Gemm", [...xs, parameter("weight"), ...bias], y, { ints: { transB: 1 } });
};

export const linearC: WriteC<LinearLayer> = ({ out, bias }, { weight, values, floats }) => {
  const { before, row, scale } = weight("weight");
  const sum = scale ? `${scale} * sum` : "sum";
  const shift = bias ? ` + ${floats("bias", values("bias").data)}[o]` : "";
  const lines = loop("o", out, [
    "float sum = 0.0f;",
    ...row((value, place) => [`sum += ${value} * x[${place}];`]),
    `y[o] = ${sum}${shift};`,
  ]);
  return { lines: [...before, ...lines] };
};
