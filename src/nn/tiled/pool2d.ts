/**
 * Pooling by the tile. The gradient of a maximum goes to the first one of its window, row by row. A
 * ReLU behind a maximum is computed with it (see fuse.ts).
 */
import { op } from "../../runtime/kernel-table.js";
import { strideIn, type AvgPool2dLayer, type MaxPool2dLayer } from "../layers/pool2d.js";
import { tensorArgs } from "../tensor.js";
import type { TiledRule } from "./rule.js";

export const maxPool2dTiled: TiledRule<MaxPool2dLayer> = {
  backwardReads: { x: true, y: true },
  accumulates: true,
  fuses: { relu: true },
  forward({ size, stride }, { tiles, xs: [x], y, relu }) {
    const { channels, height, width } = y;
    const places = { x: tensorArgs(x), y: tensorArgs(y) };
    const args = {
      ...places,
      tiles,
      channels,
      height,
      width,
      size,
      stride: strideIn(x, stride),
      relu: relu ? 1 : 0,
    };
    return [op("maxPool", tiles * channels, args)];
  },

  backward({ size, stride }, { tiles, xs: [x], y, dy, dxs: [dx], reluGradient }) {
    if (!dx) return [];
    const { channels, height, width } = y;
    return [
      op("maxPoolGrad", tiles * channels, {
        x: tensorArgs(x),
        y: tensorArgs(y),
        dy: tensorArgs(dy),
        dx: tensorArgs(dx.tensor),
        tiles,
        channels,
        height,
        width,
        inHeight: x.height,
        inWidth: x.width,
        size,
        stride: strideIn(x, stride),
        accumulate: dx.accumulate ? 1 : 0,
        relu: reluGradient ? 1 : 0,
      }),
    ];
  },
};

export const avgPool2dTiled: TiledRule<AvgPool2dLayer> = {
  backwardReads: { x: false, y: false },
  accumulates: true,
  fuses: {},
  forward({ size, stride }, { tiles, xs: [x], y }) {
    const { channels, height, width } = y;
    const window = {
      sizeHeight: size ?? x.height,
      sizeWidth: size ?? x.width,
      stride: strideIn(x, stride),
    };
    const places = { x: tensorArgs(x), y: tensorArgs(y) };
    return [
      op("avgPool", tiles * channels, { ...places, ...window, tiles, channels, height, width }),
    ];
  },

  backward({ size, stride }, { tiles, xs: [x], dy, dxs: [dx] }) {
    if (!dx) return [];
    const { channels, height, width } = dy;
    return [
      op("avgPoolGrad", tiles * channels, {
        dy: tensorArgs(dy),
        dx: tensorArgs(dx.tensor),
        tiles,
        channels,
        height,
        width,
        inHeight: x.height,
        inWidth: x.width,
        sizeHeight: size ?? x.height,
        sizeWidth: size ?? x.width,
        stride: strideIn(x, stride),
        accumulate: dx.accumulate ? 1 : 0,
      }),
    ];
  },
};
