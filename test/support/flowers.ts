/**
 * Three kinds of flowers by four measures: clouds with the means and deviations of Fisher's irises,
 * 50 of each. Seeded.
 */
import { fromArrays, type Dataset } from "#bregman/data/dataset.js";
import { channelStatistics } from "#bregman/data/statistics.js";
import { stream } from "#bregman/random.js";

const MEANS = [5.01, 3.43, 1.46, 0.25, 5.94, 2.77, 4.26, 1.33, 6.59, 2.97, 5.55, 2.03];
const DEVIATIONS = [0.35, 0.38, 0.17, 0.11, 0.52, 0.31, 0.47, 0.2, 0.64, 0.32, 0.55, 0.27];

/** 120 flowers to train with and 30 to test, each column normalised by itself. */
export function flowers(): Dataset {
  const random = stream(1, "flowers");
  const labels = Uint8Array.from({ length: 150 }, (_, k) => k % 3);
  const inputs = Float32Array.from({ length: 600 }, (_, k) => {
    const at = 4 * labels[Math.floor(k / 4)] + (k % 4);
    return MEANS[at] + DEVIATIONS[at] * random.normal();
  });
  return fromArrays({
    shape: [4, 1, 1],
    train: { inputs: inputs.subarray(0, 480), labels: labels.subarray(0, 120) },
    test: { inputs: inputs.subarray(480), labels: labels.subarray(120) },
    ...channelStatistics(inputs.subarray(0, 480), 4, 1),
  });
}
