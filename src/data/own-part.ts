/**
 * What the readers of one's own files have in common: a part (training or test), and the shape of
 * its samples.
 */
import { size } from "../shape-size.js";
import { InputError, UnusableFileError } from "../errors.js";
import type { AnyInputs } from "../inputs.js";
import { pickRows } from "../pick-rows.js";
import { type Labels, labelsLike } from "./labels.js";
import type { ArchiveNames, IdxSource, NpySource } from "./source.js";

/** Samples as read from files, before they are checked as a whole. */
export interface OwnPart {
  /** Where they are from, for error messages. */
  readonly where: string;
  /** [count, features] row-major; bytes mean value / 255. */
  readonly inputs: AnyInputs;
  /** Empty where there are targets. */
  readonly labels: Labels;
  /** [count, target features] row-major. */
  readonly targets?: Float32Array;
  /** Where only some samples were read: the labels of all. */
  readonly allLabels?: Labels;
}

/** What is to be told of the samples of a part: their labels, or numbers. */
export interface Answers {
  /** Samples that have one. */
  readonly count: number;
  /** Those of the rows that were picked, or all. */
  of(picked: Int32Array | undefined): Pick<OwnPart, "labels" | "allLabels" | "targets">;
}

export function labelAnswers(all: Labels): Answers {
  return {
    count: all.length,
    of: (picked) =>
      picked
        ? { labels: pickRows(all, 1, picked, labelsLike(all, picked.length)), allLabels: all }
        : { labels: all },
  };
}

/**
 * @param values - [count, features] row-major
 * @throws UnusableFileError for one that is not finite in float32
 */
export function targetAnswers(
  values: ArrayLike<number | bigint>,
  features: number,
  where: string,
): Answers {
  const all = Float32Array.from(values, Number);
  const bad = all.findIndex((y) => !Number.isFinite(y));
  if (bad >= 0) {
    throw new UnusableFileError(
      `${where}: targets must be finite in float32, found ${values[bad]} at index ${bad}`,
    );
  }
  return {
    count: all.length / features,
    of: (picked) => ({
      labels: new Uint8Array(0),
      targets: picked
        ? pickRows(all, features, picked, new Float32Array(picked.length * features))
        : all,
    }),
  };
}

/** Shape of a sample: [channels, height, width]. */
export type SampleShape = readonly [channels: number, height: number, width: number];

/**
 * The shape of a sample, from that of an array with all samples: [count, features], [count, height,
 * width] or [count, channels, height, width].
 *
 * @param wanted - the shape that was asked for, if any
 * @throws UnusableFileError if the array has no such shape, or none that agrees with the wanted one
 */
export function sampleShape(
  array: readonly number[],
  wanted: readonly number[] | undefined,
  where: string,
): SampleShape {
  const [count, ...sample] = array;
  if (array.length < 2 || array.length > 4 || array.includes(0)) {
    throw new UnusableFileError(
      `${where}: expected shape [count, features], [count, height, width] or [count, ` +
        `channels, height, width], found [${array.join(", ")}]`,
    );
  }
  if (wanted === undefined) return padded(sample);
  if (size(wanted) !== size(sample)) {
    throw new UnusableFileError(
      `${where}: expected samples of shape [${wanted.join(", ")}] (${size(wanted)} ` +
        `numbers), found ${count} of [${sample.join(", ")}] (${size(sample)})`,
    );
  }
  return padded(wanted);
}

function padded(shape: readonly number[]): SampleShape {
  const [a, b, c] = [1, 1, ...shape].slice(-3);
  return [a, b, c];
}

/**
 * Checks that there is a label for each sample, and one sample or more.
 *
 * @throws UnusableFileError if not, with both files
 */
export function checkCounts(
  inputs: string,
  count: number,
  labels: string,
  labelCount: number,
): void {
  if (count !== labelCount) {
    throw new UnusableFileError(
      `${inputs} has ${count} samples, but ${labels} has ${labelCount} labels: counts must be equal`,
    );
  }
}

/**
 * The arrays of an archive with what is to be told; otherwise as {@link answersOf}.
 *
 * @param key - of the names of the arrays
 */
export function answersIn(
  key: string,
  { labels, targets, testInputs, testLabels, testTargets }: ArchiveNames,
): ReturnType<typeof answersOf> {
  if ((labels === undefined) === (targets === undefined)) {
    const found = labels === undefined ? "neither" : "both";
    throw new InputError(`data.${key}: expected labels or targets, found ${found}`);
  }
  const [name, test, other] =
    targets === undefined
      ? ["testLabels", testLabels, testTargets]
      : ["testTargets", testTargets, testLabels];
  if (other !== undefined)
    throw new InputError(`data.${key}: expected ${name}, as for training, found the other kind`);
  checkPair(`${key}.testInputs`, testInputs, `${key}.${name}`, test);
  return { train: labels ?? targets!, test, targets: targets !== undefined };
}

/**
 * The files of what is to be told.
 *
 * @param key - of the test inputs
 * @throws InputError if there are files of both kinds, of none, or for one part only
 */
export function answersOf(
  key: string,
  testInputs: string | undefined,
  { trainLabels, testLabels, trainTargets, testTargets }: IdxSource | NpySource,
): { readonly train: string; readonly test: string | undefined; readonly targets: boolean } {
  const train = trainLabels ?? trainTargets;
  if (train === undefined || (trainLabels !== undefined && trainTargets !== undefined)) {
    const found = train === undefined ? "neither" : "both";
    throw new InputError(`data: expected trainLabels or trainTargets, found ${found}`);
  }
  const targets = trainTargets !== undefined;
  const [name, test, other] = targets
    ? ["testTargets", testTargets, testLabels]
    : ["testLabels", testLabels, testTargets];
  if (other !== undefined) {
    const wanted = targets ? "testTargets" : "testLabels";
    throw new InputError(`data: expected ${wanted}, as for training, found the other kind`);
  }
  checkPair(key, testInputs, name!, test);
  return { train, test, targets };
}

/** @throws InputError if one of two files that belong together is missing */
export function checkPair(
  one: string,
  first: string | undefined,
  other: string,
  second: string | undefined,
): void {
  if ((first === undefined) === (second === undefined)) return;
  const [there, absent] = first === undefined ? [other, one] : [one, other];
  throw new InputError(`data.${absent}: missing; expected it beside data.${there}`);
}
