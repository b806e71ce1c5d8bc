/**
 * Batch norm over the samples and positions of each channel.
 *
 *     training     y = gamma (x - mean) / sqrt(var + eps) + beta, with mean and (biased) variance of the batch;
 *                  running <- running + momentum (batch - running), the variance unbiased
 *     evaluation   the same with the running statistics
 *
 * Source: Ioffe and Szegedy, 2015.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { size } from "../../shape-size.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { loop, type WriteC } from "./c.js";
import { eachChannel, type Place } from "./channels.js";
import {
  checkImage,
  type LayerBase,
  type LayerRule,
  TRAIN_KEY,
  trainedAndNamed,
  type TrainOption,
} from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
import { singleAffine } from "./single.js";

export interface BatchNorm2dLayer extends LayerBase {
  readonly kind: "batchNorm2d";
  readonly momentum: number;
  readonly eps: number;
}

export interface BatchNorm2dOptions extends TrainOption {
  /** Weight of the newest batch in the running statistics, in (0, 1]. Default 0.1. */
  momentum?: number | undefined;
  /** Added to the variance, > 0. Default 1e-5. */
  eps?: number | undefined;
  name?: string | undefined;
}

const OPTIONS: OptionKeys<BatchNorm2dOptions> = { momentum: 1, eps: 1, train: 1, name: 1 };

/**
 * Batch normalisation of each channel, with a learnt factor gamma (from 1) and shift beta (from 0).
 * In training it needs two values of each channel: samples of a batch (or of its part, see
 * `microBatches`) times positions of the image.
 *
 * @throws InputError if momentum is outside (0, 1] or eps is not above 0
 */
export function batchNorm2d(options: BatchNorm2dOptions = {}): BatchNorm2dLayer {
  const { momentum = 0.1, eps = 1e-5, ...rest } = knownOptions("batchNorm2d", options, OPTIONS);
  if (!(momentum > 0 && momentum <= 1)) {
    throw new InputError(`batchNorm2d: momentum must be in (0, 1], found ${momentum}`);
  }
  if (!(eps > 0 && eps < Infinity)) {
    throw new InputError(`batchNorm2d: eps must be a finite number above 0, found ${eps}`);
  }
  return { kind: "batchNorm2d", momentum, eps, ...trainedAndNamed("batchNorm2d", rest) };
}

const rule: LayerRule<BatchNorm2dLayer> = {
  inputs: 1,

  batchStatistics: {
    momentum: ({ momentum }) => momentum,
    withMomentum: ({ eps, name }, momentum) => batchNorm2d({ eps, name, momentum }),
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

  outputShape(_layer, inputs) {
    checkImage(inputs);
    return inputs[0];
  },

  parameters: (_layer, [[channels]]) => [
    { name: "weight", role: "norm", shape: [channels], fanIn: 1, initial: 1 },
    { name: "bias", role: "bias", shape: [channels], fanIn: 1, initial: 0 },
  ],

  buffers: (_layer, [[channels]]) => [
    {
      name: "running",
      shape: [2, channels],
      rows: ["running_mean", "running_var"],
      initial: (k) => (k < channels ? 0 : 1),
    },
  ],
};

batchNorm2d.rule = rule;

/** In evaluation: gamma (x - mean) / sqrt(var + eps) + beta. */
function affine({ eps }: BatchNorm2dLayer, { values }: Place) {
  const [gamma, beta, running] = ["weight", "bias", "running"].map((name) => values(name).data);
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt(running[gamma.length + c] + eps));
  return { factor, shift: factor.map((f, c) => beta[c] - f * running[c]) };
}

export const batchNorm2dEntry = /* @__PURE__ */ entry(
  "batchNorm2d",
  {
    momentum: {
      type: "number",
      above: 0,
      most: 1,
      default: 0.1,
      about: "Share of a batch's statistics in the running ones",
    },
    eps: { type: "number", above: 0, default: 1e-5, about: "Is added to the variance" },
    train: TRAIN_KEY,
  },
  batchNorm2d,
);

export const batchNorm2dOnnx: WriteOnnx<BatchNorm2dLayer> = (
  { eps },
  { xs, y, values, parameter, constant, node },
) => {
  const { shape, data } = values("running");
  const [mean, variance] = ["mean", "variance"].map((name, k) =>
    constant(name, [shape[1]], data.slice(k * shape[1], (k + 1) * shape[1])),
  );
  const inputs = [...xs, parameter("weight"), parameter("bias"), mean, variance];
  node("BatchNormalization", inputs, y, { floats: { epsilon: eps } });
};

export const batchNorm2dC: WriteC<BatchNorm2dLayer> = (
  layer,
  { inputs: [[channels, ...plane]], inputs, output, values, floats },
) => {
  const { factor, shift } = affine(layer, { inputs, output, values });
  const [a, b] = [floats("factor", factor), floats("shift", shift)];
  const positions = size(plane);
  const at = `c * ${positions} + i`;
  return {
    lines: loop("c", channels, loop("i", positions, [`y[${at}] = ${a}[c] * x[${at}] + ${b}[c];`])),
    inPlace: true,
  };
};
