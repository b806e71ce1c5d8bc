/**
 * What a data set is: samples with labels, split into a training and a test part, and what is needed to normalise them.
 *
 * Inputs are stored as they come, one sample after the other, channels first: [count, channels, height, width]. A sample of
 * bytes means value / 255. The batch maker applies (x - mean[c]) / std[c] after that, if the recipe asks for it.
 */

export interface Samples {
  /** [count, features] row-major; bytes mean value / 255, floats are taken as they are. */
  readonly inputs: Uint8Array | Float32Array;
  /** [count], each below the number of classes. */
  readonly labels: Uint8Array;
  readonly count: number;
}

export interface Dataset {
  readonly name: string;
  /** Number of classes. */
  readonly classes: number;
  /** One name a class. */
  readonly labelNames: readonly string[];
  /** Shape of a sample: [channels, height, width]; the product is the number of features. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Mean of each channel, in units of the scaled inputs. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of the scaled inputs. */
  readonly std: readonly number[];
  readonly train: Samples;
  readonly test: Samples;
}

export interface ArraysOptions {
  /** Training samples: inputs [count, features] row-major, labels [count]. */
  readonly train: { readonly inputs: Uint8Array | Float32Array; readonly labels: Uint8Array };
  /** Test samples. Default: none. */
  readonly test?: { readonly inputs: Uint8Array | Float32Array; readonly labels: Uint8Array };
  /** Shape of a sample, [channels, height, width] or just [features]. */
  readonly shape: readonly number[];
  /** Default: the largest label plus 1. */
  readonly classes?: number;
  /** Default "arrays". */
  readonly name?: string;
  /** Default "0", "1", ... */
  readonly labelNames?: readonly string[];
  /** One number a channel. Default: zeros. */
  readonly mean?: readonly number[];
  /** One number a channel. Default: ones. */
  readonly std?: readonly number[];
}

/**
 * A data set from plain typed arrays. The arrays are used, not copied.
 *
 * @example
 * const data = fromArrays({ shape: [2], train: { inputs: new Float32Array([0, 0, 1, 1]), labels: new Uint8Array([0, 1]) } });
 * data.train.count; // 2
 *
 * @throws TypeError if kinds or lengths don't fit together; RangeError for a value that can't be: a label that is not
 * below `classes`, an input that is not finite, a deviation that is not positive.
 */
export function fromArrays(options: ArraysOptions): Dataset {
  const shape = sampleShape(options.shape);
  const features = shape[0] * shape[1] * shape[2];
  const none = { inputs: options.train.inputs.slice(0, 0), labels: new Uint8Array(0) };
  const train = checkedSamples("train", options.train, features);
  const test = checkedSamples("test", options.test ?? none, features);
  const classes = options.classes ?? 1 + Math.max(largest(train.labels), largest(test.labels));
  if (!Number.isInteger(classes) || classes < 1 || classes > 256) {
    throw new RangeError(`classes must be an integer from 1 to 256, found ${classes}`);
  }
  checkLabels(train.labels, classes, "train.labels");
  checkLabels(test.labels, classes, "test.labels");
  const labelNames = options.labelNames ?? Array.from({ length: classes }, (_, i) => String(i));
  if (labelNames.length !== classes) {
    throw new TypeError(`labelNames must have one name for each of the ${classes} classes, found ${labelNames.length}`);
  }
  const mean = options.mean ?? Array.from({ length: shape[0] }, () => 0);
  const std = options.std ?? Array.from({ length: shape[0] }, () => 1);
  checkChannelNumbers("mean", mean, shape[0], Number.isFinite, "finite");
  checkChannelNumbers("std", std, shape[0], (x) => Number.isFinite(x) && x > 0, "positive");
  return { name: options.name ?? "arrays", classes, labelNames, shape, mean, std, train, test };
}

/**
 * Checks that every label is below `classes`.
 *
 * @throws RangeError that names the first label that is not, and its place.
 */
export function checkLabels(labels: Uint8Array, classes: number, where: string): void {
  const bad = labels.findIndex((label) => label >= classes);
  if (bad >= 0) {
    throw new RangeError(`${where}: label ${labels[bad]} at index ${bad}: labels must be from 0 to ${classes - 1}`);
  }
}

function sampleShape(shape: readonly number[]): [number, number, number] {
  const isShape = shape.length === 1 || shape.length === 3;
  if (!isShape || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new TypeError(
      `shape must be [features] or [channels, height, width] of positive integers, found [${shape.join(", ")}]`,
    );
  }
  return shape.length === 1 ? [1, 1, shape[0]] : [shape[0], shape[1], shape[2]];
}

function checkedSamples(where: string, { inputs, labels }: ArraysOptions["train"], features: number): Samples {
  if (!(inputs instanceof Uint8Array || inputs instanceof Float32Array)) {
    throw new TypeError(`${where}.inputs must be a Uint8Array or a Float32Array, found ${kindOf(inputs)}`);
  }
  if (!(labels instanceof Uint8Array)) {
    throw new TypeError(`${where}.labels must be a Uint8Array, found ${kindOf(labels)}`);
  }
  const count = labels.length;
  if (inputs.length !== count * features) {
    throw new TypeError(
      `${where}.inputs must have ${count} labels x ${features} features = ${count * features} elements, found ${inputs.length}`,
    );
  }
  const bad = inputs instanceof Float32Array ? inputs.findIndex((x) => !Number.isFinite(x)) : -1;
  if (bad >= 0) {
    const place = `sample ${Math.floor(bad / features)}, feature ${bad % features}`;
    throw new RangeError(`${where}.inputs must be finite, found ${inputs[bad]} at index ${bad} (${place})`);
  }
  return { inputs, labels, count };
}

function checkChannelNumbers(
  what: string,
  numbers: readonly number[],
  channels: number,
  isGood: (x: number) => boolean,
  wanted: string,
): void {
  if (numbers.length !== channels) {
    throw new TypeError(`${what} must have one number for each of the ${channels} channels, found ${numbers.length}`);
  }
  if (!numbers.every(isGood)) throw new RangeError(`${what} must be ${wanted}, found [${numbers.join(", ")}]`);
}

function largest(labels: Uint8Array): number {
  return labels.reduce((max, label) => Math.max(max, label), 0);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return (value as object).constructor?.name ?? typeof value;
}
