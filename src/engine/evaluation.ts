/** Losses and outputs over many samples, a plan's batch at a time. */
import { size } from "../shape-size.js";
import type { Plan } from "../nn/plan.js";
import { needsTargets, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { SampleStore } from "../nn/samples.js";
import { rangeOf } from "../ranks/part-tree.js";
import type { Ranks } from "../ranks/ranks.js";
import { TILE } from "../runtime/kernel-table.js";
import type { Turns } from "./next-turn.js";

export interface Evaluation {
  /** Mean loss and share of correct predictions over samples, in evaluation mode. */
  evaluate(indices: Int32Array): Evaluated;
  /** The same, with turns for others between batches. */
  evaluateInTurns(indices: Int32Array, turns: Turns): Promise<Evaluated>;
  /** Output of the model for samples, row-major [indices.length, output features]. */
  predict(indices: Int32Array): Float32Array;
}

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
  function* inBatches(indices: Int32Array): Generator<void, Evaluated> {
    const { own, ends } = shares(indices.length);
    const sums: number[] = [];
    for (let from = own.from; from < own.to; from += batchSize) {
      plan.setBatch(indices.subarray(from, Math.min(from + batchSize, own.to)));
      run();
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
    async evaluateInTurns(indices, turns) {
      const batches = inBatches(indices);
      for (;;) {
        const { done, value } = batches.next();
        if (done) return value;
        await turns();
      }
    },
    predict(indices) {
      const features = size(model.output);
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
