/**
 * The logistic function.
 *
 *     y = 1 / (1 + exp(-x)),   dx = y (1 - y) dy
 */
import { knownOptions } from "../../known-options.js";
import { activationRule, type ActivationOptions } from "./activation.js";
import { named, type LayerBase } from "./layer.js";

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

sigmoid.rule = activationRule<SigmoidLayer>({
  code: 3,
  functionOf: () => (x) => 1 / (1 + Math.exp(-x)),
  fromJson: () => sigmoid(),
});
