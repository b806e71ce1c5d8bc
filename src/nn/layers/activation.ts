/**
 * Elementwise activations.
 *
 *     relu       y = max(x, 0)                 dx = dy where y > 0, else 0
 *     leakyRelu  y = x > 0 ? x : slope x       dx = dy where y > 0, else slope dy
 *     tanh       y = tanh(x)                   dx = (1 - y^2) dy
 *
 * A ReLU behind a linear layer, a batch norm or a maximum is computed by that layer (see fuse.ts).
 */
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { op, type Op } from "../../runtime/kernel-table.js";
import { tensorArgs, type Tensor } from "../tensor.js";
import { named, type Destination, type LayerBase, type LayerRule, type Lowering } from "./layer.js";

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

const LEAKY_OPTIONS: OptionKeys<ActivationOptions & { slope?: number | undefined }> = { slope: 1, name: 1 };

/**
 * A leaky rectified linear unit.
 *
 * @param slope - factor for negative inputs, default 0.01
 * @throws RangeError unless slope is a finite number above 0
 */
export function leakyRelu(options: ActivationOptions & { slope?: number | undefined } = {}): LeakyReluLayer {
  const { slope = 0.01, name } = knownOptions("leakyRelu", options, LEAKY_OPTIONS);
  if (!(slope > 0 && slope < Infinity)) {
    throw new RangeError(`leakyRelu: slope must be a finite number above 0, found ${slope}`);
  }
  return { kind: "leakyRelu", slope, ...named(name) };
}

/** A hyperbolic tangent. */
export function tanh(options: ActivationOptions = {}): TanhLayer {
  const { name } = knownOptions("tanh", options, OPTIONS);
  return { kind: "tanh", ...named(name) };
}

/** Values of the kernels' `kind` argument. */
const KIND = { relu: 0, leakyRelu: 1, tanh: 2 };

export const activationRule: LayerRule<ReluLayer | LeakyReluLayer | TanhLayer> = {
  inputs: 1,
  backwardReads: { x: false, y: true },
  accumulates: true,
  outputShape: (_layer, [input]) => input,

  forward(layer, { tiles, xs: [x], y, constant }) {
    const { channels, height, width } = y;
    return [
      op("activation", tiles * channels, {
        x: tensorArgs(x),
        y: tensorArgs(y),
        kind: KIND[layer.kind],
        slope: slopeOf(layer, constant),
        tiles,
        channels,
        height,
        width,
      }),
    ];
  },

  backward(layer, { tiles, y, dy, dxs: [dx], constant }) {
    return dx ? [gradientOp(layer, y, dy, dx, tiles, constant)] : [];
  },
};

/** Multiplies dy by the derivative of the ReLU whose output is y. */
export function reluGradientInPlace(y: Tensor, dy: Tensor, tiles: number, constant: Lowering["constant"]): Op {
  return gradientOp(relu(), y, dy, { tensor: dy, accumulate: false }, tiles, constant);
}

function gradientOp(
  layer: ReluLayer | LeakyReluLayer | TanhLayer,
  y: Tensor,
  dy: Tensor,
  dx: Destination,
  tiles: number,
  constant: Lowering["constant"],
): Op {
  const { channels, height, width } = y;
  return op("activationGrad", tiles * channels, {
    y: tensorArgs(y),
    dy: tensorArgs(dy),
    dx: tensorArgs(dx.tensor),
    kind: KIND[layer.kind],
    slope: slopeOf(layer, constant),
    tiles,
    channels,
    height,
    width,
    accumulate: dx.accumulate ? 1 : 0,
  });
}

function slopeOf(layer: LayerBase & { slope?: number }, constant: Lowering["constant"]): number {
  return layer.slope === undefined ? 0 : constant("slope", () => Float32Array.of(layer.slope!));
}
