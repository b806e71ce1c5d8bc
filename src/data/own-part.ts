/**
 * What the readers of one's own files have in common: a part (training or test), and the shape of
 * its samples.
 */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import type { Inputs } from "../inputs.js";

/** Samples as read from files, before they are checked as a whole. */
export interface OwnPart {
  /** Where they are from, for error messages. */
  readonly where: string;
  /** [count, features] row-major; bytes mean value / 255. */
  readonly inputs: Inputs;
  /** Empty where there are targets. */
  readonly labels: Uint8Array;
  /** [count, target features] row-major. */
  readonly targets?: Float32Array;
  /** Where only some samples were read: the labels of all. */
  readonly allLabels?: Uint8Array;
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
