/** The rules of all layer kinds by the tile. A kind that is left out does not compile. */
import { leakyRelu, relu, tanh } from "../layers/activation.js";
import type { Layer } from "../layers/rules.js";
import { sigmoid } from "../layers/sigmoid.js";
import { silu } from "../layers/silu.js";
import { activationTiled } from "./activation.js";
import { batchNorm2dTiled } from "./batch-norm2d.js";
import { conv2dTiled } from "./conv2d.js";
import { dropoutTiled } from "./dropout.js";
import { addTiled, channelsTiled, concatTiled, flattenTiled } from "./join.js";
import { linearTiled } from "./linear.js";
import { avgPool2dTiled, maxPool2dTiled } from "./pool2d.js";
import type { TiledRule } from "./rule.js";
import { scaledSumTiled } from "./scaled-sum.js";

const RULES: {
  readonly [K in Layer["kind"]]: TiledRule<Extract<Layer, { readonly kind: K }>>;
} = {
  linear: linearTiled,
  conv2d: conv2dTiled,
  batchNorm2d: batchNorm2dTiled,
  relu: activationTiled(relu.rule),
  leakyRelu: activationTiled(leakyRelu.rule),
  tanh: activationTiled(tanh.rule),
  sigmoid: activationTiled(sigmoid.rule),
  silu: activationTiled(silu.rule, "x"),
  maxPool2d: maxPool2dTiled,
  avgPool2d: avgPool2dTiled,
  flatten: flattenTiled,
  add: addTiled,
  concat: concatTiled,
  channels: channelsTiled,
  scaledSum: scaledSumTiled,
  dropout: dropoutTiled,
};

/** The rule of a layer's kind. */
export function tiledRuleOf({ kind }: Pick<Layer, "kind">): TiledRule<Layer> {
  return RULES[kind] as unknown as TiledRule<Layer>;
}
