/**
 * Loads a run's data as its recipe states them: a set by name, or one's own files. The result is
 * always a `Dataset`.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isBytes } from "../inputs.js";
import type { Preparation } from "../preparation.js";
import { readBytes } from "../read-file.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { basename, resolve } from "node:path";
import { isFlat } from "./channel-numbers.js";
import { type CsvTable, type LearningRows, type LikeTable, readCsv } from "./csv.js";
import { type ArraysPart, type Dataset, fromArrays, targetFeatures } from "./dataset.js";
import { DATA_OPTIONS, type DataOptions } from "./data-dir.js";
import { readImageFolder } from "./image-folder.js";
import { loadDataset } from "./named.js";
import { trainedRows, type UseOptions } from "./in-use.js";
import { type Labels, labelRange, startNotes, textClasses } from "./labels.js";
import { inFolder } from "./moved.js";
import { readIdxPart, readNpyPart, readNpzPart } from "./own-arrays.js";
import { npzNames } from "./npz.js";
import { readParquetImages } from "./parquet-images.js";
import { type ParquetTable, readParquetTable } from "./parquet-table.js";
import { answersIn, answersOf, type OwnPart, sampleShape, type SampleShape } from "./own-part.js";
import {
  checkSource,
  type CsvSource,
  type DataSource,
  type NpzSource,
  type OwnSource,
  type ParquetSource,
  resolvePaths,
} from "./source.js";
import { readImages, readSounds } from "./own-files.js";
import { learningRows, withTestShare } from "./test-share.js";
import { size } from "../shape-size.js";
import { channelStatistics } from "./statistics.js";

/**
 * With a `limit` only the training samples of a run with these options are read of .npy and idx
 * files that are not packed, and of folders of images: as many as there may be, they take the
 * memory of so few. Give `fit` the same ones.
 */
export interface LoadOptions extends DataOptions, UseOptions {
  /** Folder that relative paths start from. Default: the working folder. */
  readonly baseDir?: string | undefined;
}

const LOAD_OPTIONS: OptionKeys<LoadOptions> = {
  ...DATA_OPTIONS,
  baseDir: 1,
  limit: 1,
  validation: 1,
  splitSeed: 1,
  stratify: 1,
};

/** Everything about one's own data but what has defaults. */
export interface OwnData {
  readonly train: OwnPart;
  readonly test?: OwnPart | undefined;
  readonly shape: readonly number[];
  readonly labelNames?: readonly string[] | undefined;
  readonly targetNames?: readonly string[] | undefined;
  /** What a person should know of them. */
  readonly notes?: readonly string[] | undefined;
  /** How new samples become inputs, where files don't say it. */
  readonly preparation?: Preparation | undefined;
  /** Whether flat samples are of one kind all along, not features each of its own. */
  readonly isSignal?: boolean | undefined;
}

/**
 * Loads data from a source.
 *
 * With a `limit` only what a run with that limit uses is read of .npy and idx files and of folders.
 *
 * Own data without `mean` and `std` are normalised by those of the samples that are trained with,
 * channel by channel; a column of a CSV file, or of a .npy file of numbers [count, features], is a
 * channel of its own. Fills of missing cells and categories are of these samples, too: neither
 * those of `validation` nor those of the test part have a say.
 *
 * @example
 * const data = loadData({ kind: "csv", train: "iris.csv", label: "species" });
 * data.labelNames; // ["setosa", "versicolor", "virginica"]
 *
 * @throws what the loader of the named set or the reader of the files throws: one line that names
 *   the file
 */
export function loadData(source: DataSource, options: LoadOptions = {}): Dataset {
  const { dataDir, baseDir, limit, validation, splitSeed, stratify } = knownOptions(
    "loadData",
    options,
    LOAD_OPTIONS,
  );
  checkSource(source);
  if ("name" in source) {
    const { kind: _, name, ...sound } = source;
    return loadDataset(name, { dataDir, ...sound });
  }
  const here = resolvePaths(source, resolve(baseDir ?? "."));
  const own = dataDir === undefined ? here : inFolder(here, dataDir);
  const use = { limit, validation, splitSeed, stratify };
  const read = readOwn(own, use);
  const { shape, labelNames, targetNames, notes, preparation, isSignal } = read;
  const { train, test } = divided(read, own, use);
  if (test !== undefined && isBytes(test.inputs) !== isBytes(train.inputs)) {
    const kind = ({ inputs }: OwnPart) => (isBytes(inputs) ? "bytes" : "numbers");
    throw new UnusableFileError(
      `${train.where} has ${kind(train)}, but ${test.where} has ${kind(test)}: both must be of one kind`,
    );
  }
  const sample = sampleShape([1, ...shape], undefined, train.where);
  const count = train.inputs.length / size(sample);
  const rows = trainedRows({ labels: train.labels, count }, use);
  const names = own.labelNames ?? labelNames;
  const name = basename(train.where);
  const data = fromArrays({
    name,
    shape: sample,
    train: samplesOf(train),
    ...(test === undefined ? {} : { test: samplesOf(test) }),
    ...(train.targets
      ? { targetNames, normalizeTargets: own.normalizeTargets ?? true, labelNames: own.labelNames }
      : names === undefined
        ? classesOfAll(train, test)
        : { labelNames: names, classes: names.length }),
    ...normalizationOf(own, train, sample, rows, isSignal),
  });
  const { notes: _, ...rest } = {
    ...data,
    ...(preparation && { preparation }),
    ...(data.targetNormalization &&
      rows && {
        targetNormalization: channelStatistics(train.targets!, targetFeatures(data.train), 1, rows),
      }),
  };
  const all = [
    ...(train.allLabels ? startNotes(train.allLabels, name) : (data.notes ?? [])),
    ...(notes ?? []),
  ];
  return all.length > 0 ? { ...rest, notes: all } : rest;
}

/** The parts that were read, or of one file those that it is to be divided in. */
function divided(
  { train, test, shape }: OwnData,
  { testShare: share }: OwnSource,
  { limit, splitSeed, stratify }: UseOptions,
): Pick<OwnData, "train" | "test"> {
  if (share === undefined) return { train, test };
  const other = test !== undefined ? "test file" : limit !== undefined ? "limit" : undefined;
  if (other) throw new InputError(`data.testShare: expected no ${other} beside it`);
  return withTestShare(train, train.inputs.length / size(shape), { share, splitSeed, stratify });
}

/** The labels that are not in use count too: so all runs have the same classes. */
function classesOfAll(
  { allLabels }: OwnPart,
  test: OwnPart | undefined,
): { readonly classes?: number } {
  if (!allLabels) return {};
  const largest = (labels: Labels) => labelRange(labels)[1];
  return { classes: 1 + Math.max(largest(allLabels), test ? largest(test.labels) : 0) };
}

/** What the source says, else statistics: of each channel, or of each feature of flat numbers. */
function normalizationOf(
  { mean, std }: OwnSource,
  { inputs, where }: OwnPart,
  [channels, height, width]: SampleShape,
  rows: Int32Array | undefined,
  isSignal = false,
): { readonly mean: readonly number[]; readonly std: readonly number[] } {
  if (mean !== undefined && std !== undefined) return { mean, std };
  const given = mean?.length ?? std?.length;
  // Flat bytes are images in a row, whose features are all of one kind.
  const isTable =
    !isSignal &&
    isFlat([channels, height, width]) &&
    (given === undefined ? !isBytes(inputs) : given === width);
  const statistics = isTable
    ? channelStatistics(inputs, width, 1, rows)
    : channelStatistics(inputs, channels, height * width, rows);
  if (!statistics.std.every(Number.isFinite)) {
    throw new UnusableFileError(
      `${where}: the numbers are too large to be normalised: their deviation is not finite`,
    );
  }
  return { mean: mean ?? statistics.mean, std: std ?? statistics.std };
}

function samplesOf({ inputs, labels, targets }: OwnPart): ArraysPart {
  return targets ? { inputs, targets } : { inputs, labels };
}

/** One case a kind. */
function readOwn(source: OwnSource, all: UseOptions): OwnData {
  // Without a limit all is read.
  const use = all.limit === undefined ? undefined : all;
  switch (source.kind) {
    case "idx": {
      const { train: answers, test, targets } = answersOf("testImages", source.testImages, source);
      const options = { ...source, targets };
      const train = readIdxPart(source.trainImages, answers, { ...options, use });
      return withTest(train, test && readIdxPart(source.testImages!, test, options));
    }
    case "npy": {
      const { train: answers, test, targets } = answersOf("testInputs", source.testInputs, source);
      const options = { ...source, targets };
      const train = readNpyPart(source.trainInputs, answers, { ...options, use });
      return withTest(train, test && readNpyPart(source.testInputs!, test, options));
    }
    case "npz":
      return readArchive(source);
    case "csv":
      return readTables(source, all, (path, like, learning) =>
        readCsv(path, source, like, learning),
      );
    case "parquet": {
      const { image } = source;
      return image === undefined
        ? readTables(source, all, (path, like, learning) =>
            readParquetTable(path, source, like, learning),
          )
        : readImages(
            source,
            (path, more) => readParquetImages(path, { ...source, image, ...more }),
            use,
          );
    }
    case "imageFolder":
      return readImages(source, (path, more) => readImageFolder(path, { ...source, ...more }), use);
    case "soundFolder":
      return readSounds(source, use);
  }
}

/** The names that Keras gives. */
const KERAS = {
  inputs: "x_train",
  labels: "y_train",
  testInputs: "x_test",
  testLabels: "y_test",
} as const;

function readArchive(source: NpzSource): OwnData {
  const { file, arrays = KERAS } = source;
  const told = answersIn("arrays", arrays);
  const options = { ...source, targets: told.targets };
  const bytes = readBytes(file);
  const train = readNpzPart(file, bytes, { inputs: arrays.inputs, answers: told.train }, options);
  const { testInputs: inputs } = arrays;
  const { test: answers } = told;
  if (inputs === undefined || answers === undefined) return withTest(train, undefined);
  // What is not asked for need not be there.
  const names = source.arrays ? [] : npzNames(bytes, file);
  const isThere = source.arrays || (names.includes(inputs) && names.includes(answers));
  return withTest(
    train,
    isThere ? readNpzPart(file, bytes, { inputs, answers }, options) : undefined,
  );
}

function withTest(
  train: OwnPart & { readonly shape: readonly number[] },
  test: (OwnPart & { readonly shape: readonly number[] }) | "" | undefined,
): OwnData {
  if (!test) return { train, shape: train.shape };
  if (test.shape.join() !== train.shape.join()) {
    throw new UnusableFileError(
      `${train.where} has samples of shape [${train.shape.join(", ")}], but ` +
        `${test.where} of [${test.shape.join(", ")}]: shapes must be equal`,
    );
  }
  return { train, test, shape: train.shape };
}

function readTables(
  source: CsvSource | ParquetSource,
  use: UseOptions,
  read: (path: string, like?: LikeTable, learning?: LearningRows) => ParquetTable,
): OwnData {
  const classesIn = (texts: readonly string[], classes: readonly string[] | undefined) =>
    textClasses(texts, source.labelNames ?? classes, source.train);
  const table = read(source.train, undefined, (count, texts, classes) => {
    const labels = classesIn(texts, classes).labelsOf(texts, source.train);
    return learningRows({ labels, count }, source.testShare, use);
  });
  const other =
    source.test === undefined ? undefined : read(source.test, { where: source.train, table });
  const { labelNames, labelsOf } = classesIn(table.labels, table.classes);
  const part = (where: string, { inputs, labels, targets }: CsvTable): OwnPart => ({
    where,
    inputs,
    ...(targets && { targets: Float32Array.from(targets.values) }),
    labels: labelsOf(labels, where),
  });
  // A feature is a channel: each has its own mean and deviation.
  const { names: targetNames, values = [] } = table.targets ?? {};
  const count = targetNames ? values.length / targetNames.length : table.labels.length;
  const columns = table.inputs.length / count;
  const shape = sampleShape(
    [count, ...("pixels" in source && source.pixels ? [columns] : [columns, 1, 1])],
    source.shape,
    source.train,
  );
  return {
    train: part(source.train, table),
    test: other && part(source.test!, other),
    shape,
    labelNames,
    targetNames,
    notes: [...(table.notes ?? []), ...(other?.notes ?? [])],
    preparation: table.preparation && { table: table.preparation },
  };
}
