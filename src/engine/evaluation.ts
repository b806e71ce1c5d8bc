/** Losses and outputs over many samples, a plan's batch at a time. */
import { size } from "../shape-size.js";
import type { Plan } from "../nn/plan.js";
import { needsTargets, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { SampleStore } from "../nn/samples.js";
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
}

/** @param run - runs the plan's evaluation on the batch that is set */
export function evaluationOf(
  plan: Plan,
  run: () => void,
  { model, loss, samples }: EvaluationOptions,
): Evaluation {
  // Full tiles: no lane idles, however small the batches of a training are.
  const batchSize = plan.tiles * TILE;
  function* inBatches(indices: Int32Array): Generator<void, Evaluated> {
    let total = 0;
    let correct = 0;
    for (let from = 0; from < indices.length; from += batchSize) {
      plan.setBatch(indices.subarray(from, from + batchSize));
      run();
      const sums = plan.readLoss();
      total += sums.loss;
      correct += sums.correct;
      yield;
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
      for (let from = 0; from < indices.length; from += batchSize) {
        const batch = indices.subarray(from, from + batchSize);
        plan.setBatch(batch);
        run();
        plan.readOutput(out.subarray(from * features, (from + batch.length) * features));
      }
      return out;
    },
  };
}
