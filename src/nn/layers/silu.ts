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
import { op } from "../../runtime/kernel-table.js";
import { tensorArgs } from "../tensor.js";
import type { ActivationOptions } from "./activation.js";
import { elementwise } from "./channels.js";
import { named, type LayerBase, type LayerRule } from "./layer.js";
import { imageArgs, spanOf } from "./single.js";

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

silu.rule = {
  inputs: 1,
  backwardReads: { x: true, y: false },
  accumulates: true,
  fuses: {},
  channels: elementwise(() => (x) => x / (1 + Math.exp(-x))),
  fromJson: () => silu(),

  write(_layer, { xs, y, node }) {
    const gate = `${y}.gate`;
    node("Sigmoid", xs, gate);
    node("Mul", [...xs, gate], y);
  },

  outputShape: (_layer, [input]) => input,
  single: {
    takes: {},
    inStep: true,
    lower: (_layer, { xs: [x], y, mask }) => [
      op("singleSilu", y.channels, {
        x: imageArgs(x),
        y: imageArgs(y),
        mask: mask(),
        span: spanOf(y),
      }),
    ],
  },

  forward(_layer, { tiles, xs: [x], y }) {
    const { channels, height, width } = y;
    const image = { tiles, channels, height, width };
    return [op("silu", tiles * channels, { x: tensorArgs(x), y: tensorArgs(y), ...image })];
  },

  backward(_layer, { tiles, xs: [x], dy, dxs: [dx] }) {
    if (!dx) return [];
    const { channels, height, width } = dy;
    return [
      op("siluGrad", tiles * channels, {
        x: tensorArgs(x),
        dy: tensorArgs(dy),
        dx: tensorArgs(dx.tensor),
        tiles,
        channels,
        height,
        width,
        accumulate: dx.accumulate ? 1 : 0,
      }),
    ];
  },
} satisfies LayerRule<SiluLayer>;
silu.entry = entry("silu", {}, () => silu());
