/** The samples of a data set in shared memory: those to train on first, then those to test on. */
import { targetFeatures, type Dataset } from "../data/dataset.js";
import { size } from "../nn/layers/layer.js";
import { storeSamples, unchanged, type SampleStore } from "../nn/samples.js";
import type { Normalization } from "../normalization.js";
import type { Pool } from "../runtime/pool.js";

/** @param normalization - samples are stored as (x - mean) / std of their channel; absent: as they are */
export function storeDataset({ memory }: Pool, data: Dataset, normalization?: Normalization): SampleStore {
  const { train, test } = data;
  // One number a channel in any case: a gather of images reads so many.
  const { mean, std } = normalization ?? unchanged(data.shape);
  return storeSamples(memory, test.count ? [train, test] : [train], {
    features: size(data.shape),
    targetFeatures: targetFeatures(train),
    mean,
    std,
  });
}
