/**
 * Pooling by the tile. The gradient of a maximum goes to the first one of its window, row by row. A
 * ReLU behind a maximum is computed with it (see fuse.ts).
 */
import { op } from "../../runtime/kernel-table.js";
import { windowsArgs, type AvgPool2dLayer, type MaxPool2dLayer } from "../layers/pool2d.js";
import { tensorArgs } from "../tensor.js";
import type { TiledRule } from "./rule.js";

export const maxPool2dTiled: TiledRule<MaxPool2dLayer> = {
  takesHalf: true,
  backwardReads: { x: true, y: true },
  accumulates: true,
  fuses: { relu: true },
  forward(layer, { tiles, xs: [x], y, relu }) {
    const { channels } = x;
    return [
      op("maxPool", tiles * channels, {
        x: tensorArgs(x),
        y: tensorArgs(y),
        channels,
        ...windowsArgs(layer, x, y),
        relu: relu ? 1 : 0,
      }),
    ];
  },

  backward(layer, { tiles, xs: [x], y, dy, dxs: [dx], reluGradient }) {
    if (!dx) return [];
    const { channels } = x;
    return [
      op("maxPoolGrad", tiles * channels, {
        x: tensorArgs(x),
        y: tensorArgs(y),
        dy: tensorArgs(dy),
        dx: tensorArgs(dx.tensor),
        channels,
        ...windowsArgs(layer, x, y),
        how: (dx.accumulate ? 1 : 0) + (reluGradient ? 2 : 0),
      }),
    ];
  },
};

export const avgPool2dTiled: TiledRule<AvgPool2dLayer> = {
  takesHalf: true,
  backwardReads: { x: false, y: false },
  accumulates: true,
  fuses: {},
  forward(layer, { tiles, xs: [x], y }) {
    const { channels } = x;
    return [
      op("avgPool", tiles * channels, {
        x: tensorArgs(x),
        y: tensorArgs(y),
        channels,
        ...windowsArgs(layer, x, y),
      }),
    ];
  },

  backward(layer, { tiles, xs: [x], dy, dxs: [dx] }) {
    if (!dx) return [];
    const { channels } = x;
    return [
      op("avgPoolGrad", tiles * channels, {
        dy: tensorArgs(dy),
        dx: tensorArgs(dx.tensor),
        channels,
        ...windowsArgs(layer, x, dy),
        accumulate: dx.accumulate ? 1 : 0,
      }),
    ];
  },
};
