/** What `fit` can be told, and the checks of it that come before anything else. */
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { AugmentOptions } from "../data/augment.js";
import type { Dataset } from "../data/dataset.js";
import { heldOut } from "../data/split.js";
import { isBytes } from "../inputs.js";
import { LOSS_KINDS, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import { checkClip, type ClipOptions } from "../optim/clip.js";
import { checkDensityControl, type DensityControlOptions } from "../optim/density-control.js";
import { checkFreeze, type FreezeOptions } from "../optim/freeze.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedule.js";
import { at } from "../placed.js";
import { isWeightRole } from "../runtime/parameter.js";
import { COMPUTE_OPTIONS, type ComputeOptions } from "../runtime/pool.js";
import { checkAverage, type AverageOptions } from "./average.js";
import type { TrainEvent } from "./events.js";
import { checkInputs, checkOutputs, lossOf } from "./fits-data.js";
import type { InitOptions } from "./initial.js";
import { checkParts } from "./lone-values.js";
import type { Trainer } from "./trainer.js";

export type GroupOptimizers = Readonly<
  Record<"weights" | "biases", Optimizer> & Partial<Record<"convs" | "norms" | "skips", Optimizer | undefined>>
>;

/**
 * Where and when a run is saved. A checkpoint is one file, `checkpoint-<steps>.safetensors`, with everything the run needs
 * to go on; the last two are kept. One is written at the end of each epoch and when the run is stopped by its signal.
 */
export interface CheckpointOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Within an epoch another is written after so many seconds. Default 60. */
  readonly everySeconds?: number | undefined;
  /**
   * Goes on with the newest usable checkpoint of the folder, or from the beginning if there is none: a script that says
   * `resume: true` can be stopped and started again at will. On the same backend the result has the bits of a run that was
   * never stopped. Default false: a folder with checkpoints in it is an error.
   */
  readonly resume?: boolean | undefined;
  /** Texts that must be the same on resume, beside model, data and options; such as a hash of one's configuration. */
  readonly identity?: Readonly<Record<string, string>> | undefined;
  /** Texts to keep in the file; a resumed run's "start" event brings them back. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

export interface FitOptions extends ComputeOptions {
  /**
   * How each group of parameters is trained, e.g. `{ weights: linBreg({ regularizer: l1(0.1) }), biases: linBreg() }`.
   * Convolutions follow the weights unless `convs` is given; the factors of batch norm (`norms`) and the scalars of skip
   * connections (`skips`) follow the biases.
   */
  readonly optimizer: GroupOptimizers;
  readonly epochs: number;
  /** Default: every weight drawn, He variance, positive biases. */
  readonly init?: InitOptions | undefined;
  /**
   * "crossEntropy" needs labels, "meanSquaredError" targets of the model's output size. Default: crossEntropy, or
   * meanSquaredError for data with targets and no labels.
   */
  readonly loss?: LossKind | undefined;
  /** Default: constant learning rate. */
  readonly schedule?: Schedule | undefined;
  /**
   * Frozen steps between those that may change the patterns: their number m, or m with its schedule. They cost what the
   * non-zeros cost. Default: none.
   */
  readonly freeze?: number | FreezeOptions | undefined;
  /** Moves lambda so that the run comes to this density of its weights, or to several (see optim/density-control.ts). Default: lambda stays. */
  readonly targetDensity?: number | DensityControlOptions | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /**
   * Parts that each batch is computed in, one after the other; their gradients are added up. It takes the memory of one part, and
   * is the same step but for rounding, and for batch norm, whose statistics are those of a part. Default 1.
   */
  readonly microBatches?: number | undefined;
  /**
   * Less memory for more passes over it: of a convolutional net only the values are kept at which all its ways meet, such as the
   * ends of a ResNet's blocks; those between are computed again for the backward pass. The step has the same bits. It pays where
   * the convolutions are sparse: a dense net would take a third more time. Default false.
   */
  readonly recompute?: boolean | undefined;
  /** Bounds the gradient before the optimizers see it: `{ norm }` of all together, or `{ value }` of each component. Default: not. */
  readonly clip?: ClipOptions | undefined;
  /**
   * The sampled dual: the gradient of the zero weights of large linear layers is estimated from so many samples of the batch that its
   * variance is at most this share of the sum of the samples' squared gradients; non-zeros keep their exact gradient. It is unbiased
   * for LinBreg; AdaBreg sees the variance in its second moment too, which slows births. A number above 0; default: all is exact.
   */
  readonly sampleDual?: number | undefined;
  /** Cross-entropy: this share of each label is spread over all classes, in training only. 0 (the default) to less than 1. */
  readonly labelSmoothing?: number | undefined;
  /**
   * Validates, tests and returns the average of the weights over the last 1 / (1 - decay) steps or so, restricted to the present
   * pattern (see train/average.ts), e.g. `{ decay: 0.999 }`. Training is the same, unless its schedule follows the validation
   * accuracy; `observe` sees the weights in training. Default: not.
   */
  readonly average?: AverageOptions | undefined;
  /**
   * Batch norm's statistics are taken anew over so many batches of training samples before each evaluation, in place of the running
   * ones, which lag behind a pattern that changes. Training is the same. Default: running statistics.
   */
  readonly freshStatistics?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Training samples held out for validation: their number, or a share between 0 and 1 of the samples in use. Default 0, and
   * then there are no validation figures.
   */
  readonly validation?: number | undefined;
  /** Default 42. */
  readonly splitSeed?: number | undefined;
  /** Train on so many samples only. Default: all. */
  readonly limit?: number | undefined;
  /** Subtract the data's channel mean, divide by its deviation. Default true. */
  readonly normalize?: boolean | undefined;
  /** Moves, mirrors and cuts the training images by chance, anew in each epoch. Needs images of bytes. Default: not. */
  readonly augment?: AugmentOptions | undefined;
  /** Name in the events. Default "fit". */
  readonly name?: string | undefined;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /**
   * Takes what is likely to go wrong, a line each: a start that leaves units that can't learn, epochs without a birth, a target
   * that was missed. Each is an event of type "warning" too. Default: `process.emitWarning` in Node, `console.warn` in a browser.
   */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Called with the state before training (epoch 0) and after each epoch: weights can be looked at while it runs, not later. */
  readonly observe?: ((epoch: number, trainer: Trainer) => void) | undefined;
  /** Stops after the step under way; the result is then that of the weights as they are. */
  readonly signal?: AbortSignal | undefined;
  /** Keeps checkpoints, from which a run that was stopped or killed goes on. Default: none. */
  readonly checkpoint?: CheckpointOptions | undefined;
}

const GROUPS: OptionKeys<GroupOptimizers> = { weights: 1, biases: 1, convs: 1, norms: 1, skips: 1 };
const CHECKPOINT: OptionKeys<CheckpointOptions> = { folder: 1, everySeconds: 1, resume: 1, identity: 1, about: 1 };
const OPTIONS: OptionKeys<FitOptions> = {
  optimizer: 1,
  epochs: 1,
  init: 1,
  loss: 1,
  schedule: 1,
  freeze: 1,
  targetDensity: 1,
  batchSize: 1,
  microBatches: 1,
  recompute: 1,
  clip: 1,
  sampleDual: 1,
  labelSmoothing: 1,
  average: 1,
  freshStatistics: 1,
  seed: 1,
  validation: 1,
  splitSeed: 1,
  limit: 1,
  normalize: 1,
  augment: 1,
  ...COMPUTE_OPTIONS,
  name: 1,
  onEvent: 1,
  onWarning: 1,
  observe: 1,
  signal: 1,
  checkpoint: 1,
};

/** @throws RangeError, TypeError as `fit` */
export function checkOptions(model: Model, data: Dataset, options: FitOptions): void {
  knownOptions("fit", options, OPTIONS);
  const { epochs, batchSize = 128, microBatches = 1, validation = 0, limit, loss = lossOf(data) } = options;
  const { freshStatistics = 1 } = options;
  const counts = { epochs, batchSize, microBatches, limit: limit ?? 1, freshStatistics };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`fit: ${name} must be a positive integer, found ${value}`);
    }
  }
  if (data.train.count === 0) throw new RangeError(`fit: "${data.name}" has no training samples`);
  const held = at("fit", () => heldOut(data.train.count, validation, limit));
  checkOptimizers(options.optimizer);
  if (microBatches > batchSize) {
    throw new RangeError(`fit: microBatches must be at most batchSize (${batchSize}), found ${microBatches}`);
  }
  const samples = Math.min(limit ?? Infinity, data.train.count - held);
  checkParts("fit", model, { samples, batchSize, microBatches });
  const { sampleDual = 1, labelSmoothing = 0 } = options;
  if (!(sampleDual > 0 && sampleDual < Infinity)) {
    throw new RangeError(`fit: sampleDual must be a finite number above 0, found ${sampleDual}`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new RangeError(`fit: labelSmoothing must be at least 0 and less than 1, found ${labelSmoothing}`);
  }
  if (labelSmoothing > 0 && loss !== "crossEntropy") {
    throw new TypeError(`fit: labelSmoothing is for crossEntropy, found ${String(loss)}`);
  }
  if (options.clip !== undefined) checkClip(options.clip);
  if (options.average !== undefined) checkAverage(options.average);
  if (options.targetDensity !== undefined) checkDensityControl(densityControl(options.targetDensity));
  if (options.freeze !== undefined) checkFreeze(freezeOptions(options.freeze));
  if (!LOSS_KINDS.includes(loss)) {
    throw new RangeError(`fit: loss must be one of ${LOSS_KINDS.join(", ")}, found ${String(loss)}`);
  }
  if (options.schedule?.metric === "validAccuracy" && (validation === 0 || loss !== "crossEntropy")) {
    throw new TypeError(
      `fit: the schedule "${options.schedule.kind}" watches the validation accuracy: expected validation samples and the loss crossEntropy, found ${validation} validation samples and the loss ${loss}`,
    );
  }
  if (!model.nodes.some(({ parameters }) => parameters.some(({ role }) => isWeightRole(role)))) {
    throw new TypeError("fit: expected a model with a linear layer or a convolution, found one without weights");
  }
  checkInputs("fit", model, data);
  if (options.augment && !(model.input.length === 3 && isBytes(data.train.inputs))) {
    const kind = isBytes(data.train.inputs) ? "bytes" : "numbers";
    throw new TypeError(
      `fit: augment needs images of bytes for an input of [channels, height, width], found ${kind} for an input of [${model.input.join(", ")}]`,
    );
  }
  const { everySeconds = 0 } = options.checkpoint
    ? knownOptions("fit: checkpoint", options.checkpoint, CHECKPOINT)
    : {};
  if (!(everySeconds >= 0 && everySeconds < Infinity)) {
    throw new RangeError(`fit: checkpoint.everySeconds must be a finite number of at least 0, found ${everySeconds}`);
  }
  checkOutputs("fit", model, data, loss);
}

/** The options that a target density means. */
export function densityControl(target: number | DensityControlOptions): DensityControlOptions {
  return typeof target === "number" ? { targets: { net: target } } : target;
}

/** Says so if density control will not begin within the run. */
export function idleControl({ targetDensity, epochs }: FitOptions): string[] {
  const { after = 0 } = targetDensity === undefined ? {} : densityControl(targetDensity);
  return after < epochs
    ? []
    : [`targetDensity does nothing: it begins after ${after} epochs, and the run has ${epochs}`];
}

/** The options that a number of frozen steps means. */
export function freezeOptions(freeze: number | FreezeOptions): FreezeOptions {
  return typeof freeze === "number" ? { coarse: freeze } : freeze;
}

/** Types say as much, but not to those who write JavaScript. */
function checkOptimizers(optimizers: GroupOptimizers): void {
  const { weights, biases, ...others } = knownOptions("fit: optimizer", optimizers ?? {}, GROUPS);
  for (const [group, optimizer] of Object.entries({ weights, biases, ...others })) {
    const isNeeded = group === "weights" || group === "biases";
    if (optimizer === undefined ? isNeeded : typeof optimizer?.step !== "function") {
      throw new TypeError(
        `fit: optimizer.${group} must be an optimizer such as linBreg({ tau: 0.1 }), found ${typeof optimizer}`,
      );
    }
  }
}
