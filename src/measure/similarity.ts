/**
 * How near a model's outputs come to images they shall restore: structural similarity, over samples
 * of a data set.
 */
import type { AnyDataset, AnySamples } from "../data/dataset.js";
import { size } from "../shape-size.js";
import type { Model } from "../nn/model.js";
import { type Measure, placeOf } from "./each-output.js";
import { SSIM_WINDOW, ssimSum } from "./ssim.js";

/**
 * The mean similarity over samples. Undefined if the targets are no images of the samples' shape
 * with values in [0, 1], or too small for a window.
 */
export function createSimilarity(
  { output }: Pick<Model, "output">,
  data: AnyDataset,
): Measure<number> | undefined {
  const { train, test } = data;
  const [channels, height, width] = data.shape;
  const features = channels * height * width;
  const sized = height >= SSIM_WINDOW && width >= SSIM_WINDOW && size(output) === features;
  if (!sized || !hasUnitRange(train) || !hasUnitRange(test)) return undefined;
  const target = (index: number): Float32Array => {
    const [{ targets }, k] = placeOf(data, index);
    return targets!.subarray(k * features, (k + 1) * features);
  };
  return (indices) => {
    let sum = 0;
    return {
      add(outputs, some) {
        const targets = new Float32Array(some.length * features);
        some.forEach((index, k) => targets.set(target(index), k * features));
        sum += ssimSum(outputs, targets, { height, width });
      },
      result: () => sum / (indices.length * channels),
    };
  };
}

function hasUnitRange({ targets, count }: AnySamples): boolean {
  if (!targets) return count === 0;
  for (let k = 0; k < targets.length; k++) if (targets[k] < 0 || targets[k] > 1) return false;
  return true;
}
