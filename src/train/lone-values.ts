/**
 * Batch norm over one value of a channel: less its own mean it is 0, whatever the input, and no
 * gradient comes back.
 *
 * A channel has a value for each sample and position of what is computed at once: a batch, or one
 * of its parts. So one sample with one position (an image of 1 x 1) is not enough. A batch size
 * that makes such parts is refused. Where only the last batch of an epoch would have one, the
 * sample is left out of that epoch: where the order is shuffled it is another one each time.
 */
import { InputError } from "../errors.js";
import { size } from "../shape-size.js";
import { ruleOf } from "../nn/layers/rules.js";
import type { Model } from "../nn/model.js";

/** How a training computes its samples. */
export interface Parts {
  /** Training samples; undefined: more than a batch. */
  readonly samples?: number | undefined;
  readonly batchSize: number;
  /** Parts of a batch. */
  readonly microBatches: number;
}

/** Name of the first batch norm of images with one position; undefined if there is none. */
export function pointNorm({ nodes }: Model): string | undefined {
  return nodes.find(
    ({ layer, shape }) =>
      layer.train !== false && ruleOf(layer).batchStatistics && size(shape.slice(1)) === 1,
  )?.name;
}

/**
 * @throws InputError if batch norm would have one value of each channel, other than in the last
 *   batch of several
 */
export function checkParts(
  who: string,
  model: Model,
  { samples = Infinity, batchSize, microBatches }: Parts,
): void {
  const name = pointNorm(model);
  if (name === undefined) return;
  const fault = (where: string, change: string) =>
    new InputError(
      `${who}: batch norm "${name}" has one value of each channel in ${where}, and makes 0 of it; ${change}`,
    );
  if (samples === 1) throw fault("the only training sample", "expected 2 samples or more");
  const part = Math.ceil(batchSize / microBatches);
  if (batchSize === 1)
    throw fault("a batch of 1 sample", "expected a batchSize of 2 or more, found 1");
  if (part === 1 || (samples >= batchSize && batchSize % part === 1)) {
    const sizes = part === 1 ? "1 sample each" : `${part} samples, the last one 1`;
    throw fault(
      `a part of a batch (${batchSize} samples in parts of ${sizes})`,
      `expected 2 samples or more in each: change batchSize or microBatches (${microBatches})`,
    );
  }
}

/**
 * Samples that are left out of each epoch, 1 or 0, of a training that {@link checkParts} lets pass.
 */
export function leftOut(model: Model, { samples = 0, batchSize, microBatches }: Parts): number {
  const last = (samples % batchSize) % Math.ceil(batchSize / microBatches);
  return last === 1 && pointNorm(model) !== undefined ? 1 : 0;
}

/** Says so if a sample is left out. Without `shuffle` it is the same one in each epoch. */
export function leftOutNotes(model: Model, parts: Parts, shuffle: boolean): string[] {
  if (leftOut(model, parts) === 0) return [];
  const which = shuffle ? "one sample out, another one each time" : "the last sample out";
  return [
    `Each epoch leaves ${which}: it would be alone at the end of the last batch, and ` +
      `batch norm "${pointNorm(model)}" would make 0 of its one value a channel.`,
  ];
}
