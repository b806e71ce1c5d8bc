/** The table of layer kinds: a new kind is a file beside this one, and one line here. */
import { activationRule, type LeakyReluLayer, type ReluLayer, type TanhLayer } from "./activation.js";
import { batchNorm2dRule, type BatchNorm2dLayer } from "./batch-norm2d.js";
import { conv2dRule, type Conv2dLayer } from "./conv2d.js";
import { dropoutRule, type DropoutLayer } from "./dropout.js";
import {
  addRule,
  channelsRule,
  concatRule,
  flattenRule,
  type AddLayer,
  type ChannelsLayer,
  type ConcatLayer,
  type FlattenLayer,
} from "./join.js";
import type { LayerRule } from "./layer.js";
import { linearRule, type LinearLayer } from "./linear.js";
import { avgPool2dRule, maxPool2dRule, type AvgPool2dLayer, type MaxPool2dLayer } from "./pool2d.js";
import { scaledSumRule, type ScaledSumLayer } from "./scaled-sum.js";

export type Layer =
  | LinearLayer
  | Conv2dLayer
  | BatchNorm2dLayer
  | ReluLayer
  | LeakyReluLayer
  | TanhLayer
  | MaxPool2dLayer
  | AvgPool2dLayer
  | FlattenLayer
  | AddLayer
  | ConcatLayer
  | ChannelsLayer
  | ScaledSumLayer
  | DropoutLayer;

const RULES = {
  linear: linearRule,
  conv2d: conv2dRule,
  batchNorm2d: batchNorm2dRule,
  relu: activationRule,
  leakyRelu: activationRule,
  tanh: activationRule,
  maxPool2d: maxPool2dRule,
  avgPool2d: avgPool2dRule,
  flatten: flattenRule,
  add: addRule,
  concat: concatRule,
  channels: channelsRule,
  scaledSum: scaledSumRule,
  dropout: dropoutRule,
};

/** The rule of a layer's kind. */
export function ruleOf(layer: Layer): LayerRule<Layer> {
  return RULES[layer.kind] as unknown as LayerRule<Layer>;
}
