/** What of a training's settings a step follows from: see FitOptions, which has the docs. */
import type { PlanSettings } from "../nn/plan.js";
import type { LossKind } from "../nn/loss.js";
import type { Precision } from "../nn/precision.js";
import type { ClipOptions } from "../optim/clip.js";

export interface StepSettings extends PlanSettings {
  readonly loss: LossKind;
  readonly batchSize: number;
  /** Of the dropout masks, and of what optimizers draw. */
  readonly seed?: number | undefined;
  readonly microBatches?: number | undefined;
  readonly clip?: ClipOptions | undefined;
  readonly precision?: Precision | undefined;
}

/** What is so unless it is told otherwise. */
export const STEP_DEFAULTS = {
  microBatches: 1,
  recompute: false,
  precision: "float32",
  labelSmoothing: 0,
  seed: 0,
} as const satisfies Partial<StepSettings>;
