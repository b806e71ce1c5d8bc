/**
 * Checkpoints as the training loop sees them: what to go on from, when the next is due, and writing
 * it.
 */
import type { AnyDataset } from "../data/dataset.js";
import type { Trainer } from "../engine/trainer.js";
import type { TrainerState } from "../engine/trainer-state.js";
import type { Tensor } from "../export/safetensors-format.js";
import type { Model } from "../nn/model.js";
import type { CheckpointOptions } from "./fit-options.js";
import type { Progress } from "./progress.js";

export interface Keeper {
  /** How far the run has come; absent at its beginning. */
  readonly resumed?: Progress;
  /** The texts kept with the run. */
  readonly about: Readonly<Record<string, string>>;
  /**
   * Puts what is saved into a trainer, and forgets it (it is large). Returns its tensors: those of
   * the trainer, and those beside.
   */
  restore(trainer: Trainer): ReadonlyMap<string, Tensor> | undefined;
  /** What the user should know of how it goes on, a line each. */
  notes(now: { readonly backend: string; readonly isa: string }): string[];
  /** Whether it is time for a checkpoint within the epoch. */
  isDue(): boolean;
  /** Writes a checkpoint. `beside` are tensors to keep with those of the trainer. */
  save(
    progress: Omit<Progress, "trainer">,
    trainer: TrainerState,
    beside: readonly [string, Tensor][],
  ): void;
  /** Gives the folder back. */
  close(): void;
}

/**
 * Opens the checkpoints that a run asks for: they need a file system, training does not.
 *
 * @param deciding - the settings that decide the run's bits
 */
export type OpenKeeper = (
  options: CheckpointOptions,
  model: Model,
  data: AnyDataset,
  deciding: Readonly<Record<string, unknown>>,
) => Keeper | Promise<Keeper>;
