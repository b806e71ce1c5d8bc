/**
 * bregman: neural networks that are sparse from the first step.
 *
 * Here is what a first program needs. Each room has all of its own at an entry point of its own:
 * `bregman/nn`, `bregman/data`, `bregman/train`, `bregman/export`, `bregman/optim`,
 * `bregman/regularizers`; for pages and workers there is `bregman/browser`.
 */
export { fit } from "./runs/fit.js";
export { createPredictor, evaluate, predict } from "./when-called.js";
export type { FitOptions } from "./train/fit-options.js";
export type { FitResult } from "./train/train-model.js";

export { fromArrays, type Dataset } from "./data/dataset.js";
export { loadData } from "./data/load.js";
export { loadMnist } from "./data/mnist.js";

export { mlp } from "./models/mlp.js";
export { convNet } from "./models/convnet.js";
export { resNet18 } from "./models/resnet18.js";
export { sequential, type Model } from "./nn/model.js";
export { linear } from "./nn/layers/linear.js";
export { conv2d } from "./nn/layers/conv2d.js";
export { batchNorm2d } from "./nn/layers/batch-norm2d.js";
export { relu } from "./nn/layers/activation.js";
export { maxPool2d } from "./nn/layers/pool2d.js";
export { flatten } from "./nn/layers/join.js";
export type { Network } from "./nn/network.js";

export { linBreg } from "./optim/lin-breg.js";
export { adaBreg } from "./optim/ada-breg.js";
export { l1 } from "./regularizers/l1.js";
export { groupLasso } from "./regularizers/group-lasso.js";

export { loadModel, saveModel } from "./export/model-file.js";
export { simplify } from "./export/simplify/simplify.js";
export {
  BregmanError,
  DivergedError,
  InputError,
  InternalError,
  UnusableFileError,
} from "./errors.js";
