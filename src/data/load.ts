/**
 * Loads a run's data as its recipe states them: a set by name, or one's own files. The result is
 * always a `Dataset`.
 */
import { constants } from "node:buffer";
import { totalmem } from "node:os";
import { basename, resolve } from "node:path";
import { InputError, UnusableFileError } from "../errors.js";
import { type AnyInputs, areBytes } from "../inputs.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { size } from "../shape-size.js";
import { isFlat } from "./channel-numbers.js";
import { DATA_OPTIONS, type DataOptions } from "./data-dir.js";
import { type AnyDataset, type ArraysPart, type Dataset, fromArrays } from "./dataset.js";
import { targetFeatures } from "./check-samples.js";
import { trainedRows, type UseOptions } from "./in-use.js";
import { type Labels, labelRange, startNotes } from "./labels.js";
import { inFolder } from "./moved.js";
import { loadDataset } from "./named.js";
import { type OwnPart, sampleShape, type SampleShape } from "./own-part.js";
import { type OwnData, readOwn } from "./read-own.js";
import { checkSource, type DataSource, type OwnSource, resolvePaths } from "./source.js";
import { channelStatistics } from "./statistics.js";
import { withTestShare } from "./test-share.js";

/**
 * With a `limit` only the training samples of a run with these options are read of .npy and idx
 * files that are not packed, and of folders of images: as many as there may be, they take the
 * memory of so few. Give `fit` the same ones.
 */
export interface LoadOptions extends DataOptions, UseOptions {
  /** Folder that relative paths start from. Default: the working folder. */
  readonly baseDir?: string | undefined;
}

export interface OpenOptions extends LoadOptions {
  /**
   * Bytes that the inputs of a part, training or test, may take in memory. Default: a quarter of
   * the machine's.
   */
  readonly memory?: number | undefined;
}

const LOAD_OPTIONS: OptionKeys<LoadOptions> = {
  ...DATA_OPTIONS,
  baseDir: 1,
  limit: 1,
  validation: 1,
  splitSeed: 1,
  stratify: 1,
};
const OPEN_OPTIONS: OptionKeys<OpenOptions> = { ...LOAD_OPTIONS, memory: 1 };

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
  const known = knownOptions("loadData", options, LOAD_OPTIONS);
  // Without a bound all samples are in memory.
  return readSource(source, known) as Dataset;
}

/**
 * Opens data that may be larger than memory: as {@link loadData}, except that the inputs of a part
 * that is too large stay where they are, and `fit` and `evaluate` read the samples of each batch
 * when they need them, to the same bits. Of arrays in .npy and idx files that are not packed they
 * stay in the file; images and sounds of a folder, and images of a Parquet file, are decoded once,
 * into a file that is gone with the process.
 *
 * @example
 * const data = openData({ kind: "imageFolder", train: "photos", testShare: 0.2 });
 * const result = await fit(model, data, options);
 */
export function openData(source: DataSource, options: OpenOptions = {}): AnyDataset {
  const known = knownOptions("openData", options, OPEN_OPTIONS);
  const { memory = usualMemory() } = known;
  if (!(memory >= 0)) throw new InputError(`memory must be a number of bytes, found ${memory}`);
  return readSource(source, { ...known, memory });
}

/** A quarter of the machine's memory: samples are held twice, once for kernels. */
function usualMemory(): number {
  const most = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.min(most / 4, constants.MAX_LENGTH);
}

function readSource(source: DataSource, options: OpenOptions): AnyDataset {
  const { dataDir, baseDir, limit, validation, splitSeed, stratify, memory } = options;
  checkSource(source);
  if ("name" in source) {
    const { kind: _, name, ...sound } = source;
    return loadDataset(name, { dataDir, ...sound });
  }
  const here = resolvePaths(source, resolve(baseDir ?? "."));
  const own = dataDir === undefined ? here : inFolder(here, dataDir);
  const use = { limit, validation, splitSeed, stratify };
  const read = readOwn(own, use, memory);
  const { shape, labelNames, targetNames, notes, preparation, isSignal } = read;
  const { train, test } = divided(read, own, use);
  if (test !== undefined && areBytes(test.inputs) !== areBytes(train.inputs)) {
    const kind = ({ inputs }: OwnPart) => (areBytes(inputs) ? "bytes" : "numbers");
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
    (given === undefined ? !areBytes(inputs) : given === width);
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

function samplesOf({ inputs, labels, targets }: OwnPart): ArraysPart<AnyInputs> {
  return targets ? { inputs, targets } : { inputs, labels };
}
