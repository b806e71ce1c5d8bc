/** The part of `bregman/train` that needs no files: a browser has it, too. */
export { fit, type FitInMemoryOptions } from "./fit-in-memory.js";
export { evaluate, type Evaluated, type EvaluateOptions } from "./evaluate.js";
export { reestimateBatchNorm, type StatisticsOptions } from "./batch-norm-statistics.js";
export type { GroupOptimizers } from "./fit-options.js";
export type { FitResult } from "./train-model.js";
export type { AverageOptions } from "./average.js";
export type { InitOptions, SpreadInitOptions, WeightInitOptions } from "../engine/initial.js";
export type { Trainer } from "../engine/trainer.js";
export type { LossKind } from "../nn/loss.js";
export type {
  Connection,
  EpochMetrics,
  FinalMetrics,
  LayerMetrics,
  ModelBytes,
  Resumed,
  Savings,
  TrainEvent,
} from "../measure/events.js";
export { ssimSum, type SsimOptions } from "../measure/ssim.js";
export { createPool, type ComputeOptions, type Pool, type PoolOptions } from "../runtime/pool.js";
export type { WasmSource } from "../runtime/wasm-source.js";
export {
  BregmanError,
  DivergedError,
  InputError,
  InternalError,
  UnusableFileError,
} from "../errors.js";
