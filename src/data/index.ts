/** The data sets by name, as recipes give it. A new one adds a line. */
import { didYouMean } from "../nearest.js";
import type { DataOptions } from "./data-dir.js";
import type { Dataset } from "./dataset.js";
import { loadFashionMnist } from "./fashion-mnist.js";
import { loadMnist } from "./mnist.js";

const LOADERS = {
  mnist: loadMnist,
  "fashion-mnist": loadFashionMnist,
} as const;

/** Name of a data set that can be loaded. */
export type DatasetName = keyof typeof LOADERS;

/** All names, in the order they are listed to people. */
export const datasetNames = Object.keys(LOADERS) as readonly DatasetName[] as readonly [DatasetName, ...DatasetName[]];

/**
 * Loads a data set by name.
 *
 * @throws RangeError for a name that is not known; otherwise what the data set's own loader throws.
 */
export function loadDataset(name: string, options: DataOptions = {}): Dataset {
  if (!Object.hasOwn(LOADERS, name)) {
    throw new RangeError(
      `unknown data set "${name}"${didYouMean(name, datasetNames)}; known: ${datasetNames.join(", ")}`,
    );
  }
  return LOADERS[name as DatasetName](options);
}
