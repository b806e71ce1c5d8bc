/**
 * Batch norm's running statistics taken anew: the mean, over some batches of training samples, of
 * what each batch has with the weights as they are now.
 *
 * Running statistics follow the weights with a delay of ten batches or so. Where weights are born
 * or die, or lambda has just moved, an evaluation before they have caught up judges a network that
 * nobody has trained.
 */
import type { Turns } from "../engine/next-turn.js";
import type { Trainer } from "../engine/trainer.js";
import { ruleOf } from "../nn/layers/rules.js";

/** Batches of `size` samples each, from the first of `indices` on. */
interface FreshStatistics {
  readonly indices: Int32Array;
  readonly size: number;
  /** At most as many as there are samples for, and at least one. */
  readonly batches: number;
}

/**
 * Puts fresh statistics in the place of the running ones. Training goes on as if nothing had
 * happened: it never reads them.
 */
async function freshStatistics(
  trainer: Trainer,
  { indices, size, batches }: FreshStatistics,
  turns: Turns,
): Promise<void> {
  const shares = momentumOf(trainer);
  if (shares.size === 0) return;
  const taken = () => [...trainer.buffers()].filter(([name]) => shares.has(name));
  const sums = new Map(taken().map(([name, { data }]) => [name, new Float64Array(data.length)]));
  const zeros = new Map([...sums].map(([name, { length }]) => [name, new Float32Array(length)]));
  const count = Math.max(1, Math.min(batches, Math.floor(indices.length / size)));
  for (let k = 0; k < count; k++) {
    // From zero a batch leaves momentum times its own statistics.
    trainer.exchange(zeros);
    trainer.runStatistics(indices.subarray(k * size, (k + 1) * size));
    for (const [name, { data }] of taken()) {
      const sum = sums.get(name)!;
      const factor = 1 / (shares.get(name)! * count);
      for (let i = 0; i < sum.length; i++) sum[i] += data[i] * factor;
    }
    await turns();
  }
  trainer.exchange(new Map([...sums].map(([name, sum]) => [name, Float32Array.from(sum)])));
}

/** What is said once of a training. */
export interface SettlerOptions extends Omit<FreshStatistics, "batches"> {
  /** undefined: running statistics, as they are. */
  readonly batches: number | undefined;
  /** Whether fresh statistics stay where they are until the next step. */
  readonly last: boolean;
}

/** Runs evaluations, with fresh statistics where weights have moved since they were taken. */
export function createSettler(
  trainer: Trainer,
  { indices, size, batches, last }: SettlerOptions,
  turns: Turns,
) {
  let settledAt = -1;
  return async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (batches !== undefined && !(last && settledAt === trainer.steps)) {
      await freshStatistics(trainer, { indices, size, batches }, turns);
      settledAt = trainer.steps;
    }
    return run();
  };
}

/** By buffer with statistics of batches, the share of the newest one. */
function momentumOf({ model }: Trainer): Map<string, number> {
  return new Map(
    model.nodes.flatMap(({ name, layer, buffers }) => {
      const momentum =
        layer.train === false ? undefined : ruleOf(layer).batchStatistics?.momentum(layer);
      return momentum === undefined
        ? []
        : buffers.map((buffer): [string, number] => [`${name}.${buffer.name}`, momentum]);
    }),
  );
}
