/**
 * Reads a data set from the four idx files that MNIST and its relatives come as:
 *
 *     train-images-idx3-ubyte   train-labels-idx1-ubyte   t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
 *
 * also with ".gz" at the end, and with "." instead of the second "-" ("train-images.idx3-ubyte"),
 * as some copies have it.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ofFile, UnusableFileError } from "../errors.js";
import type { Dataset, Samples } from "./dataset.js";
import { readIdx } from "./idx.js";
import { checkLabels } from "./labels.js";

/** What is known of a data set before its files are read. */
export type DatasetFacts = Pick<Dataset, "name" | "classes" | "labelNames" | "mean" | "std">;

export interface IdxFolderOptions {
  /** Folder with the four files, or with a subfolder that has them. */
  readonly folder: string;
  /** Who named the folder, for error messages: "--data-dir", "BREGMAN_DATA", ... */
  readonly source: string;
  /** Subfolders to look into, first match wins, before `folder` itself. */
  readonly subfolders: readonly string[];
}

const SPELLINGS = ["-ubyte", "-ubyte.gz"];
const FIRST_FILE = { stem: "train-images", dimensions: 3 };

/**
 * Reads the four files.
 *
 * @throws UnusableFileError if the folder or a file is missing, with what was looked for, if the
 * files don't fit together (counts, image sizes), or if a label is too large; also if a file is
 * damaged.
 */
export function readIdxFolder(facts: DatasetFacts, options: IdxFolderOptions): Dataset {
  const folder = findFolder(facts.name, options);
  const train = readPart(folder, "train", facts.classes);
  const test = readPart(folder, "t10k", facts.classes);
  if (train.height !== test.height || train.width !== test.width) {
    throw new UnusableFileError(
      `${folder}: training images are ${train.height} x ${train.width}, test images ` +
        `${test.height} x ${test.width}: sizes must be equal`,
    );
  }
  return {
    ...facts,
    shape: [1, train.height, train.width],
    train: train.samples,
    test: test.samples,
  };
}

/**
 * A subfolder named after the data set goes first: the files beside it may be those of another data
 * set.
 */
function findFolder(name: string, { folder, source, subfolders }: IdxFolderOptions): string {
  if (!existsSync(folder))
    throw new UnusableFileError(
      `could not find ${name}: the folder ${folder} (${source}) does not exist`,
    );
  if (!statSync(folder).isDirectory()) {
    throw new UnusableFileError(
      `could not find ${name}: ${folder} (${source}) is not a folder; expected a folder with idx files`,
    );
  }
  const candidates = [...subfolders.map((sub) => join(folder, sub)), folder];
  const found = candidates.find(
    (candidate) => findFile(candidate, FIRST_FILE.stem, FIRST_FILE.dimensions) !== undefined,
  );
  if (found === undefined) {
    throw new UnusableFileError(
      `could not find ${name} in ${folder} (${source}): looked for ` +
        `${fileNames(FIRST_FILE.stem, FIRST_FILE.dimensions).join(", ")} there and in ` +
        `its subfolders ${subfolders.join(", ")}`,
    );
  }
  return found;
}

function readPart(
  folder: string,
  part: "train" | "t10k",
  classes: number,
): { samples: Samples; height: number; width: number } {
  const imagesPath = requireFile(folder, `${part}-images`, 3);
  const labelsPath = requireFile(folder, `${part}-labels`, 1);
  const images = readIdx(imagesPath, { dimensions: 3 });
  const labels = readIdx(labelsPath, { dimensions: 1 });
  const [count, height, width] = images.shape;
  if (labels.shape[0] !== count) {
    throw new UnusableFileError(
      `${imagesPath} has ${count} images, but ${labelsPath} has ${labels.shape[0]} labels: counts must be equal`,
    );
  }
  if (count * height * width === 0) {
    throw new UnusableFileError(
      `${imagesPath}: expected images, found shape [${images.shape.join(", ")}]`,
    );
  }
  ofFile(() => checkLabels(labels.data, classes, labelsPath));
  return { samples: { inputs: images.data, labels: labels.data, count }, height, width };
}

function requireFile(folder: string, stem: string, dimensions: number): string {
  const path = findFile(folder, stem, dimensions);
  if (path === undefined) {
    const [first, ...others] = fileNames(stem, dimensions);
    throw new UnusableFileError(
      `could not find ${join(folder, first)}, nor ${others.join(", ")} in that folder`,
    );
  }
  return path;
}

function findFile(folder: string, stem: string, dimensions: number): string | undefined {
  return fileNames(stem, dimensions)
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
}

function fileNames(stem: string, dimensions: number): string[] {
  return ["-", "."].flatMap((mark) =>
    SPELLINGS.map((end) => `${stem}${mark}idx${dimensions}${end}`),
  );
}
