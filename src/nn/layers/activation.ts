/**
 * Elementwise activations.
 *
 *     relu       y = max(x, 0)                 dx = dy where y > 0, else 0
 *     leakyRelu  y = x > 0 ? x : slope x       dx = dy where y > 0, else slope dy
 *     tanh       y = tanh(x)                   dx = (1 - y^2) dy
 *
 * A ReLU behind a linear layer, a batch norm or a maximum is computed by that layer (see fuse.ts).
 */
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { op } from "../../runtime/kernel-table.js";
import { elementwise } from "./channels.js";
import { named, type FusesAs, type LayerBase, type LayerRule } from "./layer.js";
import { imageArgs, spanOf } from "./single.js";

export interface ReluLayer extends LayerBase {
  readonly kind: "relu";
}

export interface LeakyReluLayer extends LayerBase {
  readonly kind: "leakyRelu";
  /** Factor for negative inputs, > 0. */
  readonly slope: number;
}

export interface TanhLayer extends LayerBase {
  readonly kind: "tanh";
}

export interface ActivationOptions {
  name?: string | undefined;
}

const OPTIONS: OptionKeys<ActivationOptions> = { name: 1 };

/**
 * A rectified linear unit.
 *
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(10)]);
 */
export function relu(options: ActivationOptions = {}): ReluLayer {
  const { name } = knownOptions("relu", options, OPTIONS);
  return { kind: "relu", ...named(name) };
}

const LEAKY_OPTIONS: OptionKeys<ActivationOptions & { slope?: number | undefined }> = {
  slope: 1,
  name: 1,
};

/**
 * A leaky rectified linear unit.
 *
 * @param slope - factor for negative inputs, default 0.01
 * @throws InputError unless slope is a finite number above 0
 */
export function leakyRelu(
  options: ActivationOptions & { slope?: number | undefined } = {},
): LeakyReluLayer {
  const { slope = 0.01, name } = knownOptions("leakyRelu", options, LEAKY_OPTIONS);
  if (!(slope > 0 && slope < Infinity)) {
    throw new InputError(`leakyRelu: slope must be a finite number above 0, found ${slope}`);
  }
  return { kind: "leakyRelu", slope, ...named(name) };
}

/** A hyperbolic tangent. */
export function tanh(options: ActivationOptions = {}): TanhLayer {
  const { name } = knownOptions("tanh", options, OPTIONS);
  return { kind: "tanh", ...named(name) };
}

/** What the rule of an elementwise function needs. */
export interface Activation<L extends LayerBase> {
  /** Value of the kernels' `kind` argument; contract.h names it by the layer. */
  readonly code: number;
  /** Parameter of the function, if it has one. */
  slope?(layer: L): number;
  /** The function itself. */
  functionOf(layer: L): (x: number) => number;
  /** Whether its derivative is 0 at x; left out: nowhere. */
  isFlat?(x: number): boolean;
  readonly fusesAs?: FusesAs;
  fromJson: LayerRule<L>["fromJson"];
}

/** The rule of a layer that applies a function to each number. */
export function activationRule<L extends LayerBase>(
  activation: Activation<L>,
): LayerRule<L> & Activation<L> {
  return {
    ...activation,
    inputs: 1,
    channels: {
      ...elementwise(activation.functionOf),
      ...(activation.isFlat && { isFlat: activation.isFlat }),
    },
    outputShape: (_layer, [input]) => input,
    single: {
      takes: {},
      inStep: true,
      lower: (layer, { xs: [x], y, mask, put }) => [
        op("singleActivation", y.channels, {
          x: imageArgs(x),
          y: imageArgs(y),
          mask: mask(),
          span: spanOf(y),
          ...functionArgs(activation, layer, (_key, data) => put(data())),
        }),
      ],
    },
  };
}

/** The function, as kernels get it. */
export function functionArgs<L extends LayerBase>(
  { code, slope }: Activation<L>,
  layer: L,
  constant: (key: string, data: () => Float32Array) => number,
): { kind: number; slope: number } {
  return { kind: code, slope: slope ? constant("slope", () => Float32Array.of(slope(layer))) : 0 };
}

relu.rule = activationRule<ReluLayer>({
  code: 0,
  functionOf: () => (x) => Math.max(x, 0),
  // Not at NaN.
  isFlat: (x) => x <= 0,
  fusesAs: { relu: true },
  fromJson: () => relu(),
});

leakyRelu.rule = activationRule<LeakyReluLayer>({
  code: 1,
  slope: ({ slope }) => slope,
  functionOf:
    ({ slope }) =>
    (x) =>
      x > 0 ? x : slope * x,
  fromJson: leakyRelu,
});

tanh.rule = activationRule<TanhLayer>({
  code: 2,
  functionOf: () => Math.tanh,
  fromJson: () => tanh(),
});
