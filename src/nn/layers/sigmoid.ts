/**
 * The logistic function.
 *
 *     y = 1 / (1 + exp(-x)),   dx = y (1 - y) dy
 */
import { entry } from "../../entry.js";
import { knownOptions } from "../../known-options.js";
import { activationTiled } from "../tiled/activation.js";
import type { ActivationOptions } from "./activation.js";
import { activationRule, type Activation } from "./activation-rule.js";
import { eachNumber, type WriteC } from "./c.js";
import { named, type LayerBase } from "./layer.js";
import type { WriteOnnx } from "./onnx.js";

export interface SigmoidLayer extends LayerBase {
  readonly kind: "sigmoid";
}

/**
 * A sigmoid: each number between 0 and 1.
 *
 * @example
 * const gate = sequential([20], [linear(20), sigmoid()]);
 */
export function sigmoid(options: ActivationOptions = {}): SigmoidLayer {
  const { name } = knownOptions("sigmoid", options, { name: 1 });
  return { kind: "sigmoid", ...named(name) };
}

const SIGMOID: Activation<SigmoidLayer> = {
  code: 3,
  functionOf: () => (x) => 1 / (1 + Math.exp(-x)),
  fromJson: () => sigmoid(),
};

sigmoid.rule = activationRule(SIGMOID);

export const sigmoidEntry = /* @__PURE__ */ entry("sigmoid", {}, () => sigmoid());

export const sigmoidTiled = /* @__PURE__ */ activationTiled(SIGMOID);

export const sigmoidOnnx: WriteOnnx<SigmoidLayer> = (_layer, { xs, y, node }) =>
  node("Sigmoid", xs, y);

export const sigmoidC: WriteC<SigmoidLayer> = /* @__PURE__ */ eachNumber(
  () => "1.0f / (1.0f + expf(-x[i]))",
);
