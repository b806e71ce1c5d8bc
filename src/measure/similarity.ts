/**
 * How near a model's outputs come to images they shall restore: structural similarity, over samples
 * of a data set.
 */
import type { Dataset, Samples } from "../data/dataset.js";
import { size } from "../shape-size.js";
import type { Turns } from "../engine/next-turn.js";
import { SSIM_WINDOW, ssimSum } from "./ssim.js";
import type { Trainer } from "../engine/trainer.js";

/** Images at a time. */
const CHUNK = 512;

/**
 * A function that gives the mean similarity over samples, by their indices (training samples first,
 * then test samples). Undefined if the targets are no images of the samples' shape with values in
 * [0, 1], or too small for a window.
 */
export function createSimilarity(
  evaluator: Pick<Trainer, "model" | "predict">,
  data: Dataset,
): ((indices: Int32Array, turns: Turns) => Promise<number>) | undefined {
  const { train, test } = data;
  const [channels, height, width] = data.shape;
  const features = channels * height * width;
  const sized =
    height >= SSIM_WINDOW && width >= SSIM_WINDOW && size(evaluator.model.output) === features;
  if (!sized || !hasUnitRange(train) || !hasUnitRange(test)) return undefined;
  const target = (index: number): Float32Array => {
    const [{ targets }, k] = index < train.count ? [train, index] : [test, index - train.count];
    return targets!.subarray(k * features, (k + 1) * features);
  };
  return async (indices, turns) => {
    let sum = 0;
    for (let from = 0; from < indices.length; from += CHUNK) {
      const chunk = indices.subarray(from, from + CHUNK);
      const targets = new Float32Array(chunk.length * features);
      chunk.forEach((index, k) => targets.set(target(index), k * features));
      sum += ssimSum(evaluator.predict(chunk), targets, { height, width });
      await turns();
    }
    return sum / (indices.length * channels);
  };
}

function hasUnitRange({ targets, count }: Samples): boolean {
  if (!targets) return count === 0;
  for (let k = 0; k < targets.length; k++) if (targets[k] < 0 || targets[k] > 1) return false;
  return true;
}
