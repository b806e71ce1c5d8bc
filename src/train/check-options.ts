/** The checks of what `fit` is told that come before anything else. */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { AnyDataset } from "../data/dataset.js";
import { heldOut } from "../data/split.js";
import { areBytes } from "../inputs.js";
import { PRECISIONS } from "../nn/precision.js";
import { hasAccuracy, LOSS_KINDS } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import { checkClip } from "../optim/clip.js";
import { checkDensityControl } from "../optim/density-control.js";
import { checkFreeze } from "../optim/freeze.js";
import { at } from "../placed.js";
import { isWeightRole } from "../runtime/parameter.js";
import { checkAverage } from "./average.js";
import {
  FIT_OPTIONS,
  settingsOf,
  type CheckpointOptions,
  type FitOptions,
  type GroupOptimizers,
  type Settings,
} from "./fit-options.js";
import { checkStop } from "./judged-epochs.js";
import { checkInputs, checkOutputs } from "./fits-data.js";
import { checkParts } from "./lone-values.js";

const GROUPS: OptionKeys<GroupOptimizers> = { weights: 1, biases: 1, convs: 1, norms: 1, skips: 1 };
const CHECKPOINT: OptionKeys<CheckpointOptions> = {
  folder: 1,
  everySeconds: 1,
  resume: 1,
  identity: 1,
  about: 1,
};

/**
 * The settings of these options.
 *
 * @throws InputError as `fit`
 */
export function checkOptions(model: Model, data: AnyDataset, options: FitOptions): Settings {
  const settings = settingsOf(knownOptions("fit", options, FIT_OPTIONS), data);
  checkCounts(settings);
  checkSamples(model, data, settings);
  checkOptimizers(settings.optimizer);
  checkNumbers(settings);
  checkLoss(settings);
  checkJudging(settings);
  checkWeights(settings, data);
  const { clip, average, targetDensity, freeze } = settings;
  if (clip !== undefined) checkClip(clip);
  if (average !== undefined) checkAverage(average);
  if (targetDensity !== undefined) checkDensityControl(targetDensity);
  if (freeze !== undefined) checkFreeze(freeze);
  checkModel(model, data, settings);
  return settings;
}

function checkCounts({
  epochs,
  batchSize,
  microBatches,
  limit = 1,
  freshStatistics = 1,
}: Settings): void {
  for (const [name, value] of Object.entries({
    epochs,
    batchSize,
    microBatches,
    limit,
    freshStatistics,
  })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError(`fit: ${name} must be a positive integer, found ${value}`);
    }
  }
  if (microBatches > batchSize) {
    throw new InputError(
      `fit: microBatches must be at most batchSize (${batchSize}), found ${microBatches}`,
    );
  }
}

function checkSamples(model: Model, data: AnyDataset, settings: Settings): void {
  const { validation, limit = Infinity } = settings;
  if (data.train.count === 0) throw new InputError(`fit: "${data.name}" has no training samples`);
  const held = at("fit", () => heldOut(data.train.count, validation, settings.limit));
  checkParts("fit", model, { ...settings, samples: Math.min(limit, data.train.count - held) });
}

/** Types say as much, but not to those who write JavaScript. */
function checkOptimizers(optimizers: GroupOptimizers): void {
  const { weights, biases, ...others } = knownOptions("fit: optimizer", optimizers ?? {}, GROUPS);
  for (const [group, optimizer] of Object.entries({ weights, biases, ...others })) {
    const isNeeded = group === "weights" || group === "biases";
    if (optimizer === undefined ? isNeeded : typeof optimizer?.step !== "function") {
      throw new InputError(
        `fit: optimizer.${group} must be an optimizer such as linBreg({ tau: 0.1 }), found ${typeof optimizer}`,
      );
    }
  }
}

function checkNumbers({ sampleDual = 1, labelSmoothing, checkpoint, precision }: Settings): void {
  if (!PRECISIONS.includes(precision)) {
    throw new InputError(
      `fit: precision must be one of ${PRECISIONS.join(", ")}, found ${String(precision)}`,
    );
  }
  if (!(sampleDual > 0 && sampleDual < Infinity)) {
    throw new InputError(`fit: sampleDual must be a finite number above 0, found ${sampleDual}`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new InputError(
      `fit: labelSmoothing must be at least 0 and less than 1, found ${labelSmoothing}`,
    );
  }
  const { everySeconds = 0 } = checkpoint
    ? knownOptions("fit: checkpoint", checkpoint, CHECKPOINT)
    : {};
  if (!(everySeconds >= 0 && everySeconds < Infinity)) {
    throw new InputError(
      `fit: checkpoint.everySeconds must be a finite number of at least 0, found ${everySeconds}`,
    );
  }
}

function checkLoss({ loss, labelSmoothing, schedule, validation }: Settings): void {
  if (labelSmoothing > 0 && loss !== "crossEntropy") {
    throw new InputError(`fit: labelSmoothing is for crossEntropy, found ${String(loss)}`);
  }
  if (!LOSS_KINDS.includes(loss)) {
    throw new InputError(
      `fit: loss must be one of ${LOSS_KINDS.join(", ")}, found ${String(loss)}`,
    );
  }
  if (schedule.metric === "validAccuracy" && (validation === 0 || !hasAccuracy(loss))) {
    throw new InputError(
      `fit: the schedule "${schedule.kind}" watches the validation accuracy: expected ` +
        `validation samples and the loss crossEntropy, found ${validation} validation ` +
        `samples and the loss ${loss}`,
    );
  }
}

function checkWeights({ classWeights, loss }: Settings, { classes }: AnyDataset): void {
  if (classWeights === undefined) return;
  if (loss !== "crossEntropy")
    throw new InputError(`fit: classWeights are for crossEntropy, found ${loss}`);
  if (classWeights === "balanced") return;
  if (!Array.isArray(classWeights) || classWeights.length !== classes) {
    const found = Array.isArray(classWeights) ? classWeights.length : String(classWeights);
    throw new InputError(
      `fit: classWeights must be "balanced" or one number for each of the ${classes} classes, found ${found}`,
    );
  }
  const bad = classWeights.findIndex((w) => !(w >= 0 && w < Infinity));
  if (bad < 0 && classWeights.some((w) => w > 0)) return;
  const found = bad < 0 ? "zeros only" : `${classWeights[bad]} at index ${bad}`;
  throw new InputError(
    `fit: classWeights must be finite numbers of at least 0, and one of them above, found ${found}`,
  );
}

/** What follows the validation needs some. */
function checkJudging({ keep = "last", stop, validation }: Settings): void {
  if (keep !== "last" && keep !== "best") {
    throw new InputError(`fit: keep must be "last" or "best", found ${String(keep)}`);
  }
  if (stop !== undefined) at("fit", () => checkStop(stop));
  const needs = keep === "best" ? `keep: "best"` : stop && "stop";
  if (needs && validation === 0) {
    throw new InputError(
      `fit: ${needs} follows the validation: expected validation samples, found 0 of them`,
    );
  }
}

function checkModel(model: Model, data: AnyDataset, { augment, loss }: Settings): void {
  if (!model.nodes.some(({ parameters }) => parameters.some(({ role }) => isWeightRole(role)))) {
    throw new InputError(
      "fit: expected a model with a linear layer or a convolution, found one without weights",
    );
  }
  if (model.nodes.every(({ parameters }) => parameters.every(({ still }) => still))) {
    throw new InputError(
      "fit: expected a layer that is trained, found train: false in all of them",
    );
  }
  checkInputs("fit", model, data);
  if (augment && !(model.input.length === 3 && areBytes(data.train.inputs))) {
    const kind = areBytes(data.train.inputs) ? "bytes" : "numbers";
    throw new InputError(
      "fit: augment needs images of bytes for an input of [channels, height, width], " +
        `found ${kind} for an input of [${model.input.join(", ")}]`,
    );
  }
  checkOutputs("fit", model, data, loss);
}
