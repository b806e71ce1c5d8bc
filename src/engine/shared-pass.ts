/**
 * A batch whose parts ranks share out: each computes its own, and in the end all have the sums of
 * all parts, bit for bit those of one process.
 */
import { DivergedError } from "../errors.js";
import type { Plan } from "../nn/plan.js";
import { additionsIn, rangeOf } from "../ranks/part-tree.js";
import type { Ranks } from "../ranks/ranks.js";
import type { Pool } from "../runtime/pool.js";
import {
  partOf,
  partsOf,
  type StepBatch,
  type BatchPass,
  type BatchPassOptions,
} from "./batch-pass.js";
import type { LastAdding } from "./descent.js";
import { createRunningStatistics } from "./running-statistics.js";
import type { StepKind } from "./updater.js";

export interface SharedPassOptions extends BatchPassOptions {
  readonly plan: Plan;
  readonly ranks: Ranks;
}

/** Numbers that a part has to tell: its loss and its correct predictions. */
const SUMS = 2;

/** A pass over this rank's parts of a batch. */
export function createSharedPass(pool: Pool, options: SharedPassOptions): BatchPass {
  const { forward, descent, partSize, microBatches, plan, ranks } = options;
  const statistics = createRunningStatistics(pool, plan, ranks, microBatches);

  /** Runs the own parts, the last one forward; what they tell, and why one could not be run. */
  const runOwn = (kind: StepKind, batch: StepBatch) => {
    const count = partsOf(batch, partSize);
    const own = rangeOf(count, ranks.rank, ranks.count);
    // The last word: whether this rank is asked to stop.
    const told = new Float64Array((own.to - own.from) * SUMS + 1);
    told[told.length - 1] = ranks.signal?.aborted ? 1 : 0;
    let fault: DivergedError | undefined;
    statistics.keep();
    const additions = additionsIn(count, own).map((adding, k): LastAdding => {
      const { indices } = partOf(batch, own.from + k, options);
      return { ...adding, share: indices.length / batch.indices.length };
    });
    additions.forEach((adding, k) => {
      if (fault) return;
      const part = partOf(batch, own.from + k, options);
      const place = told.subarray(k * SUMS, (k + 1) * SUMS);
      try {
        const { loss, correct } = forward.run(kind, part);
        place.set([loss, correct]);
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        fault = error;
        place[0] = NaN;
        return;
      }
      statistics.take(k);
      // The gradient of the last part is sent while it is computed, so when all losses are known.
      if (k < additions.length - 1) descent.add(kind, adding.share, adding);
    });
    return { count, told, fault, last: additions.at(-1) };
  };

  return {
    run(kind, batch) {
      const { count, told, fault, last } = runOwn(kind, batch);
      const ranges = Array.from({ length: ranks.count }, (_, k) => rangeOf(count, k, ranks.count));
      const all = ranks.gather(
        told,
        ranges.map(({ from, to }) => (to - from) * SUMS + 1),
      );
      const total = { loss: 0, correct: 0 };
      const samples: number[] = [];
      let at = 0;
      ranges.forEach(({ from, to }, rank) => {
        for (let part = from; part < to; part++, at += SUMS) {
          const [loss, correct] = all.subarray(at, at + SUMS);
          if (Number.isNaN(loss)) {
            const text = ranks.shareText(fault?.message, rank);
            throw ranks.onAll(new DivergedError(text));
          }
          total.loss += loss;
          total.correct += correct;
          samples.push(partOf(batch, part, options).indices.length);
        }
        if (all[at++] === 1) ranks.stopping = true;
      });
      statistics.move(samples, ranges);
      const share = (part: number) => samples[part] / batch.indices.length;
      descent.reduce({ count, share }, kind, last);
      return total;
    },
  };
}
