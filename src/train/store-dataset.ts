/** The samples of a data set in shared memory: those to train on first, then those to test on. */
import { targetFeatures, type Dataset } from "../data/dataset.js";
import { InputError } from "../errors.js";
import { isBytes } from "../inputs.js";
import { size } from "../shape-size.js";
import { storeSamples, unchanged, type SampleStore } from "../nn/samples.js";
import type { Normalization } from "../normalization.js";
import { MOST_BYTES } from "../runtime/memory.js";
import type { Pool } from "../runtime/pool.js";

/**
 * @param normalization - samples are stored as (x - mean) / std of their channel; absent: as they
 *   are
 * @param scale - the same for targets, feature by feature
 * @throws InputError if that is more than 4 GiB; as storeSamples
 */
export function storeDataset(
  { memory }: Pool,
  data: Dataset,
  normalization?: Normalization,
  scale?: Normalization,
): SampleStore {
  const { train, test } = data;
  checkSize(data);
  // One number a channel in any case: a gather of images reads so many.
  const { mean, std } = normalization ?? unchanged(data.shape);
  return storeSamples(memory, test.count ? [train, test] : [train], {
    features: size(data.shape),
    targetFeatures: targetFeatures(train),
    targetScale: scale,
    mean,
    std,
  });
}

/** Kernels reach so many bytes, of which the network needs some. */
function checkSize(data: Dataset): void {
  const { name, shape, train, test } = data;
  const count = train.count + test.count;
  const features = size(shape);
  const sample = features * (isBytes(train.inputs) ? 1 : 4) + 4 * (1 + targetFeatures(train));
  if (count * sample < MOST_BYTES) return;
  const most = Math.floor(MOST_BYTES / sample);
  throw new InputError(
    `"${name}" does not fit into memory: ${count} samples of ${sample} bytes are ${count * sample}, ` +
      `of less than ${MOST_BYTES}; use fewer than ${most} (limit), or bytes, which take a quarter of numbers`,
  );
}
