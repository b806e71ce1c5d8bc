/** The samples of a data set in shared memory: those to train on first, then those to test on. */
import { targetFeatures, type Dataset } from "../data/dataset.js";
import { size } from "../nn/layers/layer.js";
import { storeSamples, type SampleStore } from "../nn/samples.js";
import type { Pool } from "../runtime/pool.js";

/** @param normalize - subtract the data's channel mean, divide by its deviation */
export function storeDataset({ memory }: Pool, data: Dataset, normalize: boolean): SampleStore {
  const { train, test, mean, std } = data;
  return storeSamples(memory, test.count ? [train, test] : [train], {
    features: size(data.shape),
    targetFeatures: targetFeatures(train),
    // One number a channel in any case: a gather of images reads so many.
    mean: normalize ? mean : mean.map(() => 0),
    std: normalize ? std : std.map(() => 1),
  });
}
