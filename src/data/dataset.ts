/**
 * What a data set is: samples with labels, split into a training and a test part, and what is
 * needed to normalise them.
 *
 * Inputs are stored as they come, one sample after the other, channels first: [count, channels,
 * height, width]. A sample of bytes means value / 255. The batch maker applies (x - mean[c]) /
 * std[c] after that, if the recipe asks for it.
 */
import { InputError } from "../errors.js";
import {
  type AnyInputs,
  INPUT_KINDS,
  type Inputs,
  inputsLike,
  isInputs,
  isStored,
} from "../inputs.js";
import { checkAlike, checkFinite, targetFeatures } from "./check-samples.js";
import { isTypedArray, kindOf } from "../kinds.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Preparation } from "../preparation.js";
import type { Normalization } from "../normalization.js";
import { withHeight } from "../shape-size.js";
import { channelNumbers } from "./channel-numbers.js";
import {
  asLabels,
  checkLabels,
  type LabelList,
  type Labels,
  labelRange,
  MOST_CLASSES,
  startNotes,
} from "./labels.js";

import { channelStatistics } from "./statistics.js";

export interface Samples<I extends AnyInputs = Inputs> {
  /** [count, features] row-major; bytes mean value / 255, numbers are taken as they are. */
  readonly inputs: I;
  /**
   * [count], each below the number of classes: bytes, or 16 bits where one is above 255; empty if
   * there are targets only.
   */
  readonly labels: Labels;
  /**
   * [count, target features] row-major: what the outputs are compared with, in their units.
   */
  readonly targets?: Float32Array;
  readonly count: number;
}

/** Samples whose inputs are in memory, or elsewhere. */
export type AnySamples = Samples<AnyInputs>;

export interface Dataset<I extends AnyInputs = Inputs> {
  readonly name: string;
  /** Number of classes; 0 if there are targets only. */
  readonly classes: number;
  /** One name a class. */
  readonly labelNames: readonly string[];
  /** Shape of a sample: [channels, height, width]; the product is the number of features. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Mean of each channel, or of each feature of flat samples, in units of the scaled inputs. */
  readonly mean: readonly number[];
  /** Standard deviations, as many as there are means, in units of the scaled inputs. */
  readonly std: readonly number[];
  readonly train: Samples<I>;
  readonly test: Samples<I>;
  /** One name a feature of the targets, where they have some. */
  readonly targetNames?: readonly string[];
  /**
   * Mean and deviation of each feature of the training targets, where training is to be with (y -
   * mean) / std; `fit` then gives back a network with outputs in the units of the targets.
   */
  readonly targetNormalization?: Normalization;
  /**
   * What a person should know of the files they come from, a line each; `fit` tells it when it
   * starts.
   */
  readonly notes?: readonly string[];
  /** How new samples of such files become inputs: kept with the network that learns of these. */
  readonly preparation?: Preparation;
}

/** A data set whose inputs are in memory, or elsewhere, such as those of `openData`. */
export type AnyDataset = Dataset<AnyInputs>;

/**
 * Inputs [count, features] row-major, with labels [count] to classify or targets [count, target
 * features] to come near to.
 */
export type ArraysPart<I extends AnyInputs = Inputs> =
  | {
      readonly inputs: I;
      /** Whole numbers from 0 to 65534. */
      readonly labels: LabelList;
      readonly targets?: Float32Array;
    }
  | {
      readonly inputs: I;
      readonly labels?: undefined;
      readonly targets: Float32Array;
    };

export interface ArraysOptions<I extends AnyInputs = Inputs> {
  /** Training samples. */
  readonly train: ArraysPart<I>;
  /** Test samples, with labels and targets if the training samples have some. Default: none. */
  readonly test?: ArraysPart<I> | undefined;
  /** Shape of a sample, [channels, height, width] or just [features]. */
  readonly shape: readonly number[];
  /** Default: the largest label plus 1. */
  readonly classes?: number | undefined;
  /** Default "arrays". */
  readonly name?: string | undefined;
  /** Default "0", "1", ... */
  readonly labelNames?: readonly string[] | undefined;
  /** One name a feature of the targets. Default: none. */
  readonly targetNames?: readonly string[] | undefined;
  /**
   * Train with targets of mean 0 and deviation 1, whatever their units; outputs of the trained
   * network are in these units all the same. For the losses of regression, and models that end in a
   * linear layer with biases. Default false: with the targets as they are.
   */
  readonly normalizeTargets?: boolean | undefined;
  /** One number a channel; for [features] one for all, or one for each. Default: zeros. */
  readonly mean?: readonly number[] | undefined;
  /** As mean. Default: ones. */
  readonly std?: readonly number[] | undefined;
}

const OPTIONS: OptionKeys<ArraysOptions<AnyInputs>> = {
  train: 1,
  test: 1,
  shape: 1,
  classes: 1,
  name: 1,
  labelNames: 1,
  targetNames: 1,
  normalizeTargets: 1,
  mean: 1,
  std: 1,
};
/** Those of another data set's samples will do as well. */
const PART: OptionKeys<ArraysPart<AnyInputs> | AnySamples> = {
  inputs: 1,
  labels: 1,
  targets: 1,
  count: 1,
};

/**
 * A data set from plain arrays. Typed arrays are used, not copied; labels may be any array of whole
 * numbers.
 *
 * @example
 * const train = { inputs: new Float32Array([0, 0, 1, 1]), labels: [0, 1] };
 * const data = fromArrays({ shape: [2], train });
 * data.train.count; // 2
 *
 * @example
 * // Targets in place of labels, y = x0 + x1 and y = x0 - x1, are trained by the squared error.
 * const targets = new Float32Array([3, -1, 7, -1]);
 * const train = { inputs: new Float32Array([1, 2, 3, 4]), targets };
 * const result = await fit(sequential([2], [linear(2)]), fromArrays({ shape: [2], train }), {
 *   optimizer: {
 *     weights: adaBreg({ tau: 0.1, regularizer: l1(0.01) }),
 *     biases: adaBreg({ tau: 0.1 }),
 *   },
 *   epochs: 200,
 * });
 * result.epochs.at(-1).trainLoss; // near 0
 *
 * @throws InputError if kinds or lengths don't fit together; also for a value that can't be: a
 * label that is not below `classes`, an input or target that is not finite, a deviation that is not
 * positive.
 */
export function fromArrays(options: ArraysOptions): Dataset;
export function fromArrays(options: ArraysOptions<AnyInputs>): AnyDataset;
export function fromArrays(options: ArraysOptions<AnyInputs>): AnyDataset {
  knownOptions("fromArrays", options, OPTIONS);
  const shape = sampleShape(options.shape);
  const features = shape[0] * shape[1] * shape[2];
  const train = checkedSamples("train", options.train, features);
  const none = {
    inputs: noInputs(train.inputs),
    labels: new Uint8Array(0),
    ...(train.targets && { targets: new Float32Array(0) }),
  };
  const test =
    options.test === undefined
      ? { ...none, count: 0 }
      : checkedSamples("test", options.test, features);
  checkAlike(train, test);
  const { name = "arrays" } = options;
  const notes = startNotes(train.labels, name);
  return {
    name,
    ...classesOf(options, train, test),
    shape,
    ...channelNumbers(shape, options),
    ...targetFacts(options, train),
    train,
    test,
    ...(notes.length > 0 && { notes }),
  };
}

/** Names of the targets, and what they are normalised by. */
function targetFacts(
  { targetNames, normalizeTargets = false }: ArraysOptions<AnyInputs>,
  train: AnySamples,
): Pick<Dataset, "targetNames" | "targetNormalization"> {
  const features = targetFeatures(train);
  if (targetNames !== undefined && targetNames.length !== features) {
    throw new InputError(
      `targetNames must have one name for each of the ${features} features of a target, found ${targetNames.length}`,
    );
  }
  if (normalizeTargets && features === 0) {
    throw new InputError("normalizeTargets is for samples with targets, found samples without");
  }
  const statistics = normalizeTargets && channelStatistics(train.targets!, features, 1);
  if (statistics && !statistics.std.every(Number.isFinite)) {
    throw new InputError(
      "train.targets are too large to be normalised: their deviation is not finite",
    );
  }
  return {
    ...(targetNames && { targetNames }),
    ...(statistics && { targetNormalization: statistics }),
  };
}

function classesOf(
  options: ArraysOptions<AnyInputs>,
  train: AnySamples,
  test: AnySamples,
): Pick<Dataset, "classes" | "labelNames"> {
  if (train.count > 0 && train.labels.length === 0) {
    for (const key of ["classes", "labelNames"] as const) {
      if (options[key] === undefined) continue;
      throw new InputError(`${key} is for samples with labels, found samples with targets only`);
    }
    return { classes: 0, labelNames: [] };
  }
  const classes =
    options.classes ?? 1 + Math.max(labelRange(train.labels)[1], labelRange(test.labels)[1]);
  if (!Number.isInteger(classes) || classes < 1 || classes > MOST_CLASSES) {
    throw new InputError(`classes must be an integer from 1 to ${MOST_CLASSES}, found ${classes}`);
  }
  checkLabels(train.labels, classes, "train.labels");
  checkLabels(test.labels, classes, "test.labels");
  const labelNames = options.labelNames ?? Array.from({ length: classes }, (_, i) => String(i));
  if (labelNames.length !== classes) {
    throw new InputError(
      `labelNames must have one name for each of the ${classes} classes, found ${labelNames.length}`,
    );
  }
  const bad = labelNames.findIndex((name: unknown) => typeof name !== "string");
  if (bad >= 0) {
    throw new InputError(
      `labelNames must be texts, found ${kindOf(labelNames[bad])} at index ${bad}`,
    );
  }
  return { classes, labelNames };
}

function sampleShape(shape: readonly number[]): [number, number, number] {
  if (
    ![1, 2, 3].includes(shape.length) ||
    !shape.every((size) => Number.isInteger(size) && size > 0)
  ) {
    throw new InputError(
      "shape must be [features], [channels, length] or [channels, height, width] of positive " +
        `integers, found [${shape.join(", ")}]`,
    );
  }
  const [channels, height, width] = withHeight(shape);
  return shape.length === 1 ? [1, 1, shape[0]] : [channels, height, width];
}

function checkedSamples(where: string, part: ArraysPart<AnyInputs>, features: number): AnySamples {
  const { inputs, targets } = knownOptions(`fromArrays: ${where}`, part, PART);
  if (!isInputs(inputs) && !isStored(inputs))
    throw new InputError(`${where}.inputs must be ${INPUT_KINDS}, found ${kindOf(inputs)}`);
  if (targets !== undefined && !isTypedArray(targets, "Float32Array")) {
    throw new InputError(`${where}.targets must be a Float32Array, found ${kindOf(targets)}`);
  }
  if (part.labels === undefined && targets === undefined) {
    throw new InputError(`${where}: expected labels, or targets, found neither`);
  }
  const labels = asLabels(part.labels ?? new Uint8Array(0), `${where}.labels`);
  // Samples of another data set may have targets and an empty list of labels.
  const isLabelled = targets === undefined || labels.length > 0;
  const count = isLabelled ? labels.length : Math.floor(inputs.length / features);
  if (inputs.length !== count * features) {
    throw new InputError(
      `${where}.inputs must have ${count} ${isLabelled ? "labels" : "samples"} x ` +
        `${features} features = ${count * features} elements, found ${inputs.length}`,
    );
  }
  if (
    targets &&
    (count === 0 ? targets.length > 0 : targets.length === 0 || targets.length % count !== 0)
  ) {
    throw new InputError(
      `${where}.targets must have the same number of features for each of the ` +
        `${count} samples, found ${targets.length} elements`,
    );
  }
  checkFinite(`${where}.inputs`, inputs, features);
  if (targets) checkFinite(`${where}.targets`, targets, targets.length / count);
  return { inputs, labels, count, ...(targets && { targets }) };
}

/** None, of the same kind. */
function noInputs(inputs: AnyInputs): Inputs {
  if (!isStored(inputs)) return inputsLike(inputs, 0);
  if (inputs.kind === "bytes") return new Uint8Array(0);
  return inputs.BYTES_PER_ELEMENT === 4 ? new Float32Array(0) : new Float64Array(0);
}
