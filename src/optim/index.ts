/** Optimizers and learning-rate schedules: one file each. What they are stands in optimizer.ts and schedule.ts. */
export type { Follow, Move, Optimizer, OptimizerState } from "./optimizer.js";
export type { AdamMoveOptions } from "./move.js";
export { linBreg, type LinBregOptions } from "./lin-breg.js";
export { adaBreg, type AdaBregOptions } from "./ada-breg.js";
export { sgd, type SgdOptions } from "./sgd.js";
export { adam, type AdamOptions } from "./adam.js";
export { proxSgd, type ProxSgdOptions } from "./prox-sgd.js";
export { lassoSgd, type LassoSgdOptions } from "./lasso-sgd.js";
export type { EpochMetrics, Schedule, ScheduleState } from "./schedule.js";
export { constant } from "./constant.js";
export { stepDecay, type StepDecayOptions } from "./step-decay.js";
export { cosine, type CosineOptions } from "./cosine.js";
export { plateau, type PlateauOptions, type PlateauState } from "./plateau.js";
export type { FreezeOptions } from "./freeze.js";
