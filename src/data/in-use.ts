/**
 * The training samples that a run with a limit uses: those it trains on and those it holds out. The
 * others need not be read, nor be in memory.
 */
import { InputError } from "../errors.js";
import { type AnyInputs, inputRows, isStored } from "../inputs.js";
import { pickRows } from "../pick-rows.js";
import { stream } from "../random.js";
import { withDefaults } from "../without-undefined.js";
import type { Dataset, Samples } from "./dataset.js";
import { labelsLike } from "./labels.js";
import { heldOut, type Split, split, splitSamples } from "./split.js";

/** What a run says of the samples it uses: see fit. */
export interface UseOptions {
  readonly limit?: number | undefined;
  readonly validation?: number | undefined;
  readonly splitSeed?: number | undefined;
  readonly stratify?: boolean | undefined;
}

/** What is so unless it is told otherwise. */
export const USE_DEFAULTS = { validation: 0, splitSeed: 42 } as const satisfies UseOptions;

/** How samples reach the training, unless it is told otherwise; recipes say the same. */
export const FEED_DEFAULTS = { batchSize: 128, shuffle: true, normalize: true } as const;

/**
 * Which of `count` samples a run uses, in such an order that it splits them as it would have split
 * all: its samples, and so its bits, are the same. Undefined: all of them.
 *
 * @throws InputError as heldOut
 */
export function rowsInUse(count: number, options: UseOptions): Int32Array | undefined {
  const { limit, validation, splitSeed } = withDefaults(USE_DEFAULTS, options);
  if (limit === undefined) return undefined;
  const held = heldOut(count, validation, limit);
  if (limit + held >= count) return undefined;
  const all = split(count, held, stream(splitSeed, "split"));
  const few = split(limit + held, held, stream(splitSeed, "split"));
  const rows = new Int32Array(limit + held);
  few.train.forEach((place, k) => (rows[place] = all.train[k]));
  few.valid.forEach((place, k) => (rows[place] = all.valid[k]));
  return rows;
}

/**
 * The data set with the training samples in use only. It is the same one if that is all of them.
 */
export function inUse<I extends AnyInputs>(data: Dataset<I>, options: UseOptions): Dataset<I> {
  const rows = rowsInUse(data.train.count, options);
  return rows ? { ...data, train: pickSamples(data.train, rows) } : data;
}

/** The data without what a run does not use, and the indices of its samples there. */
export interface InUse<I extends AnyInputs = AnyInputs> {
  readonly used: Dataset<I>;
  readonly train: Int32Array;
  readonly valid: Int32Array;
  /** They stand behind the training samples. */
  readonly test: Int32Array;
}

/**
 * What a run trains on, holds out, and is tested on.
 *
 * @throws InputError as heldOut
 */
export function samplesInUse<I extends AnyInputs>(data: Dataset<I>, options: UseOptions): InUse<I> {
  const { limit, stratify } = options;
  if (stratify && limit !== undefined)
    throw new InputError("stratify is for all samples: expected no limit beside it");
  const used = inUse(data, options);
  const { count } = used.train;
  const { train, valid } = divided(used.train, options);
  const test = Int32Array.from({ length: used.test.count }, (_, k) => count + k);
  return { used, train: train.subarray(0, limit), valid, test };
}

/** What a split needs to know of samples. */
export type SplitSamples = Pick<Samples, "labels" | "count">;

/** Those that are trained with, and those that are held out for validation. */
function divided(samples: SplitSamples, options: UseOptions): Split {
  const { limit, validation, splitSeed, stratify } = withDefaults(USE_DEFAULTS, options);
  const held = heldOut(samples.count, validation, limit);
  return splitSamples(samples, held, stratify, stream(splitSeed, "split"));
}

/**
 * The samples that a run trains with, by their places, ascending: what is decided of training
 * samples, such as their means, is decided of these alone. Undefined: all of them.
 *
 * @throws InputError as heldOut
 */
export function trainedRows(samples: SplitSamples, options: UseOptions): Int32Array | undefined {
  const { limit, validation = USE_DEFAULTS.validation } = options;
  if (validation === 0 && limit === undefined) return undefined;
  const train = divided(samples, options).train.subarray(0, limit);
  return train.length === samples.count ? undefined : train.toSorted();
}

/** Some samples, in the order of these rows. */
export function pickSamples<I extends AnyInputs>(
  { inputs, labels, targets, count }: Samples<I>,
  rows: Int32Array,
): Samples<I> {
  const pick = <A extends ArrayLike<number>>(from: A, to: A): A =>
    pickRows(from, from.length / count, rows, to);
  return {
    inputs: pickInputs(inputs, count, rows) as I,
    labels: pick(labels, labelsLike(labels, (labels.length / count) * rows.length)),
    ...(targets && {
      targets: pick(targets, new Float32Array((targets.length / count) * rows.length)),
    }),
    count: rows.length,
  };
}

/** Stored inputs stay where they are. */
function pickInputs(inputs: AnyInputs, count: number, rows: Int32Array): AnyInputs {
  const features = inputs.length / count;
  if (!isStored(inputs)) return inputRows(inputs, features, rows);
  const { kind, BYTES_PER_ELEMENT } = inputs;
  const places = (some: Int32Array) => some.map((place) => rows[place]);
  const length = features * rows.length;
  return { kind, length, BYTES_PER_ELEMENT, rows: (some) => inputs.rows(places(some)) };
}
