/**
 * Fashion-MNIST: 60,000 + 10,000 images of clothes, 28 x 28, 10 classes (Xiao, Rasul, Vollgraf,
 * 2017, arXiv 1708.07747).
 *
 * Files: the folder asked for, else the folder BREGMAN_DATA, else what `bregman data fashion-mnist`
 * downloaded. No npm package has them. The normalisation by (0.5, 0.5) is the one of the paper's
 * experiments, not the data's own mean and deviation.
 */
import { knownOptions } from "../known-options.js";
import {
  chosenFolder,
  DATA_OPTIONS,
  type DataOptions,
  downloadedFolder,
  missingData,
} from "./data-dir.js";
import type { Dataset } from "./dataset.js";
import { type DatasetFacts, readIdxFolder } from "./idx-folder.js";

const FACTS: DatasetFacts = {
  name: "fashion-mnist",
  classes: 10,
  labelNames: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ],
  mean: [0.5],
  std: [0.5],
};

/** Beside our own name: the layout torchvision downloads to. */
const SUBFOLDERS = ["fashion-mnist", "FashionMNIST/raw"];

/**
 * Loads Fashion-MNIST.
 *
 * @throws UnusableFileError if no files are found, with how to get them; otherwise as
 *   `readIdxFolder`.
 */
export function loadFashionMnist(options: DataOptions = {}): Dataset {
  const chosen =
    chosenFolder(knownOptions("loadFashionMnist", options, DATA_OPTIONS)) ??
    downloadedFolder("fashion-mnist");
  if (chosen === undefined) throw missingData("fashion-mnist");
  return readIdxFolder(FACTS, { ...chosen, subfolders: SUBFOLDERS });
}
