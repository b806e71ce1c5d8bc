/**
 * Where a run's data come from, as a recipe's `data` states it: a set by its name, or files of
 * one's own. Plain data; `loadData` reads it.
 */
import { isAbsolute, relative, resolve } from "node:path";
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { didYouMean } from "../nearest.js";
import type { ImageFit } from "../preparation.js";
import type { ChannelPlace } from "./channels.js";
import type { DecimalMark } from "./csv-cells.js";
import type { ColumnName } from "./csv-columns.js";
import type { FillRule } from "./table-preparation.js";
import type { DatasetName } from "./names.js";

/** One of the data sets that are known by name. */
export interface NamedSource {
  readonly kind?: "named" | undefined;
  readonly name: DatasetName;
  /** Of sounds: samples a second. Default: those of the set. */
  readonly rate?: number | undefined;
  /** Of sounds: samples of each. Default: those of the set. */
  readonly length?: number | undefined;
}

/** What files don't tell, or don't tell well. */
export interface OwnFacts {
  /** Shape of a sample, [features] or [channels, height, width]. Default: what the files say. */
  readonly shape?: readonly number[] | undefined;
  /**
   * One name a class. Default: folder names, labels that are text, or "0", "1", ... up to the
   * largest label.
   */
  readonly labelNames?: readonly string[] | undefined;
  /** One number a channel, in units of the scaled inputs. Default: that of the training samples. */
  readonly mean?: readonly number[] | undefined;
  /** One number a channel. Default: that of the training samples, or 1 where it is 0. */
  readonly std?: readonly number[] | undefined;
  /**
   * Where there is no test file: training samples for the test part, their number or their share,
   * drawn by `splitSeed`, with `stratify` as many of each class as its share. Default: none.
   */
  readonly testShare?: number | undefined;
  /**
   * Of targets: train with numbers of mean 0 and deviation 1, and give outputs in their units all
   * the same. Default true.
   */
  readonly normalizeTargets?: boolean | undefined;
}

/** Files of one array each. */
interface ArraySource extends OwnFacts {
  /**
   * Where images of four dimensions have their channels. Default: first; where the shape looks as
   * if they were last it must be said.
   */
  readonly channels?: ChannelPlace | undefined;
}

/** What is to be told of the samples, in files beside them. */
interface AnswerSource extends ArraySource {
  readonly trainLabels?: string | undefined;
  readonly testLabels?: string | undefined;
  /** Or numbers to be told: .npy files of [count] or [count, targets]. */
  readonly trainTargets?: string | undefined;
  readonly testTargets?: string | undefined;
}

/** idx files: the format of MNIST. */
export interface IdxSource extends AnswerSource {
  readonly kind: "idx";
  readonly trainImages: string;
  readonly testImages?: string | undefined;
}

/** Arrays of NumPy. */
export interface NpySource extends AnswerSource {
  readonly kind: "npy";
  readonly trainInputs: string;
  readonly testInputs?: string | undefined;
}

/** An archive of NumPy's arrays. */
export interface NpzSource extends ArraySource {
  readonly kind: "npz";
  readonly file: string;
  /**
   * The names of the arrays in it. Default: those that Keras gives, x_train, y_train, x_test and
   * y_test.
   */
  readonly arrays?: ArchiveNames | undefined;
}

/** Names of arrays: of inputs, and of either labels or targets. */
export interface ArchiveNames {
  readonly inputs: string;
  readonly labels?: string | undefined;
  /** Numbers to be told, [count] or [count, targets]. */
  readonly targets?: string | undefined;
  readonly testInputs?: string | undefined;
  readonly testLabels?: string | undefined;
  readonly testTargets?: string | undefined;
}

/** Tables as text: numbers, and texts that are categories. */
export interface CsvSource extends OwnFacts {
  readonly kind: "csv";
  readonly train: string;
  readonly test?: string | undefined;
  /** Column of the labels: its name, or its index from 0 (from the end if negative). */
  readonly label?: ColumnName | undefined;
  /** Or the columns of numbers that are to be told from the others. */
  readonly targets?: readonly ColumnName[] | undefined;
  /** Columns that are left out, such as the numbers of the rows. Default: none. */
  readonly ignore?: readonly ColumnName[] | undefined;
  /** Whether the first line names the columns. Default true. */
  readonly header?: boolean | undefined;
  /** Default ",". */
  readonly delimiter?: string | undefined;
  /** The numbers are pixels, whole numbers from 0 to 255 that mean value / 255. Default false. */
  readonly pixels?: boolean | undefined;
  /** Before the decimals of numbers. Default ".". */
  readonly decimal?: DecimalMark | undefined;
  /**
   * Columns of texts that are categories, each of which becomes a feature that is 0 or 1; "text":
   * all columns whose first cell is no number. Default: none.
   */
  readonly categories?: readonly ColumnName[] | "text" | undefined;
  /**
   * What a missing cell counts as: the mean or the median of the column's numbers in the rows to
   * train with, or this number; "drop": its row is left out. A missing category is none of them.
   * Default: a missing cell is an error.
   */
  readonly missing?: FillRule | undefined;
  /** Texts of a missing cell. Default: "", NA, N/A, NaN, nan, NULL, null and "?". */
  readonly missingCells?: readonly string[] | undefined;
}

/** Tables, and images as bytes, in the columns of a Parquet file. */
export interface ParquetSource extends OwnFacts {
  readonly kind: "parquet";
  readonly train: string;
  readonly test?: string | undefined;
  /** Column of the labels. */
  readonly label?: string | undefined;
  /** Or the columns of numbers that are to be told. */
  readonly targets?: readonly string[] | undefined;
  /**
   * Column of images: bytes in a struct, as Hugging Face has them. The samples are the images.
   * Default: none, and the samples are the rows of the other columns.
   */
  readonly image?: string | undefined;
  /** How images of other sizes come to that of the first, or of `shape`. Default: an error. */
  readonly fit?: ImageFit | undefined;
  /** As those of CSV files, for a table. */
  readonly ignore?: readonly string[] | undefined;
  readonly categories?: readonly string[] | "text" | undefined;
  readonly missing?: FillRule | undefined;
}

/** Numbers that a table in a folder, metadata.csv, tells of the files that it names. */
interface FolderSource {
  /** Its columns to be told, in place of a folder for each class. Default: none. */
  readonly targets?: readonly string[] | undefined;
}

/** Folders with one folder of PNG or JPEG images for each class, or with a table. */
export interface ImageFolderSource extends OwnFacts, FolderSource {
  readonly kind: "imageFolder";
  readonly train: string;
  readonly test?: string | undefined;
  /** How images of other sizes come to that of the first, or of `shape`. Default: an error. */
  readonly fit?: ImageFit | undefined;
}

/**
 * Folders with one folder of WAV files for each class, or with a table. A sample is [length], from
 * -1 to 1.
 */
export interface SoundFolderSource extends Omit<OwnFacts, "shape">, FolderSource {
  readonly kind: "soundFolder";
  readonly train: string;
  readonly test?: string | undefined;
  /** Samples a second, to which all sounds come. */
  readonly rate: number;
  /** Samples of each: a longer sound is cut at its end, a shorter one is silent there. */
  readonly length: number;
}

export type OwnSource =
  | IdxSource
  | NpySource
  | NpzSource
  | CsvSource
  | ParquetSource
  | ImageFolderSource
  | SoundFolderSource;
export type DataSource = NamedSource | OwnSource;

const FACTS: OptionKeys<Omit<OwnFacts, "shape">> = {
  labelNames: 1,
  mean: 1,
  std: 1,
  testShare: 1,
  normalizeTargets: 1,
};
const OWN: OptionKeys<OwnFacts> = { shape: 1, ...FACTS };
const ANSWERS = { trainLabels: 1, testLabels: 1, trainTargets: 1, testTargets: 1 } as const;
const FILES: {
  readonly [Kind in OwnSource["kind"]]: OptionKeys<Extract<OwnSource, { kind: Kind }>>;
} = {
  idx: {
    kind: 1,
    trainImages: 1,
    testImages: 1,
    ...ANSWERS,
    channels: 1,
    ...OWN,
  },
  npy: {
    kind: 1,
    trainInputs: 1,
    testInputs: 1,
    ...ANSWERS,
    channels: 1,
    ...OWN,
  },
  npz: { kind: 1, file: 1, arrays: 1, channels: 1, ...OWN },
  csv: {
    kind: 1,
    train: 1,
    test: 1,
    label: 1,
    targets: 1,
    ignore: 1,
    header: 1,
    delimiter: 1,
    pixels: 1,
    decimal: 1,
    categories: 1,
    missing: 1,
    missingCells: 1,
    ...OWN,
  },
  parquet: {
    kind: 1,
    train: 1,
    test: 1,
    label: 1,
    targets: 1,
    image: 1,
    fit: 1,
    ignore: 1,
    categories: 1,
    missing: 1,
    ...OWN,
  },
  imageFolder: { kind: 1, train: 1, test: 1, targets: 1, fit: 1, ...OWN },
  soundFolder: { kind: 1, train: 1, test: 1, targets: 1, rate: 1, length: 1, ...FACTS },
};

/**
 * Checks the keys of a source.
 *
 * @throws InputError for an unknown kind, or for a key that sources of this kind don't have
 */
export function checkSource(source: DataSource): void {
  if (source.kind === undefined || source.kind === "named") {
    knownOptions("loadData", source, { kind: 1, name: 1, rate: 1, length: 1 });
    return;
  }
  const kinds = ["named", ...Object.keys(FILES)];
  if (!kinds.includes(source.kind)) {
    const found = String(source.kind);
    throw new InputError(
      `loadData: kind must be one of ${kinds.join(", ")}, found "${found}"${didYouMean(found, kinds)}`,
    );
  }
  const own = source as OwnSource;
  knownOptions("loadData", own, FILES[own.kind] as OptionKeys<OwnSource>);
}

const PATH_KEYS = [
  "file",
  "train",
  "test",
  "trainImages",
  "trainInputs",
  "trainLabels",
  "trainTargets",
  "testImages",
  "testInputs",
  "testLabels",
  "testTargets",
] as const;

/** The same source, each of its paths as the function says. */
export function mapPaths<Source extends DataSource>(
  source: Source,
  map: (path: string) => string,
): Source {
  const paths = PATH_KEYS.flatMap((key) => {
    const path = (source as Partial<Record<(typeof PATH_KEYS)[number], string>>)[key];
    return path === undefined ? [] : [[key, map(path)] as const];
  });
  return { ...source, ...Object.fromEntries(paths) };
}

/** The paths of a source. */
export function pathsOf(source: DataSource): string[] {
  const paths: string[] = [];
  mapPaths(source, (path) => (paths.push(path), path));
  return paths;
}

/**
 * The same source with its paths made absolute, starting from a folder: that of the recipe file.
 *
 * @example
 * resolvePaths({ kind: "imageFolder", train: "images" }, "/home/me").train; // "/home/me/images"
 */
export function resolvePaths<Source extends DataSource>(source: Source, baseDir: string): Source {
  return mapPaths(source, (path) => resolve(baseDir, path));
}

/**
 * The same path for a recipe file in another folder: one that started from the first starts from
 * the second, and an absolute one stays. So a folder that holds recipe, data and runs can be moved.
 *
 * @example
 * rebasePath("images", "/home/me", "/home/me/runs/first"); // "../../images"
 */
export function rebasePath(path: string, from: string, to: string): string {
  // Slashes are understood everywhere. Another drive of Windows has no relative path: it stays
  // absolute.
  return isAbsolute(path) ? path : relative(resolve(to), resolve(from, path)).replaceAll("\\", "/");
}
