/**
 * SiLU, also called swish: x, gated by itself.
 *
 *     y = x s(x),   dx = s (1 + x (1 - s)) dy,   s(x) = 1 / (1 + exp(-x))
 *
 * Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
 * approximation in reinforcement learning", Neural Networks 107 (2018). Not monotonic: its gradient
 * needs x.
 */
import { knownOptions } from "../../known-options.js";
import { activationRule, type ActivationOptions } from "./activation.js";
import { named, type LayerBase } from "./layer.js";

export interface SiluLayer extends LayerBase {
  readonly kind: "silu";
}

/**
 * A sigmoid-weighted linear unit, smooth, and with a gradient where a ReLU has none.
 *
 * @example
 * const model = sequential([784], [linear(200), silu(), linear(10)]);
 */
export function silu(options: ActivationOptions = {}): SiluLayer {
  const { name } = knownOptions("silu", options, { name: 1 });
  return { kind: "silu", ...named(name) };
}

silu.rule = activationRule<SiluLayer>({
  code: 4,
  functionOf: () => (x) => x / (1 + Math.exp(-x)),
  fromJson: () => silu(),
});
