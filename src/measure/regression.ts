/**
 * How near a model's outputs come to targets, in the units of the targets.
 *
 *     MAE   mean |y - t|
 *     R^2   1 - sum (y - t)^2 / sum (t - mean t)^2        1 is perfect, 0 as good as the mean
 *
 * of each target over samples; where a target is the same in all samples it has no R^2.
 */
import type { AnyDataset } from "../data/dataset.js";
import { targetFeatures } from "../data/check-samples.js";
import { type Measure, placeOf } from "./each-output.js";
import type { Normalization } from "../normalization.js";

export interface TargetFit {
  readonly mae: number;
  readonly r2?: number;
}

/** Means over the targets, and each of them. */
export interface RegressionFit extends TargetFit {
  readonly targets: readonly TargetFit[];
}

/**
 * How near outputs come.
 *
 * @param scale - by which the targets were normalised for the model
 */
export function createRegression(
  data: Pick<AnyDataset, "train" | "test">,
  scale?: Normalization,
): Measure<RegressionFit> {
  const features = targetFeatures(data.train) || targetFeatures(data.test);
  const target = (index: number, j: number): number => {
    const [{ targets }, k] = placeOf(data, index);
    return targets![k * features + j];
  };
  const each = () => new Float64Array(features);
  return (indices) => {
    const [means, absolute, squares, spread] = [each(), each(), each(), each()];
    // Not by the spread: the mean of equal numbers is rounded.
    const varies = each();
    for (const index of indices) {
      for (let j = 0; j < features; j++) {
        means[j] += target(index, j) / indices.length;
        if (target(index, j) !== target(indices[0], j)) varies[j] = 1;
      }
    }
    const addOne = (index: number, outputs: Float32Array, from: number) => {
      for (let j = 0; j < features; j++) {
        const z = outputs[from + j];
        const t = target(index, j);
        const error = (scale ? z * scale.std[j] + scale.mean[j] : z) - t;
        absolute[j] += Math.abs(error);
        squares[j] += error * error;
        spread[j] += (t - means[j]) ** 2;
      }
    };
    return {
      add: (outputs, some) => some.forEach((index, k) => addOne(index, outputs, k * features)),
      result() {
        const targets = Array.from(absolute, (sum, j): TargetFit => ({
          mae: sum / indices.length,
          ...(varies[j] === 1 && { r2: 1 - squares[j] / spread[j] }),
        }));
        return { ...meanOf(targets), targets };
      },
    };
  };
}

function meanOf(targets: readonly TargetFit[]): TargetFit {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const known = targets.flatMap(({ r2 }) => (r2 === undefined ? [] : [r2]));
  return {
    mae: mean(targets.map(({ mae }) => mae)),
    ...(known.length > 0 && { r2: mean(known) }),
  };
}
