/**
 * A batch from its samples to the sums of its gradients: part by part, all of them or, where ranks
 * share them out, those of this one (shared-pass.ts).
 */
import type { Augmentation } from "../nn/plan-data.js";
import { additionsIn } from "../ranks/part-tree.js";
import { AUGMENT_WORDS } from "../runtime/contract/data.js";
import type { Descent } from "./descent.js";
import type { ForwardPass, Part } from "./forward-pass.js";
import type { StepKind } from "./updater.js";

/** A batch of a step. */
export interface StepBatch {
  readonly indices: Int32Array;
  readonly augmentation?: Augmentation | undefined;
  /** Steps before this one. */
  readonly steps: number;
}

export interface BatchPass {
  /**
   * Runs a batch forward and backward.
   *
   * @returns sums over its samples
   * @throws as ForwardPass.run
   */
  run(kind: StepKind, batch: StepBatch): { readonly loss: number; readonly correct: number };
}

export interface BatchPassOptions {
  readonly forward: ForwardPass;
  readonly descent: Descent;
  /** Samples of a part. */
  readonly partSize: number;
  /** Parts that a batch may have. */
  readonly microBatches: number;
}

/** A pass over all parts of a batch. */
export function createBatchPass(options: BatchPassOptions): BatchPass {
  const { forward, descent, partSize } = options;
  return {
    run(kind, batch) {
      const total = { loss: 0, correct: 0 };
      const count = partsOf(batch, partSize);
      const all = { from: 0, to: count };
      additionsIn(count, all).forEach((adding, k) => {
        const part = partOf(batch, k, options);
        const sums = forward.run(kind, part);
        total.loss += sums.loss;
        total.correct += sums.correct;
        descent.add(kind, part.indices.length / batch.indices.length, adding);
      });
      return total;
    },
  };
}

/** Parts of a batch. */
export function partsOf({ indices }: StepBatch, partSize: number): number {
  return Math.ceil(indices.length / partSize);
}

/** One part of a batch. */
export function partOf(
  { indices, augmentation, steps }: StepBatch,
  part: number,
  { partSize, microBatches }: Pick<BatchPassOptions, "partSize" | "microBatches">,
): Part {
  const [from, to] = [part * partSize, Math.min((part + 1) * partSize, indices.length)];
  return {
    indices: indices.subarray(from, to),
    augmentation: augmentation?.subarray(AUGMENT_WORDS * from, AUGMENT_WORDS * to),
    step: steps + 1,
    number: steps * microBatches + part,
  };
}
