/** Losses and outputs over many samples, a plan's batch at a time. */
import { size } from "../shape-size.js";
import type { Plan } from "../nn/plan.js";
import { needsTargets, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { SampleStore } from "../nn/samples.js";
import { rangeOf } from "../ranks/part-tree.js";
import type { Ranks } from "../ranks/ranks.js";
import { TILE } from "../runtime/kernel-table.js";
import type { NetworkInTraining } from "./network-in-training.js";
import type { Turns } from "./next-turn.js";

export interface Evaluation extends Pick<NetworkInTraining, "predict"> {
  /** Mean loss and share of correct predictions over samples, in evaluation mode. */
  evaluate(indices: Int32Array): Evaluated;
  /**
   * The same, with turns for others between batches.
   *
   * @param each - gets the outputs of each batch, row-major, which the next one overwrites
   */
  evaluateInTurns(indices: Int32Array, turns: Turns, each?: EachBatch): Promise<Evaluated>;
}

type EachBatch = (outputs: Float32Array, batch: Int32Array) => void;

interface Evaluated {
  readonly loss: number;
  readonly accuracy: number;
}

export interface EvaluationOptions {
  readonly model: Model;
  readonly loss: LossKind;
  readonly samples: SampleStore;
  /** Ranks that share out the batches. */
  readonly ranks?: Ranks | undefined;
}

/** @param run - runs the plan's evaluation on the batch that is set */
export function evaluationOf(
  plan: Plan,
  run: () => void,
  { model, loss, samples, ranks }: EvaluationOptions,
): Evaluation {
  // Full tiles: no lane idles, however small the batches of a training are.
  const batchSize = plan.tiles * TILE;
  const shares = sharesOf(batchSize, ranks);
  const features = size(model.output);
  function* inBatches(indices: Int32Array, each?: EachBatch): Generator<void, Evaluated> {
    const { own, ends } = shares(indices.length);
    const sums: number[] = [];
    // What other ranks compute is there once all of it is.
    const kept = each ? Math.min(ranks ? Infinity : batchSize, indices.length) : 0;
    const outputs = new Float32Array(kept * features);
    for (let from = own.from; from < own.to; from += batchSize) {
      const batch = indices.subarray(from, Math.min(from + batchSize, own.to));
      plan.setBatch(batch);
      run();
      if (each) {
        const at = ranks ? from * features : 0;
        const some = outputs.subarray(at, at + batch.length * features);
        plan.readOutput(some);
        if (!ranks) each(some, batch);
      }
      const { loss: losses, correct } = plan.readLoss();
      sums.push(losses, correct);
      yield;
    }
    const all = ranks
      ? ranks.gather(
          Float64Array.from(sums),
          ends.map((end, k) => 2 * Math.ceil((end - (ends[k - 1] ?? 0)) / batchSize)),
        )
      : sums;
    if (each && ranks) tellAll(ranks, outputs, ends, { indices, batchSize, features, each });
    let total = 0;
    let correct = 0;
    for (let k = 0; k < all.length; k += 2) {
      total += all[k];
      correct += all[k + 1];
    }
    const terms = indices.length * (needsTargets(loss) ? samples.targetFeatures : 1);
    return { loss: total / terms, accuracy: correct / indices.length };
  }
  return {
    evaluate(indices) {
      const batches = inBatches(indices);
      for (;;) {
        const { done, value } = batches.next();
        if (done) return value;
      }
    },
    async evaluateInTurns(indices, turns, each) {
      const batches = inBatches(indices, each);
      for (;;) {
        const { done, value } = batches.next();
        if (done) return value;
        await turns();
      }
    },
    predict(indices) {
      const out = new Float32Array(indices.length * features);
      const { own, ends } = shares(indices.length);
      for (let from = own.from; from < own.to; from += batchSize) {
        const batch = indices.subarray(from, Math.min(from + batchSize, own.to));
        plan.setBatch(batch);
        run();
        plan.readOutput(out.subarray(from * features, (from + batch.length) * features));
      }
      ranks?.fill(
        new Uint8Array(out.buffer),
        ends.map((end) => 4 * features * end),
      );
      return out;
    },
  };
}

/** Gathers the outputs of all ranks, and tells them as one process does: batch by batch. */
function tellAll(
  ranks: Ranks,
  outputs: Float32Array<ArrayBuffer>,
  ends: readonly number[],
  told: {
    readonly indices: Int32Array;
    readonly batchSize: number;
    readonly features: number;
    readonly each: EachBatch;
  },
): void {
  const { indices, batchSize, features, each } = told;
  ranks.fill(
    new Uint8Array(outputs.buffer),
    ends.map((end) => 4 * features * end),
  );
  for (let from = 0; from < indices.length; from += batchSize) {
    const batch = indices.subarray(from, from + batchSize);
    each(outputs.subarray(from * features, (from + batch.length) * features), batch);
  }
}

/** Which of so many samples this rank computes, in whole batches, and where those of each end. */
function sharesOf(batchSize: number, ranks?: Ranks) {
  return (samples: number) => {
    const { rank, count } = ranks ?? { rank: 0, count: 1 };
    const batches = Math.ceil(samples / batchSize);
    const ends = Array.from({ length: count }, (_, k) =>
      Math.min(samples, rangeOf(batches, k, count).to * batchSize),
    );
    return { own: { from: ends[rank - 1] ?? 0, to: ends[rank] }, ends };
  };
}
