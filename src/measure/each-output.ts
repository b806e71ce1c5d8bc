/** Walks over samples of a data set with what a model gives for each. */
import type { Dataset, Samples } from "../data/dataset.js";
import type { Turns } from "../engine/next-turn.js";
import type { Trainer } from "../engine/trainer.js";
import { size } from "../shape-size.js";

/** Samples at a time, and outputs: of many classes fewer samples. */
const CHUNK = 512;
const MOST_OUTPUTS = 2 ** 22;

/**
 * Calls f with the outputs of so many samples at a time, one behind the other.
 *
 * @param indices - of the samples: training samples first, then test samples
 */
export async function eachChunk(
  evaluator: Pick<Trainer, "model" | "predict">,
  indices: Int32Array,
  turns: Turns,
  f: (outputs: Float32Array, chunk: Int32Array) => void,
): Promise<void> {
  const outputs = size(evaluator.model.output);
  const most = Math.max(1, Math.min(CHUNK, Math.floor(MOST_OUTPUTS / outputs)));
  for (let from = 0; from < indices.length; from += most) {
    const chunk = indices.subarray(from, from + most);
    f(evaluator.predict(chunk), chunk);
    await turns();
  }
}

/** The part that a sample is in, and its place there. */
export function placeOf(
  { train, test }: Pick<Dataset, "train" | "test">,
  index: number,
): readonly [part: Samples, place: number] {
  return index < train.count ? [train, index] : [test, index - train.count];
}
