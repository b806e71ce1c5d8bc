/**
 * Reads one's own data from arrays in files: one of inputs and one of labels, idx or .npy, or a
 * .npz file with both.
 */
import { ofFile, UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import type { AnyInputs, Inputs } from "../inputs.js";
import { type ChannelPlace, channelsFirst, type SampleArray } from "./channels.js";
import { idxHeader, LONGEST_IDX_HEADER } from "./idx-format.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import { readIdx } from "./idx.js";
import { asLabels, type Labels } from "./labels.js";
import { type NpyArray, readNpy } from "./npy.js";
import { LONGEST_NPY_HEADER, npyHeader } from "./npy-header.js";
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
import { headerOf } from "./read-headed.js";
import { type ArrayKind, storedOrRead } from "./stored-array.js";

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
  /** Bytes of inputs that may be in memory: more stay in the file. Default: all. */
  readonly memory?: number | undefined;
}

/**
 * Reads images and labels [count] from idx files, plain or gzip-compressed. Images are [count,
 * height, width], or of four dimensions.
 *
 * @throws as `readIdx`, `channelsFirst` and `sampleShape`; UnusableFileError if the counts differ
 */
export function readIdxPart(images: string, labels: string, options: ArrayOptions): ArrayPart {
  const { shape: wanted, channels, use, memory } = options;
  const given = options.targets ? targetsIn(readNpy(labels), labels) : idxLabels(labels);
  const picking = rowsFor(images, labels, given.count, use);
  const { shape, data } = storedOrRead({
    header: () => {
      const said = headerOf(images, LONGEST_IDX_HEADER, (head) =>
        idxHeader(head, { where: images }),
      );
      return said && { shape: said.shape, kind: "bytes", bytes: 1 };
    },
    read: (rows) => readIdx(images, {}, rows),
    arranged: (array) => channelsFirst(array, channels, images),
    memory,
    rows: picking?.rows,
  });
  if (!picking?.picked()) checkCounts(images, shape[0], labels, given.count);
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
  const array = storedOrRead({
    header: () => npyKind(inputs),
    read: (rows) => numbersOf(readNpy(inputs, rows), inputs),
    arranged: (array) => channelsFirst(array, options.channels, inputs),
    memory: options.memory,
    rows: picking?.rows,
  });
  return samplePart(array, inputs, answers, labels, options, picking?.picked());
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
  const array = numbersOf(arrays.get(inputs)!, inputsAt);
  const ordered = channelsFirst(array, options.channels, inputsAt);
  return samplePart(ordered, inputsAt, answers, toldAt, options, undefined);
}

function numbersOf(array: NpyArray, where: string): SampleArray {
  return { shape: array.shape, data: inputNumbers(array, where) };
}

/** What the inputs in a file are, before they are read. */
function npyKind(path: string): ArrayKind | undefined {
  const said = headerOf(path, LONGEST_NPY_HEADER, (head) => npyHeader(head, path));
  if (!said) return undefined;
  const { shape, type } = said;
  if (type.name === "uint8") return { shape, kind: "bytes", bytes: 1 };
  return { shape, kind: "numbers", bytes: type.name === "float32" ? 4 : 8 };
}

/** @param picked - the rows that were read of the inputs; undefined: all */
function samplePart(
  { shape, data }: SampleArray<AnyInputs>,
  inputs: string,
  answers: Answers,
  labels: string,
  { shape: wanted }: ArrayOptions,
  picked: Int32Array | undefined,
): ArrayPart {
  if (shape.length > 0 && !picked) checkCounts(inputs, shape[0], labels, answers.count);
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
