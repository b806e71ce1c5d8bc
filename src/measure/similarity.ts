/**
 * How near a model's outputs come to images they shall restore: structural similarity, over samples
 * of a data set.
 */
import type { Dataset, Samples } from "../data/dataset.js";
import { size } from "../shape-size.js";
import type { Turns } from "../engine/next-turn.js";
import { eachChunk, placeOf } from "./each-output.js";
import { SSIM_WINDOW, ssimSum } from "./ssim.js";
import type { Trainer } from "../engine/trainer.js";

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
    const [{ targets }, k] = placeOf(data, index);
    return targets!.subarray(k * features, (k + 1) * features);
  };
  return async (indices, turns) => {
    let sum = 0;
    await eachChunk(evaluator, indices, turns, (outputs, chunk) => {
      const targets = new Float32Array(chunk.length * features);
      chunk.forEach((index, k) => targets.set(target(index), k * features));
      sum += ssimSum(outputs, targets, { height, width });
    });
    return sum / (indices.length * channels);
  };
}

function hasUnitRange({ targets, count }: Samples): boolean {
  if (!targets) return count === 0;
  for (let k = 0; k < targets.length; k++) if (targets[k] < 0 || targets[k] > 1) return false;
  return true;
}
