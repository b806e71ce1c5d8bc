/** Reads one's own files, as their kinds are read. */
import { UnusableFileError } from "../errors.js";
import type { Preparation } from "../preparation.js";
import { readBytes } from "../read-file.js";
import { type CsvTable, type LearningRows, type LikeTable, readCsv } from "./csv.js";
import { readImageFolder } from "./image-folder.js";
import type { UseOptions } from "./in-use.js";
import { textClasses } from "./labels.js";
import { npzNames } from "./npz.js";
import { readIdxPart, readNpyPart, readNpzPart } from "./own-arrays.js";
import { readImages, readSounds } from "./own-files.js";
import { answersIn, answersOf, type OwnPart, sampleShape } from "./own-part.js";
import { readParquetImages } from "./parquet-images.js";
import { type ParquetTable, readParquetTable } from "./parquet-table.js";
import type { CsvSource, NpzSource, OwnSource, ParquetSource } from "./source.js";
import { learningRows } from "./test-share.js";

/** Which samples a reader reads, and how much of them it holds. */
export interface ReadOptions {
  /** Only those in use. Default: all. */
  readonly use?: UseOptions | undefined;
  /** Bytes of samples that may be in memory. Default: all. */
  readonly memory?: number | undefined;
}

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

/** One case a kind. */
export function readOwn(source: OwnSource, all: UseOptions, memory: number | undefined): OwnData {
  // Without a limit all is read.
  const use = all.limit === undefined ? undefined : all;
  const some: ReadOptions = { use, memory };
  switch (source.kind) {
    case "idx": {
      const { train: answers, test, targets } = answersOf("testImages", source.testImages, source);
      const options = { ...source, targets, memory };
      const train = readIdxPart(source.trainImages, answers, { ...options, use });
      return withTest(train, test && readIdxPart(source.testImages!, test, options));
    }
    case "npy": {
      const { train: answers, test, targets } = answersOf("testInputs", source.testInputs, source);
      const options = { ...source, targets, memory };
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
            some,
          );
    }
    case "imageFolder":
      return readImages(
        source,
        (path, more) => readImageFolder(path, { ...source, ...more }),
        some,
      );
    case "soundFolder":
      return readSounds(source, some);
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
