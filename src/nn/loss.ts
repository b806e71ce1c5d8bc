/**
 * Losses, each with its gradient in one kernel.
 *
 *     crossEntropy       mean over the batch of  log sum_c exp(z_c) - z_label
 *                        smoothed by s: (1 - s) z_label + s mean_c z_c in the place of z_label (Szegedy et al. 2016, section 7)
 *                        weighted: each sample times the weight of its label
 *     meanSquaredError   mean over batch and features of  (y - target)^2
 *     meanAbsoluteError  of  |y - target|
 *     huber              of  d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2);  d = y - target (Huber 1964)
 *     binaryCrossEntropy of  log(1 + exp(z)) - t z,  t in [0, 1]: several labels a sample, each there or not
 */
import { InputError } from "../errors.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { SampleStore } from "./samples.js";

/** What training makes small. */
export type LossKind =
  | "crossEntropy"
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "binaryCrossEntropy";
export const LOSS_KINDS = [
  "crossEntropy",
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
  "binaryCrossEntropy",
] as const satisfies readonly LossKind[];

/** Whether a loss is of outputs that come near to numbers, in whatever units they are. */
export function isRegression(loss: LossKind): boolean {
  return !hasAccuracy(loss);
}

/** Whether a loss compares with targets, and not with labels. */
export function needsTargets(loss: LossKind): boolean {
  return loss !== "crossEntropy";
}

/** Whether outputs of a loss are right or wrong. */
export function hasAccuracy(loss: LossKind): boolean {
  return loss === "crossEntropy" || loss === "binaryCrossEntropy";
}

/** Where the loss of Huber becomes a line: in units of normalised targets, a deviation. */
export const HUBER_DELTA = 1;

export interface LossPlaces {
  readonly tiles: number;
  /** Output of the model, f32 [tiles][features][T]. */
  readonly output: number;
  readonly features: number;
  readonly indices: number;
  readonly counts: number;
  readonly partial: number;
  /** Gradient with respect to the output, or 0. */
  readonly gradient: number;
  /** f32, by which labels are smoothed, or 0. */
  readonly smoothing: number;
  /** f32, one a class, or 0. */
  readonly weights: number;
  /** f32, where the loss of Huber becomes a line, or 0 for others. */
  readonly delta: number;
  /** Scratch for the targets of the squared error, laid out as the output. */
  readonly target: number;
}

/**
 * The ops of a loss.
 *
 * @throws InputError if the samples lack the labels or targets that the loss compares with
 */
export function lossOps(loss: LossKind, samples: SampleStore, at: LossPlaces): Op[] {
  const {
    tiles,
    output,
    features,
    indices,
    counts,
    partial,
    gradient: grad,
    smoothing,
    weights,
    delta,
    target,
  } = at;
  if (loss === "crossEntropy") {
    if (!samples.labels) throw new InputError("crossEntropy: the samples have no labels");
    const labels = samples.labels;
    const args = {
      logits: output,
      labels,
      indices,
      grad,
      partial,
      counts,
      classes: features,
      smoothing,
      weights,
    };
    return [op("crossEntropy", tiles, args)];
  }
  if (!samples.targets) throw new InputError(`${loss}: the samples have no targets`);
  if (samples.targetFeatures !== features) {
    throw new InputError(
      `${loss}: the targets have ${samples.targetFeatures} features, the model's output has ${features}`,
    );
  }
  return [
    op("gatherF32", tiles, {
      data: samples.targets,
      indices,
      out: target,
      rowsOut: 0,
      features,
      rowStride: 0,
    }),
    targetOp(loss, tiles, { output, target, indices, grad, partial, counts, features, delta }),
  ];
}

interface TargetPlaces extends Omit<LossPlaces, "tiles" | "gradient" | "smoothing" | "weights"> {
  readonly grad: number;
}

/** The loss itself, where it compares with targets. */
function targetOp(
  loss: Exclude<LossKind, "crossEntropy">,
  tiles: number,
  { delta, ...of }: TargetPlaces,
): Op {
  switch (loss) {
    case "meanSquaredError":
    case "binaryCrossEntropy":
      return op(loss, tiles, { of });
    case "huber":
      return op("absoluteError", tiles, { of, delta });
    case "meanAbsoluteError":
      return op("absoluteError", tiles, { of, delta: 0 });
  }
}
