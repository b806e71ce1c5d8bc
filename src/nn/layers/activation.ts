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
import { entry } from "../../entry.js";
import { activationTiled } from "../tiled/activation.js";
import { activationRule, type Activation } from "./activation-rule.js";
import { eachNumber, floatText, type WriteC } from "./c.js";
import { named, type LayerBase } from "./layer.js";
import type { ReadOnnx, WriteOnnx } from "./onnx.js";

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
 * @param options - `slope`: factor for negative inputs, default 0.01
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

const RELU: Activation<ReluLayer> = {
  code: 0,
  functionOf: () => (x) => Math.max(x, 0),
  // Not at NaN.
  isFlat: (x) => x <= 0,
  fusesAs: { relu: true },
  fromJson: () => relu(),
};

relu.rule = activationRule(RELU);

const LEAKY_RELU: Activation<LeakyReluLayer> = {
  code: 1,
  slope: ({ slope }) => slope,
  functionOf:
    ({ slope }) =>
    (x) =>
      x > 0 ? x : slope * x,
  fromJson: leakyRelu,
};

leakyRelu.rule = activationRule(LEAKY_RELU);

const TANH: Activation<TanhLayer> = {
  code: 2,
  functionOf: () => Math.tanh,
  fromJson: () => tanh(),
};

tanh.rule = activationRule(TANH);

export const reluEntry = /* @__PURE__ */ entry("relu", {}, () => relu());

export const reluTiled = /* @__PURE__ */ activationTiled(RELU);

export const reluOnnx: WriteOnnx<ReluLayer> = (_layer, { xs, y, node }) => node("Relu", xs, y);

export const reluFromOnnx: ReadOnnx<ReluLayer> = { Relu: () => relu() };

export const reluC: WriteC<ReluLayer> = /* @__PURE__ */ eachNumber(
  () => "x[i] < 0.0f ? 0.0f : x[i]",
);

export const leakyReluEntry = /* @__PURE__ */ entry(
  "leakyRelu",
  { slope: { type: "number", above: 0, default: 0.01, about: "Factor of values below zero" } },
  leakyRelu,
);

export const leakyReluTiled = /* @__PURE__ */ activationTiled(LEAKY_RELU);

export const leakyReluOnnx: WriteOnnx<LeakyReluLayer> = ({ slope }, { xs, y, node }) =>
  node("LeakyRelu", xs, y, { floats: { alpha: slope } });

export const leakyReluFromOnnx: ReadOnnx<LeakyReluLayer> = {
  LeakyRelu: (float) => leakyRelu({ slope: float("alpha", 0.01) }),
};

export const leakyReluC: WriteC<LeakyReluLayer> = /* @__PURE__ */ eachNumber(
  ({ slope }) => `x[i] > 0.0f ? x[i] : ${floatText(slope)} * x[i]`,
);

export const tanhEntry = /* @__PURE__ */ entry("tanh", {}, () => tanh());

export const tanhTiled = /* @__PURE__ */ activationTiled(TANH);

export const tanhOnnx: WriteOnnx<TanhLayer> = (_layer, { xs, y, node }) => node("Tanh", xs, y);

export const tanhFromOnnx: ReadOnnx<TanhLayer> = { Tanh: () => tanh() };

export const tanhC: WriteC<TanhLayer> = /* @__PURE__ */ eachNumber(() => "tanhf(x[i])");
