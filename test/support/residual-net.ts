/**
 * A small residual net: two blocks, the second with a shortcut of its own, so that borders have
 * several widths.
 */
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { graph } from "#bregman/nn/model.js";

export const RESIDUAL_NET = graph([2, 8, 8], ({ input, apply }) => {
  const conv = (x: typeof input, out: number, stride = 1) =>
    apply(batchNorm2d(), apply(conv2d(out, { kernel: 3, stride, padding: 1, bias: false }), x));
  const x = apply(relu(), conv(input, 6));
  const y = apply(relu(), apply(add(), conv(apply(relu(), conv(x, 6)), 6), x));
  const shortcut = apply(batchNorm2d(), apply(conv2d(8, { kernel: 1, stride: 2, bias: false }), y));
  const z = apply(relu(), apply(add(), conv(apply(relu(), conv(y, 8, 2)), 8), shortcut));
  return apply(linear(5), apply(flatten(), z));
});
