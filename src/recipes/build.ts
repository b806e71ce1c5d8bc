/** From the entries of a recipe to the objects they stand for. A new kind in the schema needs a case here; tsc insists. */
import {
  adaBreg,
  adam,
  constant,
  cosine,
  lassoSgd,
  linBreg,
  magnitudePruning,
  type Optimizer,
  piecewise,
  plateau,
  proxSgd,
  rigL,
  type Schedule,
  sgd,
  sparseEvolution,
  stepDecay,
} from "../optim/index.js";
import {
  box,
  elasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  type Regularizer,
  sparseGroupLasso,
} from "../regularizers/index.js";
import { convNet } from "../models/convnet.js";
import { denseNet } from "../models/densenet.js";
import { mlp } from "../models/mlp.js";
import { resNet18 } from "../models/resnet18.js";
import { skipAutoencoder } from "../models/skip-autoencoder.js";
import { leakyRelu, relu, tanh } from "../nn/layers/activation.js";
import { batchNorm2d } from "../nn/layers/batch-norm2d.js";
import { conv2d } from "../nn/layers/conv2d.js";
import { dropout } from "../nn/layers/dropout.js";
import { flatten } from "../nn/layers/join.js";
import { linear } from "../nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "../nn/layers/pool2d.js";
import type { Layer } from "../nn/layers/rules.js";
import { sequential, type Model } from "../nn/model.js";
import { at } from "../placed.js";
import type { LayerEntry, ModelEntry, OptimizerEntry, RegularizerEntry, ScheduleEntry } from "./schema.js";

/**
 * The regularizer of an entry.
 *
 * @example
 * buildRegularizer({ kind: "l1", lambda: 0.1 }).lambda; // 0.1
 */
export function buildRegularizer(entry: RegularizerEntry): Regularizer {
  switch (entry.kind) {
    case "none":
      return none();
    case "l1":
      return l1(entry.lambda);
    case "nonNegativeL1":
      return nonNegativeL1(entry.lambda);
    case "groupLasso":
      return groupLasso(entry);
    case "sparseGroupLasso":
      return sparseGroupLasso(entry);
    case "elasticNet":
      return elasticNet(entry);
    case "lInfinity":
      return lInfinity(entry.lambda);
    case "nuclear":
      return nuclear(entry.lambda);
    case "box":
      return box(entry);
  }
}

/** The optimizer of an entry, regularizer included. */
export function buildOptimizer(entry: OptimizerEntry): Optimizer {
  switch (entry.kind) {
    case "linBreg":
      return linBreg({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "adaBreg":
      return adaBreg({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "sgd":
      return sgd(entry);
    case "adam":
      return adam(entry);
    case "proxSgd":
      return proxSgd({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "lassoSgd":
      return lassoSgd({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "magnitudePruning":
      return magnitudePruning(entry);
    case "sparseEvolution":
      return sparseEvolution(entry);
    case "rigL":
      return rigL(entry);
  }
}

/** The model of an entry. */
export function buildModel(entry: ModelEntry): Model {
  switch (entry.kind) {
    case "mlp":
      return mlp(entry.features, entry);
    case "convNet":
      return convNet(entry);
    case "resNet18":
      return resNet18(entry);
    case "denseNet":
      return denseNet(entry);
    case "skipAutoencoder":
      return skipAutoencoder(entry);
    case "layers":
      return sequential(
        entry.input,
        entry.layers.map((layer, k) => at(`model.layers.${k}`, () => buildLayer(layer))),
      );
  }
}

function buildLayer(entry: LayerEntry): Layer {
  switch (entry.kind) {
    case "linear":
      return linear(entry.out, entry);
    case "conv2d":
      return conv2d(entry.out, entry);
    case "batchNorm2d":
      return batchNorm2d(entry);
    case "relu":
      return relu();
    case "leakyRelu":
      return leakyRelu(entry);
    case "tanh":
      return tanh();
    case "maxPool2d":
      return maxPool2d(entry.size, entry);
    case "avgPool2d":
      return avgPool2d(entry.size, entry);
    case "globalAvgPool2d":
      return globalAvgPool2d();
    case "flatten":
      return flatten();
    case "dropout":
      return dropout(entry);
  }
}

/**
 * The learning-rate schedule of an entry.
 *
 * @param epochs - length of the run, which the cosine needs
 */
export function buildSchedule(entry: ScheduleEntry, epochs: number): Schedule {
  switch (entry.kind) {
    case "constant":
      return constant();
    case "plateau":
      return plateau(entry);
    case "step":
      return stepDecay(entry);
    case "piecewise":
      return piecewise(entry);
    case "cosine":
      return cosine({ epochs, warmUp: entry.warmupEpochs, minimum: entry.minFactor });
  }
}
