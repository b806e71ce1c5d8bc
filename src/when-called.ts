/**
 * Functions of `bregman` that load what they need when they are called: kernels, threads, the plan.
 * An import of `bregman` is cheap for a program that only makes a model or reads a file. The rooms'
 * own entry points have them at once, as pages in one file need.
 */

/** A network in memory, ready to answer: `createPredictor` of `bregman/predict`. */
export const createPredictor: typeof import("./predict/predictor.js").createPredictor = async (
  source,
  options,
) => (await import("./predict/predictor.js")).createPredictor(source, options);

/** Outputs of a network for samples: `predict` of `bregman/predict`. */
export const predict: typeof import("./predict/predict.js").predict = async (
  network,
  inputs,
  options,
) => (await import("./predict/predict.js")).predict(network, inputs, options);

/** Loss and accuracy of networks on a data set: `evaluate` of `bregman/train`. */
export const evaluate: typeof import("./train/evaluate.js").evaluate = async (
  networks,
  data,
  options,
) => (await import("./train/evaluate.js")).evaluate(networks, data, options);
