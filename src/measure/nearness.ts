/** What tells how near outputs come to targets: of images, or of other numbers. */
import type { AnyDataset } from "../data/dataset.js";
import { isRegression, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { Normalization } from "../normalization.js";
import type { Measure } from "./each-output.js";
import { createRegression, type RegressionFit } from "./regression.js";
import { createSimilarity } from "./similarity.js";

/** At most one of them. */
export interface Nearness {
  readonly similarity?: Measure<number>;
  readonly regression?: Measure<RegressionFit>;
}

/**
 * The measure of a model on data, if the loss is one of regression.
 *
 * @param scale - by which the targets were normalised for the model
 */
export function nearness(
  model: Pick<Model, "output">,
  data: AnyDataset,
  loss: LossKind,
  scale?: Normalization,
): Nearness {
  if (!isRegression(loss)) return {};
  const similarity = createSimilarity(model, data);
  return similarity ? { similarity } : { regression: createRegression(data, scale) };
}
