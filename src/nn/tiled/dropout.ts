/**
 * Dropout by the tile. The mask is a hash of the run's seed, the step, and the place of the number:
 * the gradient recomputes it instead of storing it, and a resumed run draws the same masks.
 */
import { op } from "../../runtime/kernel-table.js";
import type { DropoutLayer } from "../layers/dropout.js";
import { tensorArgs, type PlacedTensor } from "../tensor.js";
import { copyOp } from "./planes.js";
import type { Lowering, TiledRule } from "./rule.js";

export const dropoutTiled: TiledRule<DropoutLayer> = {
  takesHalf: true,
  backwardReads: { x: false, y: false },
  accumulates: true,
  fuses: {},
  forward: (layer, at) => {
    const { random, tiles, xs, y } = at;
    return random ? [maskOp(layer, at, xs[0], y, false)] : [copyOp(xs[0], y, tiles, false)];
  },

  backward: (layer, at) => {
    const { dy, dxs } = at;
    return dxs[0] ? [maskOp(layer, at, dy, dxs[0].tensor, dxs[0].accumulate)] : [];
  },
};

function maskOp(
  { p }: DropoutLayer,
  { tiles, constant, stepSeed }: Lowering,
  x: PlacedTensor,
  y: PlacedTensor,
  accumulate: boolean,
) {
  const { channels, height, width } = y;
  return op("dropout", tiles * channels, {
    x: tensorArgs(x),
    y: tensorArgs(y),
    settings: stepSeed(Math.round(p * 2 ** 32)),
    scale: constant("scale", () => Float32Array.of(1 / (1 - p))),
    tiles,
    channels,
    height,
    width,
    accumulate: accumulate ? 1 : 0,
  });
}
