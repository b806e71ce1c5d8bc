/**
 * SiLU, also called swish: x, gated by itself.
 *
 *     y = x s(x),   dx = s (1 + x (1 - s)) dy,   s(x) = 1 / (1 + exp(-x))
 *
 * Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
 * approximation in reinforcement learning", Neural Networks 107 (2018). Not monotonic: its gradient
 * needs x.
 */
import { entry } from "../../entry.js";
import { knownOptions } from "../../known-options.js";
import { activationTiled } from "../tiled/activation.js";
import type { ActivationOptions } from "./activation.js";
import { activationRule, type Activation } from "./activation-rule.js";
import { eachNumber, type WriteC } from "./c.js";
import { named, type LayerBase } from "./layer.js";
import type { WriteOnnx } from "./onnx.js";

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

const SILU: Activation<SiluLayer> = {
  code: 4,
  functionOf: () => (x) => x / (1 + Math.exp(-x)),
  fromJson: () => silu(),
};

silu.rule = activationRule(SILU);

export const siluEntry = /* @__PURE__ */ entry("silu", {}, () => silu());

export const siluTiled = /* @__PURE__ */ activationTiled(SILU, "x");

export const siluOnnx: WriteOnnx<SiluLayer> = (_layer, { xs, y, node }) => {
  const gate = `${y}.gate`;
  node("Sigmoid", xs, gate);
  node("Mul", [...xs, gate], y);
};

export const siluC: WriteC<SiluLayer> = /* @__PURE__ */ eachNumber(
  () => "x[i] / (1.0f + expf(-x[i]))",
);
