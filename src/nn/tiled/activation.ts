/** Elementwise functions by the tile, and their derivatives, each from what went in or came out. */
import { op, type Op } from "../../runtime/kernel-table.js";
import { functionArgs, type Activation } from "../layers/activation-rule.js";
import type { LayerBase } from "../layers/layer.js";
import { tensorArgs, type PlacedTensor } from "../tensor.js";
import type { Destination, TiledRule } from "./rule.js";

/**
 * The rule of a layer that applies a function to each number.
 *
 * @param reads - what its derivative follows from; default "y", what comes out
 */
export function activationTiled<L extends LayerBase>(
  activation: Activation<L>,
  reads: "x" | "y" = "y",
): TiledRule<L> {
  return {
    takesHalf: true,
    backwardReads: { x: reads === "x", y: reads === "y" },
    accumulates: true,
    fuses: {},
    forward(layer, { tiles, xs: [x], y, constant }) {
      const { channels, height, width } = y;
      return [
        op("activation", tiles * channels, {
          x: tensorArgs(x),
          y: tensorArgs(y),
          ...functionArgs(activation, layer, constant),
          tiles,
          channels,
          height,
          width,
        }),
      ];
    },
    backward(layer, { tiles, xs: [x], y, dy, dxs: [dx], constant }) {
      const read = reads === "x" ? x : y;
      return dx ? [gradientOp(functionArgs(activation, layer, constant), read, dy, dx, tiles)] : [];
    },
  };
}

/** Multiplies dy by the derivative of a function, from what came out of it or went in. */
export function gradientOp(
  args: { readonly kind: number; readonly slope: number },
  y: PlacedTensor,
  dy: PlacedTensor,
  dx: Destination,
  tiles: number,
): Op {
  const { channels, height, width } = y;
  return op("activationGrad", tiles * channels, {
    y: tensorArgs(y),
    dy: tensorArgs(dy),
    dx: tensorArgs(dx.tensor),
    ...args,
    tiles,
    channels,
    height,
    width,
    accumulate: dx.accumulate ? 1 : 0,
  });
}
