/** A model with every kind of layer. */
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, type Model } from "#bregman/nn/model.js";
import { activations } from "../reference/activation.js";

/** Every kind of layer, with options that are no defaults. */
export const everything: Model = graph([3, 10, 10], ({ input, apply }) => {
  const x = apply(
    conv2d(6, { kernel: [3, 2], stride: 2, padding: 1, bias: false, name: "stem" }),
    input,
  );
  const y = apply(batchNorm2d({ momentum: 0.2, eps: 1e-3 }), x);
  const each = activations.map((layer) => apply(layer, y));
  const z = apply(scaledSum(), apply(add(), x, ...each), ...each, x);
  const both = apply(concat(), apply(channels(1, 2), z), ...each);
  const pooled = apply(avgPool2d(2, { stride: 1 }), apply(maxPool2d(2, { stride: 1 }), both));
  const flat = apply(flatten(), apply(globalAvgPool2d(), apply(dropout({ p: 0.2 }), pooled)));
  return apply(linear(4, { in: 2 + 6 * activations.length, bias: false, name: "head" }), flat);
});
