/** The part of `bregman/data` that needs no files: a browser has it, too. */
export {
  fromArrays,
  type AnyDataset,
  type ArraysOptions,
  type ArraysPart,
  type Dataset,
  type Samples,
} from "./dataset.js";
export {
  fromBatches,
  type Batch,
  type BatchStream,
  type FromBatchesOptions,
  type LabelledBatch,
  type TargetBatch,
} from "./from-batches.js";
export type { LabelList, Labels } from "./labels.js";
export type {
  ImageFit,
  ImagePreparation,
  Preparation,
  PreparedColumn,
  SoundPreparation,
  TablePreparation,
} from "../preparation.js";
export type { AnyInputs, Inputs, StoredInputs } from "../inputs.js";
export { parseIdx, type IdxArray, type IdxOptions } from "./idx-format.js";
export { restorationTask, type BlurOptions, type RestoreOptions } from "./restore.js";
export { augmenter, type Augmenter, type AugmentOptions } from "./augment.js";
