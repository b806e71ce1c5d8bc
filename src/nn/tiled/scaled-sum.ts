/** Skip connections with learnable scalars, by the tile. */
import { op, type Op } from "../../runtime/kernel-table.js";
import { size } from "../../shape-size.js";
import type { ScaledSumLayer } from "../layers/scaled-sum.js";
import { tensorArgs } from "../tensor.js";
import { copyOp, zeroOp } from "./planes.js";
import type { TiledRule } from "./rule.js";

export const scaledSumTiled: TiledRule<ScaledSumLayer> = {
  takesHalf: true,
  backwardReads: { x: true, y: false },
  accumulates: true,
  fuses: {},
  /** A partial sum for each tile and channel. */
  scratchBytes: ([input], tiles) => tiles * size(input) * 4,
  forward(_layer, { tiles, parameters: [scale], xs, y }) {
    const { channels, height, width } = y;
    return [
      copyOp(xs[0], y, tiles, false),
      ...xs.slice(1).map((x, index) =>
        op("addScaled", tiles * channels, {
          x: tensorArgs(x),
          y: tensorArgs(y),
          scalars: scale.theta,
          index,
          tiles,
          channels,
          height,
          width,
        }),
      ),
    ];
  },

  backward(
    _layer,
    { tiles, parameters: [scale], xs, dy, dxs, scratch: partial, gradients: [g], constant },
  ) {
    const { channels, height, width } = dy;
    const image = { tiles, channels, height, width };
    const ops: Op[] = dxs[0] ? [copyOp(dy, dxs[0].tensor, tiles, dxs[0].accumulate)] : [];
    xs.slice(1).forEach((x, index) => {
      const dx = dxs[index + 1];
      ops.push(
        op("dotPlanes", tiles * channels, {
          a: tensorArgs(dy),
          b: tensorArgs(x),
          partial,
          ...image,
        }),
        op("sumPartial", 1, { partial, length: tiles * channels, g, index }),
      );
      if (!dx) return;
      if (!dx.accumulate) ops.push(zeroOp(dx.tensor, tiles, constant));
      ops.push(
        op("addScaled", tiles * channels, {
          x: tensorArgs(dy),
          y: tensorArgs(dx.tensor),
          scalars: scale.theta,
          index,
          ...image,
        }),
      );
    });
    return ops;
  },
};
