/**
 * The surest mistakes of a classifier on images: the test samples that it takes for a wrong class
 * with the largest probability (softmax of the outputs).
 */
import type { AnyDataset } from "../data/dataset.js";
import { type Measure, placeOf } from "./each-output.js";
import type { Mistake } from "./events.js";

/** Mistakes that are told of. */
const MOST_TOLD = 12;

/** Finds them, the surest first; undefined where samples are no images with one label each. */
export function createMistakes(data: AnyDataset): Measure<readonly Mistake[]> | undefined {
  if (data.classes < 2 || !areImages(data)) return undefined;
  const name = (label: number) => data.labelNames[label] ?? String(label);
  return () => {
    let found: Mistake[] = [];
    return {
      add(outputs, indices) {
        const classes = outputs.length / indices.length;
        indices.forEach((index, k) => {
          const z = outputs.subarray(k * classes, (k + 1) * classes);
          const guess = z.reduce((best, value, c) => (value > z[best] ? c : best), 0);
          const [{ labels }, sample] = placeOf(data, index);
          if (guess === labels[sample]) return;
          const probability = 1 / z.reduce((sum, value) => sum + Math.exp(value - z[guess]), 0);
          // Outputs of a training that has failed.
          if (!Number.isFinite(probability)) return;
          if (found.length === MOST_TOLD && probability <= found[MOST_TOLD - 1].probability) return;
          const [label, takenFor] = [name(labels[sample]), name(guess)];
          found = [...found, { sample, label, takenFor, probability }]
            .sort((a, b) => b.probability - a.probability || a.sample - b.sample)
            .slice(0, MOST_TOLD);
        });
      },
      result: () => found,
    };
  };
}

/** Whether samples can be drawn: grey or in colours, more than a line. */
function areImages({ shape: [channels, height, width] }: AnyDataset): boolean {
  return (channels === 1 || channels === 3) && height > 1 && width > 1;
}
