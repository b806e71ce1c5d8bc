/** What tells how near outputs come to targets: of images, or of other numbers. */
import type { Dataset } from "../data/dataset.js";
import type { Trainer } from "../engine/trainer.js";
import { isRegression, type LossKind } from "../nn/loss.js";
import type { Normalization } from "../normalization.js";
import { createRegression } from "./regression.js";
import { createSimilarity } from "./similarity.js";

export interface Nearness {
  readonly similarity?: ReturnType<typeof createSimilarity>;
  readonly regression?: ReturnType<typeof createRegression>;
}

/**
 * The measure of a model on data, if the loss is one of regression.
 *
 * @param scale - by which the targets were normalised for the model
 */
export function nearness(
  evaluator: Pick<Trainer, "model" | "predict">,
  data: Dataset,
  loss: LossKind,
  scale?: Normalization,
): Nearness {
  if (!isRegression(loss)) return {};
  const similarity = createSimilarity(evaluator, data);
  return similarity ? { similarity } : { regression: createRegression(evaluator, data, scale) };
}
