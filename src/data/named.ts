/** The data sets by name, as recipes give it. A new one adds a line here and in names.ts. */
import { InputError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { loadCifar10 } from "./cifar10.js";
import type { DataOptions } from "./data-dir.js";
import type { Dataset } from "./dataset.js";
import { loadFashionMnist } from "./fashion-mnist.js";
import { loadMnist } from "./mnist.js";
import { type DatasetName, datasetNames } from "./names.js";

export { type DatasetName, datasetNames } from "./names.js";

const LOADERS: Record<DatasetName, (options: DataOptions) => Dataset> = {
  mnist: loadMnist,
  "fashion-mnist": loadFashionMnist,
  cifar10: loadCifar10,
};

/**
 * Loads a data set by name.
 *
 * @throws InputError for a name that is not known; otherwise what the data set's own loader throws.
 */
export function loadDataset(name: string, options: DataOptions = {}): Dataset {
  if (!Object.hasOwn(LOADERS, name)) {
    throw new InputError(
      `unknown data set "${name}"${didYouMean(name, datasetNames)}; known: ${datasetNames.join(", ")}`,
    );
  }
  return LOADERS[name as DatasetName](options);
}
