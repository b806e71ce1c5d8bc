/**
 * bregman in a browser, entry point `bregman/browser`: all that does without files and processes.
 * Data come as typed arrays, networks as bytes. The kernels run in WebAssembly, on one thread or
 * several; docs/browser.md has what a page must do.
 */
export * from "./regularizers/index.js";
export * from "./optim/index.js";
export { sparseInit, type SparseInitOptions } from "./init/sparse-init.js";
export { biasInit, type BiasInitOptions } from "./init/bias-init.js";
export { layerDensities, type Spread } from "./layer-densities.js";
export { stream, restore, type Random, type RandomState } from "./random.js";

export * from "./nn/layers/index.js";
export type { Layer } from "./nn/layers/rules.js";
export {
  graph,
  sequential,
  type GraphBuilder,
  type Model,
  type ModelNode,
  type Value,
} from "./nn/model.js";
export type { Network, Values } from "./nn/network.js";
export type { Normalization } from "./normalization.js";
export { modelFromJson, modelToJson, type ModelJson } from "./nn/model-json.js";
export type { LossKind } from "./nn/loss.js";
export { mlp, type MlpOptions } from "./models/mlp.js";
export { convNet, type ConvNetOptions } from "./models/convnet.js";
export { resNet18, type ResNet18Options } from "./models/resnet18.js";
export { denseNet, type DenseNetOptions } from "./models/densenet.js";
export { skipAutoencoder, type SkipAutoencoderOptions } from "./models/skip-autoencoder.js";

export {
  fromArrays,
  type ArraysOptions,
  type ArraysPart,
  type Dataset,
  type Samples,
} from "./data/dataset.js";
export {
  type Batch,
  type BatchStream,
  fromBatches,
  type FromBatchesOptions,
  type LabelledBatch,
  type TargetBatch,
} from "./data/from-batches.js";
export { type IdxArray, type IdxOptions, parseIdx } from "./data/idx-format.js";
export { restorationTask, type BlurOptions, type RestoreOptions } from "./data/restore.js";
export { augmenter, type Augmenter, type AugmentOptions } from "./data/augment.js";

export { fit, type FitOptions } from "./train/fit-in-memory.js";
export type { FitResult } from "./train/train-model.js";
export type { AverageOptions } from "./train/average.js";
export type { InitOptions, SpreadInitOptions, WeightInitOptions } from "./engine/initial.js";
export type {
  Connection,
  EpochMetrics,
  FinalMetrics,
  LayerMetrics,
  ModelBytes,
  Resumed,
  Savings,
  TrainEvent,
} from "./measure/events.js";
export { ssimSum, type SsimOptions } from "./measure/ssim.js";
export { predict, type PredictOptions } from "./train/predict.js";
export { evaluate, type Evaluated, type EvaluateOptions } from "./train/evaluate.js";
export { reestimateBatchNorm, type StatisticsOptions } from "./train/batch-norm-statistics.js";
export { DivergedError } from "./engine/non-finite.js";
export type { Trainer } from "./engine/trainer.js";
export {
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
  type TensorData,
  type TensorFile,
} from "./export/safetensors-format.js";
export {
  decodeModel,
  encodeModel,
  type DecodeModelOptions,
  type EncodeModelOptions,
  type LoadModelOptions,
} from "./export/model-format.js";
export { encodeOnnx, type OnnxOptions } from "./export/onnx/onnx.js";
export { latentPod, type LatentPodOptions } from "./export/latent-pod.js";
export { prune, type PruneOptions } from "./export/prune.js";
export { networkSize, type NetworkSize } from "./export/size.js";
export { simplify } from "./export/simplify/simplify.js";
export { type ComputeOptions, createPool, type Pool, type PoolOptions } from "./runtime/pool.js";
export type { WasmSource } from "./runtime/wasm-source.js";
