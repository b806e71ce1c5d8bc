/** How far a training has come: what its loop needs to go on, beside the numbers of its trainer. */
import type { BatchesState } from "../data/batches.js";
import type { TrainerState } from "../engine/trainer-state.js";
import type { EpochMetrics } from "../measure/events.js";
import type { Work } from "../measure/work.js";
import type { ScheduleState } from "../optim/schedule.js";

/**
 * The numbers of epochs a run was to have: at its beginning, and each time it was resumed with
 * another. The last is today's.
 */
export type Lengths = readonly number[];

/** How far a run has come: JSON. Its numbers come back with the bits they had. */
export interface Progress {
  /**
   * Numbers of epochs the run was to have, see run-length.ts; absent in files of before they were
   * kept.
   */
  readonly lengths?: Lengths | undefined;
  /** Epoch to go on with, from 1, and the place in its order. */
  readonly epoch: number;
  readonly order: BatchesState;
  /** Sums over the part of it that is done. */
  readonly sums: { readonly loss: number; readonly correct: number; readonly seen: number };
  readonly schedule: ScheduleState;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** What the steps have cost so far; absent in files of before it was kept. */
  readonly work?: Work | undefined;
  /** All lines of metrics so far, epoch 0 first. */
  readonly epochs: readonly EpochMetrics[];
  /** What it was computed with: other kernels round differently. */
  readonly backend: string;
  readonly isa: string;
  readonly trainer: Omit<TrainerState, "tensors">;
}
