/**
 * Batch norm over the samples and positions of each channel.
 *
 *     training     y = gamma (x - mean) / sqrt(var + eps) + beta, with mean and (biased) variance of the batch;
 *                  running <- running + momentum (batch - running), the variance unbiased
 *     evaluation   the same with the running statistics
 *     gradient     dx = gamma / sqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat))
 *
 * Source: Ioffe and Szegedy, 2015. A residual connection and a ReLU that follow are part of the same pass (fuse.ts).
 */
import { EPILOGUE, op, type Op } from "../../runtime/kernel-table.js";
import { geometryTable, interior, strideArgs } from "../tensor.js";
import { checkImage, named, type LayerBase, type LayerRule, type Lowering } from "./layer.js";

export interface BatchNorm2dLayer extends LayerBase {
  readonly kind: "batchNorm2d";
  readonly momentum: number;
  readonly eps: number;
}

export interface BatchNorm2dOptions {
  /** Weight of the newest batch in the running statistics, in (0, 1]. Default 0.1. */
  momentum?: number;
  /** Added to the variance, > 0. Default 1e-5. */
  eps?: number;
  name?: string;
}

/**
 * Batch normalisation of each channel, with a learnt factor gamma (from 1) and shift beta (from 0).
 *
 * @throws RangeError if momentum is outside (0, 1] or eps is not above 0
 */
export function batchNorm2d({ momentum = 0.1, eps = 1e-5, name }: BatchNorm2dOptions = {}): BatchNorm2dLayer {
  if (!(momentum > 0 && momentum <= 1)) {
    throw new RangeError(`batchNorm2d: momentum must be in (0, 1], found ${momentum}`);
  }
  if (!(eps > 0 && eps < Infinity)) {
    throw new RangeError(`batchNorm2d: eps must be a finite number above 0, found ${eps}`);
  }
  return { kind: "batchNorm2d", momentum, eps, ...named(name) };
}

export const batchNorm2dRule: LayerRule<BatchNorm2dLayer> = {
  inputs: 1,
  backwardReads: { x: true, y: false },
  accumulates: false,

  outputShape(_layer, inputs) {
    checkImage(inputs);
    return inputs[0];
  },

  parameters: (_layer, [[channels]]) => [
    { name: "weight", role: "norm", shape: [channels], fanIn: 1, initial: 1 },
    { name: "bias", role: "bias", shape: [channels], fanIn: 1, initial: 0 },
  ],

  buffers: (_layer, [[channels]]) => [
    { name: "running", shape: [2, channels], initial: (k) => (k < channels ? 0 : 1) },
  ],

  forward(layer, at) {
    const { tiles, training, counts, parameters, buffers, xs, y, residual, constant } = at;
    const [x] = xs;
    const { channels, height, width } = x;
    const [running] = buffers;
    const stats = statsOf(at);
    const settings = constant("settings", () => Float32Array.of(layer.momentum, layer.eps));
    const image = { tiles, channels, height, width };
    return [
      training
        ? op("batchNormStats", channels, {
            x: interior(x),
            stats,
            running,
            settings,
            counts,
            ...image,
            ...strideArgs("x", x),
          })
        : op("batchNormFold", channels, { running, stats, settings, channels }),
      op("batchNormApply", tiles * channels, {
        x: interior(x),
        stats,
        gamma: parameters[0].theta,
        beta: parameters[1].theta,
        residual: residual ? interior(residual) : 0,
        y: interior(y),
        ...image,
        epilogue: at.relu ? EPILOGUE.relu : EPILOGUE.none,
        ...strideArgs("x", x),
        ...strideArgs("residual", residual ?? x),
        ...strideArgs("y", y),
      }),
    ];
  },

  backward(_layer, at): Op[] {
    const { tiles, counts, parameters, xs, y, dy, dxs, dResidual, gradients, constant } = at;
    const [x] = xs;
    const { channels, height, width } = x;
    const stats = statsOf(at);
    const mask = at.reluGradient ? interior(y) : 0;
    const [dgamma, dbeta] = gradients;
    const ops: Op[] = [
      op("batchNormGradReduce", channels, {
        dy: interior(dy),
        mask,
        x: interior(x),
        stats,
        dgamma,
        dbeta,
        counts,
        tiles,
        channels,
        height,
        width,
        ...strideArgs("dy", dy),
        ...strideArgs("mask", y),
        ...strideArgs("x", x),
      }),
    ];
    const [dx] = dxs;
    if (!dx && !dResidual) return ops;
    const tensors = [dy, y, x, dx?.tensor, dResidual?.tensor];
    ops.push(
      op("batchNormGradApply", tiles * channels, {
        dy: interior(dy),
        mask,
        x: interior(x),
        stats,
        gamma: parameters[0].theta,
        dgamma,
        dbeta,
        dx: dx ? interior(dx.tensor) : 0,
        dResidual: dResidual ? interior(dResidual.tensor) : 0,
        accumulate: dResidual?.accumulate ? 1 : 0,
        counts,
        tiles,
        channels,
        height,
        width,
        geometry: constant("gradient geometry", () => geometryTable(tensors)),
      }),
    );
    return ops;
  },
};

/** f32 [2][C]: mean and 1 / sqrt(var + eps), written by the forward pass and read by the backward pass of the same plan. */
function statsOf({ xs: [{ channels }], constant }: Lowering): number {
  return constant("stats", () => new Float32Array(2 * channels));
}
