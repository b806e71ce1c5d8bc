/**
 * Batch norm over the samples and positions of each channel.
 *
 *     training     y = gamma (x - mean) / sqrt(var + eps) + beta, with mean and (biased) variance of the batch;
 *                  running <- running + momentum (batch - running), the variance unbiased
 *     evaluation   the same with the running statistics
 *     gradient     dx = gamma / sqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat))
 *
 * Source: Ioffe and Szegedy, 2015. A residual connection and a ReLU that follow are part of the
 * same pass (fuse.ts); of the ReLU the signs are kept. The sums over x and over dy are made plane
 * by plane, so that they can follow whoever writes the plane (schedule.ts).
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { EPILOGUE } from "../../runtime/contract/linear.js";
import { op, type Op } from "../../runtime/kernel-table.js";
import { NO_TENSOR, tensorArgs } from "../tensor.js";
import { eachChannel, type Place } from "./channels.js";
import { copyOp } from "./join.js";
import { checkImage, named, type LayerBase, type LayerRule, type Lowering } from "./layer.js";
import { singleAffine } from "./single.js";

export interface BatchNorm2dLayer extends LayerBase {
  readonly kind: "batchNorm2d";
  readonly momentum: number;
  readonly eps: number;
}

export interface BatchNorm2dOptions {
  /** Weight of the newest batch in the running statistics, in (0, 1]. Default 0.1. */
  momentum?: number | undefined;
  /** Added to the variance, > 0. Default 1e-5. */
  eps?: number | undefined;
  name?: string | undefined;
}

const OPTIONS: OptionKeys<BatchNorm2dOptions> = { momentum: 1, eps: 1, name: 1 };

/**
 * Batch normalisation of each channel, with a learnt factor gamma (from 1) and shift beta (from 0).
 * In training it needs two values of each channel: samples of a batch (or of its part, see
 * `microBatches`) times positions of the image.
 *
 * @throws InputError if momentum is outside (0, 1] or eps is not above 0
 */
export function batchNorm2d(options: BatchNorm2dOptions = {}): BatchNorm2dLayer {
  const { momentum = 0.1, eps = 1e-5, name } = knownOptions("batchNorm2d", options, OPTIONS);
  if (!(momentum > 0 && momentum <= 1)) {
    throw new InputError(`batchNorm2d: momentum must be in (0, 1], found ${momentum}`);
  }
  if (!(eps > 0 && eps < Infinity)) {
    throw new InputError(`batchNorm2d: eps must be a finite number above 0, found ${eps}`);
  }
  return { kind: "batchNorm2d", momentum, eps, ...named(name) };
}

const rule: LayerRule<BatchNorm2dLayer> = {
  inputs: 1,
  backwardReads: { x: true, y: false },
  accumulates: false,
  fuses: { relu: true, residual: true, planes: "normalises" },

  batchStatistics: {
    momentum: ({ momentum }) => momentum,
    withMomentum: (layer, momentum) => ({ ...layer, momentum }),
  },

  channels: {
    ...eachChannel,
    isOff({ values }) {
      const gamma = values("weight").data;
      return (c) => gamma[c] === 0;
    },
    constants(layer, [x], place) {
      const gamma = place.values("weight").data;
      const { factor, shift } = affine(layer, place);
      // Whatever the input, where gamma is zero.
      return x.map((value, c) => (gamma[c] === 0 ? shift[c] : factor[c] * value + shift[c]));
    },
    // A constant is its own mean.
    constantsInTraining(_layer, [x], { values }) {
      const [gamma, beta] = ["weight", "bias"].map((name) => values(name).data);
      return x.map((value, c) => (Number.isNaN(value) && gamma[c] !== 0 ? NaN : beta[c]));
    },
    affine,
    valuesByChannel: true,
  },

  single: {
    takes: { relu: true, sum: true },
    inStep: true,
    lower(layer, at) {
      const { factor, shift } = affine(layer, at.place);
      return [singleAffine(at, at.xs[0], factor, shift)];
    },
  },

  fromJson: batchNorm2d,

  write({ eps }, { xs, y, values, parameter, constant, node }) {
    const { shape, data } = values("running");
    const [mean, variance] = ["mean", "variance"].map((name, k) =>
      constant(name, [shape[1]], data.slice(k * shape[1], (k + 1) * shape[1])),
    );
    const inputs = [...xs, parameter("weight"), parameter("bias"), mean, variance];
    node("BatchNormalization", inputs, y, { floats: { epsilon: eps } });
  },

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
    const { tiles, counts, parameters, xs, dy, dxs, dResidual, gradients } = at;
    const [x] = xs;
    const [dx] = dxs;
    const { channels, height, width } = x;
    const stats = statsOf(at);
    const [dgamma, dbeta] = gradients;
    const ops: Op[] = [
      op("batchNormGradSum", channels, {
        sums: planeSums(at),
        stats,
        dgamma,
        dbeta,
        tiles,
        channels,
      }),
    ];
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

batchNorm2d.rule = rule;
batchNorm2d.entry = entry(
  "batchNorm2d",
  {
    momentum: { type: "number", above: 0, most: 1, default: 0.1 },
    eps: { type: "number", above: 0, default: 1e-5 },
  },
  batchNorm2d,
);

/** In evaluation: gamma (x - mean) / sqrt(var + eps) + beta. */
function affine({ eps }: BatchNorm2dLayer, { values }: Place) {
  const [gamma, beta, running] = ["weight", "bias", "running"].map((name) => values(name).data);
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt(running[gamma.length + c] + eps));
  return { factor, shift: factor.map((f, c) => beta[c] - f * running[c]) };
}

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
