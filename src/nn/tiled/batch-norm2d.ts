/**
 * Batch norm by the tile.
 *
 *     gradient     dx = gamma / sqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat))
 *
 * A residual connection and a ReLU that follow are part of the same pass (fuse.ts); of the ReLU the
 * signs are kept. The sums over x and over dy are made plane by plane, so that they can follow
 * whoever writes the plane (schedule.ts).
 */
import { EPILOGUE } from "../../runtime/contract/linear.js";
import { op, type Op } from "../../runtime/kernel-table.js";
import type { BatchNorm2dLayer } from "../layers/batch-norm2d.js";
import { NO_TENSOR, tensorArgs } from "../tensor.js";
import { copyOp } from "./planes.js";
import type { Lowering, TiledRule } from "./rule.js";

export const batchNorm2dTiled: TiledRule<BatchNorm2dLayer> = {
  takesHalf: true,
  backwardReads: { x: true, y: false },
  accumulates: false,
  fuses: { relu: true, residual: true, planes: "normalises" },
  keptBytes: ([[channels, height, width]], tiles, relu) =>
    relu ? tiles * channels * height * width * 2 : 0,
  forward(layer, at) {
    const { tiles, training, counts, buffers, xs, constant } = at;
    const [x] = xs;
    const { channels, height, width } = x;
    const [running] = buffers;
    const stats = statsOf(at);
    const settings = constant("settings", () => Float32Array.of(layer.momentum, layer.eps));
    const image = { tiles, channels, height, width };
    const moments = training ? planeSums(at) : 0;
    return [
      ...(training
        ? [
            op("planeMoments", tiles * channels, { x: tensorArgs(x), moments, counts, ...image }),
            op("batchNormStats", channels, {
              moments,
              stats,
              running,
              settings,
              counts,
              tiles,
              channels,
              positions: height * width,
            }),
          ]
        : [op("batchNormFold", channels, { running, stats, settings, channels })]),
      applyOp(at),
    ];
  },

  // The statistics are still those of the forward pass.
  recompute: (_layer, at) => [applyOp(at)],
  onGradient(_layer, at) {
    const { tiles, counts, xs, dy, kept: signs } = at;
    const [x] = xs;
    const { channels, height, width } = x;
    return [
      op("batchNormGradReduce", tiles * channels, {
        dy: tensorArgs(dy),
        signs,
        x: tensorArgs(x),
        stats: statsOf(at),
        sums: planeSums(at),
        counts,
        tiles,
        channels,
        height,
        width,
      }),
    ];
  },

  backward(_layer, at): Op[] {
    const { tiles, counts, parameters, xs, dy, dxs, dResidual } = at;
    const [x] = xs;
    const [dx] = dxs;
    const { channels, height, width } = x;
    const stats = statsOf(at);
    const { still } = parameters[0];
    // Statistics that stay have no gradient: what would come of them is zero.
    const none = () => at.workspace("no gradients", channels);
    const [dgamma, dbeta] = still ? [none(), none()] : at.gradients;
    const sums = { sums: planeSums(at), stats, dgamma, dbeta, tiles, channels };
    const ops: Op[] = still ? [] : [op("batchNormGradSum", channels, sums)];
    if (dResidual) ops.push(copyOp(dy, dResidual.tensor, tiles, dResidual.accumulate));
    if (!dx) return ops;
    ops.push(
      op("batchNormGradApply", tiles * channels, {
        dy: tensorArgs(dy),
        x: tensorArgs(x),
        stats,
        gamma: parameters[0].theta,
        dgamma,
        dbeta,
        dx: tensorArgs(dx.tensor),
        counts,
        tiles,
        channels,
        height,
        width,
      }),
    );
    return ops;
  },
};

/** The pass from x to y. */
function applyOp(at: Lowering): Op {
  const { tiles, parameters, xs, y, residual, kept: signs } = at;
  const [x] = xs;
  const { channels, height, width } = x;
  return op("batchNormApply", tiles * channels, {
    x: tensorArgs(x),
    stats: statsOf(at),
    gamma: parameters[0].theta,
    beta: parameters[1].theta,
    residual: residual ? tensorArgs(residual) : NO_TENSOR,
    y: tensorArgs(y),
    tiles,
    channels,
    height,
    width,
    epilogue: at.relu ? EPILOGUE.relu : EPILOGUE.none,
    signs,
  });
}

/**
 * f32 [2][C]: mean and 1 / sqrt(var + eps), written by the forward pass and read by the backward
 * pass of the same plan.
 */
function statsOf({ xs: [{ channels }], workspace }: Lowering): number {
  return workspace("stats", 2 * channels);
}

/**
 * f64 [tiles * C][2]: moments of x's planes in the forward pass, sums over those of dy in the
 * backward pass.
 */
function planeSums({ tiles, xs: [{ channels }], workspace }: Lowering): number {
  return workspace("plane sums", 4 * tiles * channels);
}
