/** The data sets by name, as recipes give it. A new one adds a line here and in names.ts. */
import { InputError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { loadCifar10 } from "./cifar10.js";
import type { Dataset } from "./dataset.js";
import { loadFashionMnist } from "./fashion-mnist.js";
import { loadMnist } from "./mnist.js";
import { type DatasetName, datasetNames } from "./names.js";
import { loadSpokenDigits, type SpokenDigitsOptions } from "./spoken-digits.js";

export { type DatasetName, datasetNames } from "./names.js";

/** What may be said of a named set: of sounds their rate and length, too. */
export type NamedOptions = SpokenDigitsOptions;

const LOADERS: Record<DatasetName, (options: NamedOptions) => Dataset> = {
  mnist: loadMnist,
  "fashion-mnist": loadFashionMnist,
  cifar10: loadCifar10,
  "spoken-digits": loadSpokenDigits,
};

/**
 * Loads a data set by name.
 *
 * @throws InputError for a name that is not known, or a rate or length of what are no sounds;
 *   otherwise what the data set's own loader throws.
 */
export function loadDataset(name: string, options: NamedOptions = {}): Dataset {
  if (!Object.hasOwn(LOADERS, name)) {
    throw new InputError(
      `unknown data set "${name}"${didYouMean(name, datasetNames)}; known: ${datasetNames.join(", ")}`,
    );
  }
  return LOADERS[name as DatasetName](options);
}
