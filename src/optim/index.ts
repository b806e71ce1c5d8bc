/**
 * Optimizers and learning-rate schedules: one file each. What they are stands in optimizer.ts and
 * schedule.ts.
 */
export type { Follow, Move, Optimizer, OptimizerState, TrainingFacts } from "./optimizer.js";
export type { MaskRule } from "./mask-rule.js";
export type { AdamMoveOptions } from "./move.js";
export { linBreg, type LinBregOptions } from "./lin-breg.js";
export { adaBreg, type AdaBregOptions } from "./ada-breg.js";
export { sgd, type SgdOptions } from "./sgd.js";
export { adam, type AdamOptions } from "./adam.js";
export { proxSgd, type ProxSgdOptions } from "./prox-sgd.js";
export { lassoSgd, type LassoSgdOptions } from "./lasso-sgd.js";
export { magnitudePruning, type MagnitudePruningOptions } from "./magnitude-pruning.js";
export { sparseEvolution } from "./sparse-evolution.js";
export { rigL, type RewiringOptions } from "./rig-l.js";
export type { MaskedMoveOptions } from "./masked.js";
export type { Schedule, ScheduleMetrics, ScheduleState } from "./schedule.js";
export { constant } from "./constant.js";
export { multiStep, type MultiStepOptions } from "./multi-step.js";
export { stepDecay, type StepDecayOptions } from "./step-decay.js";
export { cosine, type CosineOptions } from "./cosine.js";
export { piecewise, type PiecewiseOptions } from "./piecewise.js";
export { plateau, type PlateauOptions, type PlateauState } from "./plateau.js";
export type { ClipOptions } from "./clip.js";
export type { DensityControlOptions, DensityTargets } from "./density-control.js";
export type { FreezeOptions } from "./freeze.js";
