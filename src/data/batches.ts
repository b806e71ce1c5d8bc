/**
 * In which order an epoch visits the samples: a fresh seeded shuffle each epoch, cut into batches.
 *
 * The order of epoch e is the shuffle by the random stream "order/e" of the seed: it depends on the
 * seed and e, on nothing that was drawn before. So a place in the order is two numbers, and a run
 * resumed in the middle of an epoch sees the very batches it would have seen.
 */
import { InputError } from "../errors.js";
import { stream } from "../random.js";

/** A place in the order: plain data, can be written as JSON. */
export interface BatchesState {
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Samples of it already handed out. */
  readonly position: number;
}

export interface Batches {
  /** Samples of an epoch, and batches, the last smaller one included. */
  readonly samples: number;
  readonly perEpoch: number;
  /**
   * The next batch of sample indices; begins a new epoch if none is left. A view, valid until the
   * next epoch begins.
   */
  next(): Int32Array;
  /** The batches left of this epoch, or all of the next epoch if none is left. */
  epoch(): Iterable<Int32Array>;
  /** Where the next batch begins. */
  state(): BatchesState;
}

export interface BatchesOptions {
  /** Samples in a batch; the last of an epoch may be smaller. */
  readonly batchSize: number;
  /** Seed of the run. */
  readonly seed: number;
  /** false: every epoch visits the samples in the order in which they are given. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Samples at the end of each epoch's order that it goes without. Default 0. */
  readonly leaveOut?: number | undefined;
  /**
   * Where to go on: the `state()` of batches over the same samples with the same seed. Default: the
   * beginning.
   */
  readonly from?: BatchesState | undefined;
}

/**
 * Batches over the given sample indices.
 *
 * @example
 * const order = batches(Int32Array.of(3, 5, 8), { batchSize: 2, seed: 0 });
 * for (const batch of order.epoch()) console.log(batch.length); // 2, then 1
 *
 * @throws InputError if there are no samples, the batch size is not a positive integer, or `from`
 *   is no place in the order.
 */
export function batches(
  samples: Int32Array,
  { batchSize, seed, shuffle = true, leaveOut = 0, from }: BatchesOptions,
): Batches {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new InputError(`batchSize must be a positive integer, found ${batchSize}`);
  }
  const end = samples.length - leaveOut;
  if (end <= 0)
    throw new InputError("could not make batches: expected one sample or more, found none");
  const order = new Int32Array(samples.length);
  let { epoch, position } = from ?? { epoch: 0, position: 0 };
  if (!Number.isInteger(epoch) || epoch < 0) {
    throw new InputError(`could not resume at epoch ${epoch}: expected a non-negative integer`);
  }
  if (!Number.isInteger(position) || position < 0 || position > order.length) {
    throw new InputError(
      `could not resume at sample ${position}: expected an integer from 0 to ${order.length}`,
    );
  }
  shuffleAnew();

  function shuffleAnew(): void {
    order.set(samples);
    if (shuffle) stream(seed, `order/${epoch}`).shuffle(order);
  }

  function next(): Int32Array {
    if (position >= end) {
      epoch++;
      position = 0;
      shuffleAnew();
    }
    const begin = position;
    position = Math.min(begin + batchSize, end);
    return order.subarray(begin, position);
  }

  return {
    samples: end,
    perEpoch: Math.ceil(end / batchSize),
    next,
    *epoch() {
      do yield next();
      while (position < end);
    },
    state: () => ({ epoch, position }),
  };
}
