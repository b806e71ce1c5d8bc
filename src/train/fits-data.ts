/** Whether a model and a data set go together. */
import { InputError } from "../errors.js";
import { areBytes } from "../inputs.js";
import { checkChannelNumbers } from "../data/channel-numbers.js";
import type { AnyDataset } from "../data/dataset.js";
import { targetFeatures } from "../data/check-samples.js";
import { startHint } from "../data/labels.js";
import { size } from "../shape-size.js";
import { needsTargets, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import { at } from "../placed.js";

/**
 * Checks that the model takes the samples: the same number of features, and where both are images
 * the same shape. Flat samples of numbers may be images to the model; bytes are normalised channel
 * by channel, so that their channels must be known.
 *
 * @param who - function that is told of, e.g. "fit"
 * @throws InputError if it does not, or the data's means and deviations are not of its channels;
 * also for one of them that can't be
 */
export function checkInputs(who: string, { input }: Model, data: AnyDataset): void {
  const { name, shape, train } = data;
  at(`${who}: "${name}"`, () => checkChannelNumbers(shape, data));
  const [features, expected] = [size(shape), size(input)];
  if (features !== expected) {
    throw new InputError(
      `${who}: the model takes ${expected} features, a sample of "${name}" has ${features} ([${shape.join(", ")}])`,
    );
  }
  if (input.length !== 3 || input.join() === shape.join()) return;
  const numbers = !areBytes(train.inputs);
  const isFlat = shape[0] === 1 && shape[1] === 1;
  // Columns of a table are channels of one number.
  const isTable = shape[1] === 1 && shape[2] === 1;
  if ((isFlat && (input[0] === 1 || numbers)) || (isTable && numbers)) return;
  throw new InputError(
    `${who}: the model takes images of [${input.join(", ")}], a sample of "${name}" ` +
      `has [${shape.join(", ")}]: state the shape of its samples`,
  );
}

/**
 * The loss that goes with the data: labels are to be told apart, targets alone to be come near to.
 */
export function lossOf({ classes }: Pick<AnyDataset, "classes">): LossKind {
  return classes === 0 ? "meanSquaredError" : "crossEntropy";
}

/** Says so where the loss is the data's choice, and not the usual one. */
export function lossNotes(given: LossKind | undefined, data: AnyDataset): string[] {
  if (given !== undefined || lossOf(data) === "crossEntropy") return [];
  return [`"${data.name}" has targets and no labels, so that the loss is meanSquaredError.`];
}

/**
 * @throws InputError if the model's outputs are not what the loss compares with the labels or
 *   targets of the data
 */
export function checkOutputs(
  who: string,
  { output }: Model,
  { name, classes, train, test }: AnyDataset,
  loss: LossKind,
): void {
  if (!needsTargets(loss)) {
    checkClasses(who, output, { name, classes, train });
    return;
  }
  const outputs = size(output);
  for (const [part, samples] of [["train", train] as const, ["test", test] as const]) {
    const found = targetFeatures(samples);
    if (samples.count === 0 || found === outputs) continue;
    throw new InputError(
      `${who}: the model has ${outputs} outputs: ${loss} expects targets ` +
        `with as many features, found ${found || "no targets"} in the ${part} samples ` +
        `of "${name}"`,
    );
  }
  if (loss === "binaryCrossEntropy") checkShares(who, { name, train, test });
}

/** Labels that are there or not: any number between says how likely it is. */
function checkShares(who: string, data: Pick<AnyDataset, "name" | "train" | "test">): void {
  for (const part of ["train", "test"] as const) {
    const { targets } = data[part];
    const bad = targets?.findIndex((t) => !(t >= 0 && t <= 1)) ?? -1;
    if (bad < 0) continue;
    throw new InputError(
      `${who}: binaryCrossEntropy expects targets from 0 to 1, found ${targets![bad]} at index ` +
        `${bad} of the ${part} samples of "${data.name}"`,
    );
  }
}

function checkClasses(
  who: string,
  output: readonly number[],
  { name, classes, train }: Pick<AnyDataset, "name" | "classes" | "train">,
): void {
  const hint = train.targets ? `; for its targets say loss: "meanSquaredError"` : "";
  if (classes === 0) {
    throw new InputError(
      `${who}: crossEntropy compares with labels, "${name}" has targets only${hint}`,
    );
  }
  if (classes === 1) {
    throw new InputError(
      `${who}: crossEntropy tells classes apart, and all labels of "${name}" are 0: ` +
        `expected two classes or more${hint}`,
    );
  }
  if (output.length === 1 && output[0] === classes) return;
  const wanted = `"${name}" has ${classes} classes, an output for each`;
  throw new InputError(
    `${who}: the model has an output of [${output.join(", ")}], ${wanted}${startHint(train.labels)}${hint}`,
  );
}
