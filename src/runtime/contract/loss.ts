/** Kernels of losses. Layouts: see ../kernel-table.ts. */
import { COMPARISON } from "./composites.js";

export const LOSS_KERNELS = {
  /**
   * Mean softmax cross-entropy over the `count` samples of the batch. Split over tiles.
   *  logits: f32 [tiles][classes][T]; labels: i32 [samples]; indices: i32 [tiles * T], -1 = absent;
   *  grad: f32 like logits or 0, = (softmax - onehot) / count, zero for absent samples; partial:
   *  f32 [tiles][2]: the tile's sum (not mean) of losses, and its number of correct predictions
   *  (first maximum wins). A non-finite logit makes the loss non-finite. `count` lives at word 0 of
   *  `counts` (i32). smoothing: f32 s, or 0: onehot is then (1 - s) onehot + s / classes, in grad
   *  and in the loss. weights: f32 [classes] or 0: by that of its label each sample counts, in
   *  grad and in the loss.
   */
  crossEntropy: [
    "logits",
    "labels",
    "indices",
    "grad",
    "partial",
    "counts",
    "classes",
    "smoothing",
    "weights",
  ],
  /**
   * Mean squared error over count * features elements. Split over tiles.
   *  grad: 2 (output - target) / (count * features); partial: the tile's sum of squares, and 0.
   */
  meanSquaredError: [["of", COMPARISON]],
  /**
   * Mean of |d|, d = output - target, over count * features elements; with delta: f32, or 0, of d^2
   * / 2 where |d| <= delta and delta (|d| - delta / 2) elsewhere. Split over tiles; as
   *  meanSquaredError. grad of |d| is 0 at 0.
   */
  absoluteError: [["of", COMPARISON], "delta"],
  /**
   * Mean of log(1 + exp(z)) - t z over count * features elements, z the output and t the target,
   * from 0 to 1. Split over tiles.
   *  grad: (logistic(z) - t) / (count * features); partial: the tile's sum of losses, and how many
   *  samples have all of z > 0 as t > 1/2. A non-finite z makes the loss non-finite.
   */
  binaryCrossEntropy: [["of", COMPARISON]],
} as const;
