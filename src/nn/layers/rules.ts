/** The table of layer kinds: a new kind is a file beside this one, and one line here. */
import type { LayerRule } from "./layer.js";
import { linearRule, type LinearLayer } from "./linear.js";
import { reluRule, type ReluLayer } from "./relu.js";

export type Layer = LinearLayer | ReluLayer;

const RULES = { linear: linearRule, relu: reluRule };

/** The rule of a layer's kind. */
export function ruleOf(layer: Layer): LayerRule<Layer> {
  return RULES[layer.kind] as unknown as LayerRule<Layer>;
}
