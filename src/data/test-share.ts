/**
 * A test part out of the training file, where there is no file of its own: a share of its samples,
 * drawn by a seed. What is decided of the training samples is then decided of the others alone.
 */
import { InputError } from "../errors.js";
import { pickRows } from "../pick-rows.js";
import { stream } from "../random.js";
import {
  pickSamples,
  type SplitSamples,
  trainedRows,
  USE_DEFAULTS,
  type UseOptions,
} from "./in-use.js";
import { labelsLike } from "./labels.js";
import type { OwnPart } from "./own-part.js";
import { heldOut, splitSamples } from "./split.js";

/** How the test part is drawn. */
export interface TestShareOptions {
  /** Samples for it: their number, or their share. */
  readonly share: number;
  readonly splitSeed?: number | undefined;
  /** So many of each class as its share of the samples. */
  readonly stratify?: boolean | undefined;
}

/**
 * The places of the training and of the test samples, ascending.
 *
 * @throws InputError for a share that can't be, or to stratify samples without labels
 */
export function testSplit(
  samples: SplitSamples,
  { share, splitSeed = USE_DEFAULTS.splitSeed, stratify = false }: TestShareOptions,
): { readonly train: Int32Array; readonly test: Int32Array } {
  const held = heldOut(samples.count, share, undefined, "test");
  if (held === 0) throw new InputError("testShare must be above 0, found 0");
  const { train, valid } = splitSamples(samples, held, stratify, stream(splitSeed, "test"));
  return { train: train.toSorted(), test: valid.toSorted() };
}

/**
 * Which samples of a file are trained with, where a share of them is for the test; otherwise as
 * {@link trainedRows}.
 */
export function learningRows(
  samples: SplitSamples,
  share: number | undefined,
  use: UseOptions,
): Int32Array | undefined {
  if (share === undefined) return trainedRows(samples, use);
  const { train } = testSplit(samples, { ...use, share });
  const { labels: all } = samples;
  const labels = all.length > 0 ? pickRows(all, 1, train, labelsLike(all, train.length)) : all;
  const rows = trainedRows({ labels, count: train.length }, use);
  return rows ? rows.map((place) => train[place]) : train;
}

/**
 * Divides the samples of a file.
 *
 * @param count - of its samples
 * @throws InputError as {@link testSplit}
 */
export function withTestShare(
  part: OwnPart,
  count: number,
  options: TestShareOptions,
): { readonly train: OwnPart; readonly test: OwnPart } {
  const { train, test } = testSplit({ labels: part.labels, count }, options);
  const pick = (rows: Int32Array): OwnPart => {
    const { count: _, ...samples } = pickSamples({ ...part, count }, rows);
    return { where: part.where, ...samples };
  };
  return { train: pick(train), test: pick(test) };
}
