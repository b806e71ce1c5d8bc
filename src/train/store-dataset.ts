/** The samples of a data set for kernels: those to train on first, then those to test on. */
import type { AnyDataset } from "../data/dataset.js";
import { targetFeatures } from "../data/check-samples.js";
import { isBytes, isStored } from "../inputs.js";
import { size } from "../shape-size.js";
import type { SampleStore } from "../nn/samples.js";
import { storeSamples, unchanged } from "../nn/store-samples.js";
import type { Normalization } from "../normalization.js";
import { TILE } from "../runtime/kernel-table.js";
import { MOST_BYTES } from "../runtime/memory.js";
import type { Pool } from "../runtime/pool.js";

export interface StoreOptions {
  /** Samples are stored as (x - mean) / std of their channel. Default: as they are. */
  readonly normalization?: Normalization | undefined;
  /** The same for targets, feature by feature. */
  readonly scale?: Normalization | undefined;
  /** Samples that are computed with at a time. */
  readonly batch: number;
}

/**
 * Samples that are not in memory, or that would fill what kernels reach, are fetched batch by
 * batch: the same bits, at the price of a copy in each step.
 *
 * @throws InputError as storeSamples
 */
export function storeDataset(
  { memory }: Pool,
  data: AnyDataset,
  { normalization, scale, batch }: StoreOptions,
): SampleStore {
  const { train, test } = data;
  // One number a channel in any case: a gather of images reads so many.
  const { mean, std } = normalization ?? unchanged(data.shape);
  return storeSamples(memory, test.count ? [train, test] : [train], {
    features: size(data.shape),
    targetFeatures: targetFeatures(train),
    targetScale: scale,
    mean,
    std,
    ...(isLarge(data) && { batch: Math.ceil(batch / TILE) * TILE }),
  });
}

/** The other half of what kernels reach is for the network. */
const MOST_SAMPLE_BYTES = MOST_BYTES / 2;

function isLarge({ shape, train, test }: AnyDataset): boolean {
  if (isStored(train.inputs) || isStored(test.inputs)) return true;
  const bytes = size(shape) * (isBytes(train.inputs) ? 1 : 4) + 4 * (1 + targetFeatures(train));
  return (train.count + test.count) * bytes > MOST_SAMPLE_BYTES;
}
