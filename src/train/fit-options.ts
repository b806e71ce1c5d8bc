/**
 * What `fit` can be told: its options, their defaults, and the settings that follow from them.
 *
 * Two parts: what decides the bits of a training, and what only says how it is computed and told
 * of. The first is what a checkpoint keeps and a resumed run must have the same (identity.ts); it
 * follows from the keys below. An option is its docs in one of the interfaces, its key, its default
 * if it has one, and a check in check-options.ts if it needs one; settings are passed on whole.
 */
import type { OptionKeys } from "../known-options.js";
import type { AugmentOptions } from "../data/augment.js";
import type { AnyDataset } from "../data/dataset.js";
import { FEED_DEFAULTS, USE_DEFAULTS } from "../data/in-use.js";
import type { Precision } from "../nn/precision.js";
import type { LossKind } from "../nn/loss.js";
import type { ClipOptions } from "../optim/clip.js";
import { constant } from "../optim/constant.js";
import type { DensityControlOptions } from "../optim/density-control.js";
import type { FreezeOptions } from "../optim/freeze.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedule.js";
import { COMPUTE_OPTIONS, type ComputeOptions } from "../runtime/pool.js";
import type { AverageOptions } from "./average.js";
import type { TrainEvent } from "../measure/events.js";
import { lossOf } from "./fits-data.js";
import type { StopOptions } from "./judged-epochs.js";
import { startOptions, type StartNetwork, type StartOptions } from "../engine/given-start.js";
import type { InitOptions } from "../engine/initial.js";
import { STEP_DEFAULTS } from "../engine/step-settings.js";
import type { NetworkInTraining } from "../engine/network-in-training.js";
import { withDefaults } from "../without-undefined.js";

export type GroupOptimizers = Readonly<
  Record<"weights" | "biases", Optimizer> &
    Partial<Record<"convs" | "norms" | "skips", Optimizer | undefined>>
>;

/**
 * Where and when a run is saved. A checkpoint is one file, `checkpoint-<steps>.safetensors`, with
 * everything the run needs to go on; the last two are kept. One is written at the end of each epoch
 * and when the run is stopped by its signal.
 */
export interface CheckpointOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Within an epoch another is written after so many seconds. Default 60. */
  readonly everySeconds?: number | undefined;
  /**
   * Goes on with the newest usable checkpoint of the folder, or from the beginning if there is
   * none: a script that says `resume: true` can be stopped and started again at will. On the same
   * backend the result has the bits of a run that was never stopped. Default false: a folder with
   * checkpoints in it is an error.
   */
  readonly resume?: boolean | undefined;
  /**
   * Texts that must be the same on resume, beside model, data and options; such as a hash of one's
   * configuration.
   */
  readonly identity?: Readonly<Record<string, string>> | undefined;
  /** Texts to keep in the file; a resumed run's "start" event brings them back. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

/** What decides the bits of a training. */
export interface TrainingOptions {
  /**
   * How each group of parameters is trained, e.g. `{ weights: linBreg({ regularizer: l1(0.1) }),
   * biases: linBreg() }`. Convolutions follow the weights unless `convs` is given; the factors of
   * batch norm (`norms`) and the scalars of skip connections (`skips`) follow the biases.
   */
  readonly optimizer: GroupOptimizers;
  /** Default: every weight drawn, He variance, positive biases. */
  readonly init?: InitOptions | undefined;
  /**
   * Begins with the parameters and buffers of this network, matched by name, in place of drawn
   * ones: a network of `loadModel`, also one that was simplified, or `{ model, ...result }`. With
   * `{ network, fresh: ["linear3"] }` the layers named are drawn all the same. A resumed run needs
   * it no more, and may leave it out; where it is given it must be the same. Default: all is drawn.
   */
  readonly start?: StartNetwork | StartOptions | undefined;
  /**
   * "crossEntropy" needs labels, the others targets of the model's output size: for numbers
   * "meanSquaredError", "meanAbsoluteError" and "huber", and "binaryCrossEntropy" for several
   * labels of a sample, each of which is there (1) or not (0). A sample counts as right if all its
   * labels are. Default: crossEntropy, or meanSquaredError for data with targets and no labels.
   */
  readonly loss?: LossKind | undefined;
  /** Default: constant learning rate. */
  readonly schedule?: Schedule | undefined;
  /**
   * Frozen steps between those that may change the patterns: their number m, or m with its
   * schedule. They cost what the non-zeros cost. Default: none.
   */
  readonly freeze?: number | FreezeOptions | undefined;
  /**
   * Moves lambda so that the run comes to this density of its weights, or to several (see
   * optim/density-control.ts). Default: lambda stays.
   */
  readonly targetDensity?: number | DensityControlOptions | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /**
   * Parts that each batch is computed in, one after the other; their gradients are added up. It
   * takes the memory of one part, and is the same step but for rounding, and for batch norm, whose
   * statistics are those of a part. Default 1.
   */
  readonly microBatches?: number | undefined;
  /**
   * Bounds the gradient before the optimizers see it: `{ norm }` of all together, or `{ value }` of
   * each component. Default: not.
   */
  readonly clip?: ClipOptions | undefined;
  /**
   * The sampled dual: the gradient of the zero weights of large linear layers and convolutions is
   * estimated from so many samples of the batch that its variance is at most this share of the sum
   * of the samples' squared gradients (convolutions: of their bounds, |dy| |x|, taken for them);
   * non-zeros keep their exact gradient. It is unbiased for LinBreg; AdaBreg sees the variance in
   * its second moment too, which slows births. A number above 0; default: all is exact.
   */
  readonly sampleDual?: number | undefined;
  /**
   * "bf16": what convolutions and the layers between them read and write, and its gradients, are
   * kept as bf16, half the bytes; sums, weights, subgradients and statistics stay float32. It takes
   * the native backend. Default "float32".
   */
  readonly precision?: Precision | undefined;
  /**
   * Cross-entropy: this share of each label is spread over all classes, in training only. 0 (the
   * default) to less than 1.
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * Cross-entropy: by which the samples of each class count, in training only: one number a class,
   * or "balanced", n / (classes x samples of the class) over the training samples, so that each
   * class counts as much as another. Default: all count by 1.
   */
  readonly classWeights?: "balanced" | readonly number[] | undefined;
  /**
   * Validates, tests and returns the average of the weights over the last 1 / (1 - decay) steps or
   * so, restricted to the present pattern (see train/average.ts), e.g. `{ decay: 0.999 }`. Training
   * is the same, unless its schedule follows the validation accuracy; `observe` sees the weights in
   * training. Default: not.
   */
  readonly average?: AverageOptions | undefined;
  /**
   * Batch norm's statistics are taken anew over so many batches of training samples before each
   * evaluation, in place of the running ones, which lag behind a pattern that changes. Training is
   * the same. Default: running statistics.
   */
  readonly freshStatistics?: number | undefined;
  /**
   * Which network is returned and saved: "last", as it is at the end, or "best", as it was after
   * the epoch of best validation (by accuracy, else by the loss; of equal ones the last). Then all
   * figures of the result are of this network. It needs validation samples. With a target density
   * epochs of its ramp don't count. A run that is stopped by its signal gives the best so far.
   * Default "last".
   */
  readonly keep?: "last" | "best" | undefined;
  /**
   * Stops after so many epochs in a row in which the validation was no better, e.g. `{ patience: 10
   * }`. It needs validation samples; epochs count as for `keep`. Default: all epochs.
   */
  readonly stop?: StopOptions | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Training samples held out for validation: their number, or a share between 0 and 1 of the
   * samples in use. Default 0, and then there are no validation figures. Of a classifier with test
   * samples the network of the best epoch so far is kept in memory (its non-zeros, and where they
   * are), and tested at the end: see FinalMetrics.best.
   */
  readonly validation?: number | undefined;
  /** Default 42. */
  readonly splitSeed?: number | undefined;
  /**
   * Of each class as many samples are held out as its share of all, to the sample. For labels, and
   * without a limit. Default false: they are drawn without a look at their labels.
   */
  readonly stratify?: boolean | undefined;
  /** Train on so many samples only. Default: all. */
  readonly limit?: number | undefined;
  /** Visit the samples in a new order in each epoch; false: in their own. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Subtract the data's channel mean, divide by its deviation. Default true. */
  readonly normalize?: boolean | undefined;
  /**
   * Moves, mirrors and cuts the training images by chance, anew in each epoch. Needs images of
   * bytes. Default: not.
   */
  readonly augment?: AugmentOptions | undefined;
}

/** How long it is, how it is computed, and what is told of it. */
export interface RunningOptions extends ComputeOptions {
  readonly epochs: number;
  /**
   * Less memory for more passes over it: of a convolutional net only the values are kept at which
   * all its ways meet, such as the ends of a ResNet's blocks; those between are computed again for
   * the backward pass. The step has the same bits. It pays where the convolutions are sparse: a
   * dense net would take a third more time. Default false.
   */
  readonly recompute?: boolean | undefined;
  /** Name in the events. Default "fit". */
  readonly name?: string | undefined;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /**
   * Takes what is likely to go wrong, a line each: a start that leaves units that can't learn,
   * epochs without a birth, a target that was missed. Each is an event of type "warning" too.
   * Default: `process.emitWarning` in Node, `console.warn` in a browser.
   */
  readonly onWarning?: ((text: string) => void) | undefined;
  /**
   * Called with the state before training (epoch 0) and after each epoch: weights can be looked at
   * while it runs, not later.
   */
  readonly observe?: ((epoch: number, network: NetworkInTraining) => void) | undefined;
  /** Stops after the step under way; the result is then that of the weights as they are. */
  readonly signal?: AbortSignal | undefined;
  /** Keeps checkpoints, from which a run that was stopped or killed goes on. Default: none. */
  readonly checkpoint?: CheckpointOptions | undefined;
}

export interface FitOptions extends TrainingOptions, RunningOptions {}

const TRAINING: OptionKeys<TrainingOptions> = {
  optimizer: 1,
  init: 1,
  start: 1,
  loss: 1,
  schedule: 1,
  freeze: 1,
  targetDensity: 1,
  batchSize: 1,
  microBatches: 1,
  clip: 1,
  sampleDual: 1,
  precision: 1,
  labelSmoothing: 1,
  classWeights: 1,
  average: 1,
  freshStatistics: 1,
  keep: 1,
  stop: 1,
  seed: 1,
  validation: 1,
  splitSeed: 1,
  stratify: 1,
  limit: 1,
  shuffle: 1,
  normalize: 1,
  augment: 1,
};

/** All options. */
export const FIT_OPTIONS: OptionKeys<FitOptions> = {
  ...TRAINING,
  ...COMPUTE_OPTIONS,
  epochs: 1,
  recompute: 1,
  name: 1,
  onEvent: 1,
  onWarning: 1,
  observe: 1,
  signal: 1,
  checkpoint: 1,
};

/** What is so unless it is told otherwise. */
export const DEFAULTS = {
  ...STEP_DEFAULTS,
  ...USE_DEFAULTS,
  ...FEED_DEFAULTS,
  name: "fit",
} as const satisfies Partial<FitOptions>;

/** Options that stand for more. */
interface Meant {
  readonly loss: LossKind;
  readonly schedule: Schedule;
  readonly freeze?: FreezeOptions;
  readonly targetDensity?: DensityControlOptions;
  readonly start?: StartOptions;
}

type Defaulted = { readonly [Key in keyof typeof DEFAULTS]: NonNullable<FitOptions[Key]> };

/** The options with their defaults filled in. What is left out has none. */
export type Settings = Defaulted & Meant & Omit<FitOptions, keyof Defaulted | keyof Meant>;

/** The settings of some options, for these data. */
export function settingsOf(options: FitOptions, data: Pick<AnyDataset, "classes">): Settings {
  const { loss = lossOf(data), schedule = constant(), freeze, targetDensity, start } = options;
  return {
    ...withDefaults(DEFAULTS, options),
    loss,
    schedule,
    ...(freeze !== undefined && {
      freeze: typeof freeze === "number" ? { coarse: freeze } : freeze,
    }),
    ...(targetDensity !== undefined && { targetDensity: densityControl(targetDensity) }),
    ...(start !== undefined && { start: startOptions(start) }),
  } as Settings;
}

/** Those of the settings that decide the bits. */
export function decidingIn(settings: Settings): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => Object.hasOwn(TRAINING, key)),
  );
}

/** The options that a target density means. */
export function densityControl(target: number | DensityControlOptions): DensityControlOptions {
  return typeof target === "number" ? { targets: { net: target } } : target;
}
