/**
 * bregman: neural networks that are sparse from the first step.
 *
 * `fit` trains a model on a data set; `optim` and `regularizers` (entry points of their own, too)
 * work on plain typed arrays, for a training loop of your own. Here are files, recipes and runs;
 * browser.ts has all that does without them.
 */
export * from "./browser.js";

export { loadDataset, datasetNames, type DatasetName } from "./data/index.js";
export { loadMnist } from "./data/mnist.js";
export { loadFashionMnist } from "./data/fashion-mnist.js";
export { loadCifar10 } from "./data/cifar10.js";
export { loadData, type LoadOptions } from "./data/load.js";
export type {
  CsvSource,
  DataSource,
  IdxSource,
  ImageFolderSource,
  NamedSource,
  NpySource,
  OwnFacts,
} from "./data/source.js";
export { fit, type CheckpointOptions, type FitOptions } from "./runs/fit.js";
export { dataOf, fitOptionsOf } from "./runs/recipe-options.js";
export { runRecipe, type RunOptions, type RunResult } from "./runs/run.js";
export { openRun, type SavedRun } from "./runs/saved-run.js";
export { loadRecipe, parseRecipe, recipeNames } from "./recipes/load.js";
export { recipeJsonSchema, type Recipe, type RecipeInput } from "./recipes/schema.js";

export { readSafetensors, writeSafetensors } from "./export/safetensors.js";
export { loadModel, saveModel } from "./export/model-file.js";
export { saveOnnx } from "./export/onnx/onnx-file.js";
