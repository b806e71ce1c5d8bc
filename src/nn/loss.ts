/**
 * Losses, each with its gradient in one kernel.
 *
 *     crossEntropy       mean over the batch of  log sum_c exp(z_c) - z_label
 *                        smoothed by s: (1 - s) z_label + s mean_c z_c in the place of z_label (Szegedy et al. 2016, section 7)
 *     meanSquaredError   mean over batch and features of  (y - target)^2
 */
import { InputError } from "../errors.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { SampleStore } from "./samples.js";

export const LOSS_KINDS = ["crossEntropy", "meanSquaredError"] as const;
export type LossKind = (typeof LOSS_KINDS)[number];

/** Whether a loss is of outputs that come near to numbers, in whatever units they are. */
export function isRegression(loss: LossKind): boolean {
  return loss === "meanSquaredError";
}

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
    };
    return [op("crossEntropy", tiles, args)];
  }
  if (!samples.targets) throw new InputError("meanSquaredError: the samples have no targets");
  if (samples.targetFeatures !== features) {
    throw new InputError(
      `meanSquaredError: the targets have ${samples.targetFeatures} features, the model's output has ${features}`,
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
    op("meanSquaredError", tiles, { y: output, target, indices, grad, partial, counts, features }),
  ];
}
