/** Kernels of losses. Layouts: see ../kernel-table.ts. */
export const LOSS_KERNELS = {
  /**
   * Mean softmax cross-entropy over the `count` samples of the batch. Split over tiles.
   *  logits: f32 [tiles][classes][T]; labels: i32 [samples]; indices: i32 [tiles * T], -1 = absent;
   *  grad: f32 like logits or 0, = (softmax - onehot) / count, zero for absent samples; partial:
   *  f32 [tiles][2]: the tile's sum (not mean) of losses, and its number of correct predictions
   *  (first maximum wins). A non-finite logit makes the loss non-finite. `count` lives at word 0 of
   *  `counts` (i32). smoothing: f32 s, or 0: onehot is then (1 - s) onehot + s / classes, in grad
   *  and in the loss.
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
  ],
  /**
   * Mean squared error over count * features elements. Split over tiles.
   *  y, target: f32 [tiles][features][T]; grad: 2 (y - target) / (count * features), or 0; partial:
   *  [tiles][2]: sum of squares, and 0.
   */
  meanSquaredError: ["y", "target", "indices", "grad", "partial", "counts", "features"],
} as const;
