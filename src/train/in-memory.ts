/** The part of `bregman/train` that needs no files: a browser has it, too. */
export { fit, type FitInMemoryOptions } from "./fit-in-memory.js";
export { evaluate, type Evaluated, type EvaluateOptions } from "./evaluate.js";
export { reestimateBatchNorm, type StatisticsOptions } from "./batch-norm-statistics.js";
export type { GroupOptimizers } from "./fit-options.js";
export type { StopOptions } from "./judged-epochs.js";
export type { FitResult } from "./train-model.js";
export type { AverageOptions } from "./average.js";
export type { InitOptions, SpreadInitOptions, WeightInitOptions } from "../engine/initial.js";
export type { NetworkInTraining, ParameterInTraining } from "../engine/network-in-training.js";
export type { StartNetwork, StartOptions } from "../engine/given-start.js";
export type { LossKind } from "../nn/loss.js";
export type {
  ClassFigures,
  Connection,
  EpochMetrics,
  FinalMetrics,
  LayerMetrics,
  Mistake,
  ModelBytes,
  OneClass,
  Resumed,
  Savings,
  TrainEvent,
} from "../measure/events.js";
export { ssimSum, type SsimOptions } from "../measure/ssim.js";
export type { BackendName } from "../runtime/backend.js";
export type { ComputeOptions } from "../runtime/pool.js";
export type { WasmSource } from "../runtime/wasm-source.js";
export {
  BregmanError,
  DivergedError,
  InputError,
  InternalError,
  UnusableFileError,
} from "../errors.js";
