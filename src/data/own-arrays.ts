/**
 * Reads one's own data from arrays in files: one of inputs and one of labels, idx or .npy, or a
 * .npz file with both.
 */
import { ofFile, UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { type ChannelPlace, channelsFirst } from "./channels.js";
import type { Inputs } from "../inputs.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import { readIdx } from "./idx.js";
import { asLabels, type Labels } from "./labels.js";
import { type NpyArray, readNpy } from "./npy.js";
import { nameIn, parseNpz } from "./npz.js";
import {
  type Answers,
  checkCounts,
  labelAnswers,
  type OwnPart,
  type SampleShape,
  sampleShape,
  targetAnswers,
} from "./own-part.js";

export interface ArrayPart extends OwnPart {
  readonly shape: SampleShape;
}

/** What a recipe says of the arrays. */
export interface ArrayOptions {
  /** Of a sample. */
  readonly shape?: readonly number[] | undefined;
  readonly channels?: ChannelPlace | undefined;
  /** Whether the second array is of targets, [count] or [count, features]. Default false. */
  readonly targets?: boolean | undefined;
  /** Only the samples in use are read, where the file is not packed. Default: all. */
  readonly use?: UseOptions | undefined;
}

/**
 * Reads images and labels [count] from idx files, plain or gzip-compressed. Images are [count,
 * height, width], or of four dimensions.
 *
 * @throws as `readIdx`, `channelsFirst` and `sampleShape`; UnusableFileError if the counts differ
 */
export function readIdxPart(images: string, labels: string, options: ArrayOptions): ArrayPart {
  const { shape: wanted, channels, use } = options;
  const given = options.targets ? targetsIn(readNpy(labels), labels) : idxLabels(labels);
  const picking = rowsFor(images, labels, given.count, use);
  const array = readIdx(images, {}, picking?.rows);
  if (!picking?.picked()) checkCounts(images, array.shape[0], labels, given.count);
  const { shape, data } = channelsFirst(array, channels, images);
  return {
    where: images,
    inputs: data,
    ...given.of(picking?.picked()),
    shape: sampleShape(shape, wanted, images),
  };
}

function idxLabels(path: string): Answers {
  const { shape, data } = readIdx(path, { dimensions: 1 });
  return labelAnswers(data.subarray(0, shape[0]));
}

function npyLabels(given: NpyArray, path: string): Answers {
  const isFlat = given.shape.length === 1 || (given.shape.length === 2 && given.shape[1] === 1);
  if (!isFlat)
    throw new UnusableFileError(
      `${path}: expected labels of shape [count], found [${given.shape.join(", ")}]`,
    );
  return labelAnswers(labelNumbers(given, path));
}

/** @throws UnusableFileError for what is no list of numbers a sample, or one that is not finite */
function targetsIn(given: NpyArray, path: string): Answers {
  const [, features = 1] = given.shape;
  if (given.shape.length < 1 || given.shape.length > 2 || given.shape.includes(0)) {
    throw new UnusableFileError(
      `${path}: expected targets of shape [count] or [count, features], found ` +
        `[${given.shape.join(", ")}]`,
    );
  }
  return targetAnswers(given.data as ArrayLike<number | bigint>, features, path);
}

/** The rows that a run uses, remembered once a file was asked for them. */
function rowsFor(inputs: string, labels: string, labelCount: number, use: UseOptions | undefined) {
  if (!use) return undefined;
  let picked: Int32Array | undefined;
  const rows = (count: number): Int32Array | undefined => {
    checkCounts(inputs, count, labels, labelCount);
    return (picked = rowsInUse(count, use));
  };
  return { rows, picked: () => picked };
}

/**
 * Reads inputs and labels from .npy files. Inputs are uint8 (meaning value / 255) or other numbers,
 * which keep their digits; labels are integers of any size from 0 to 65534, [count] or [count, 1].
 *
 * @throws as `readNpy`, `channelsFirst` and `sampleShape`; UnusableFileError for labels that are no
 * integers; also if the counts differ, for a label that is too large, or for an input that is
 * not finite or an integer beyond 2^53
 */
export function readNpyPart(inputs: string, labels: string, options: ArrayOptions): ArrayPart {
  const answers = options.targets
    ? targetsIn(readNpy(labels), labels)
    : npyLabels(readNpy(labels), labels);
  const picking = rowsFor(inputs, labels, answers.count, options.use);
  const array = readNpy(inputs, picking?.rows);
  return npyPart(array, inputs, answers, labels, options, picking?.picked());
}

/** The names of a part's arrays in a .npz file. */
export interface NpzNames {
  readonly inputs: string;
  /** Labels, or with `targets` numbers. */
  readonly answers: string;
}

/**
 * Reads inputs and labels from the bytes of a .npz file; otherwise as {@link readNpyPart}.
 *
 * @throws as readNpyPart and `parseNpz`
 */
export function readNpzPart(
  path: string,
  bytes: Uint8Array,
  { inputs, answers: told }: NpzNames,
  options: ArrayOptions,
): ArrayPart {
  const arrays = parseNpz(bytes, [inputs, told], path);
  const [inputsAt, toldAt] = [inputs, told].map((name) => nameIn(path, name));
  const answers = (options.targets ? targetsIn : npyLabels)(arrays.get(told)!, toldAt);
  return npyPart(arrays.get(inputs)!, inputsAt, answers, toldAt, options, undefined);
}

/** @param picked - the rows that were read of the inputs; undefined: all */
function npyPart(
  array: NpyArray,
  inputs: string,
  answers: Answers,
  labels: string,
  { shape: wanted, channels }: ArrayOptions,
  picked: Int32Array | undefined,
): ArrayPart {
  if (array.shape.length > 0 && !picked) checkCounts(inputs, array.shape[0], labels, answers.count);
  const numbers = inputNumbers(array, inputs);
  const { shape, data } = channelsFirst({ shape: array.shape, data: numbers }, channels, inputs);
  return {
    where: inputs,
    inputs: data,
    ...answers.of(picked),
    shape: sampleShape(shape, wanted, inputs),
  };
}

/**
 * The elements of an array of inputs: bytes, or other numbers with all their digits.
 *
 * @param first - index of the first of them in its file, for the message
 * @throws UnusableFileError for a number that is not finite, or an integer beyond 2^53
 */
export function inputNumbers({ type, data }: NpyArray, where: string, first = 0): Inputs {
  if (type === "uint8") return data as Uint8Array;
  const isFloat = isTypedArray(data, "Float32Array", "Float64Array");
  const numbers = isFloat ? data : Float64Array.from(data as ArrayLike<number | bigint>, Number);
  const bad = numbers.findIndex(
    isFloat ? (x) => !Number.isFinite(x) : (x) => !Number.isSafeInteger(x),
  );
  if (bad < 0) return numbers;
  const wanted = isFloat ? "finite" : "whole numbers below 2^53, which float64 holds";
  throw new UnusableFileError(
    `${where}: inputs must be ${wanted}, found ${data[bad]} at index ${first + bad}`,
  );
}

function labelNumbers({ type, data }: NpyArray, where: string): Labels {
  if (type.startsWith("float") || type === "bool") {
    throw new UnusableFileError(`${where}: expected labels of an integer type, found ${type}`);
  }
  return ofFile(() => asLabels(data, where));
}
