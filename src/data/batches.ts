/**
 * In which order an epoch visits the samples: a fresh seeded shuffle each epoch, cut into batches.
 *
 * The order can be saved and resumed in the middle of an epoch: the state holds the generator's state from *before* the
 * epoch's shuffle, so restoring repeats the shuffle instead of storing the order. Each shuffle starts from the order the
 * samples were given in; shuffling the previous epoch's order would make an epoch depend on all before it.
 */
import type { Shuffler } from "./split.js";

/** A shuffler whose state S is plain data and can be put back. */
export interface RestorableShuffler<S> extends Shuffler {
  state(): S;
  restore(state: S): void;
}

/** Plain data: can be written as JSON if S can. */
export interface BatchesState<S> {
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Samples of it already handed out. */
  readonly position: number;
  /** State of the generator before the epoch's shuffle. */
  readonly random: S;
}

export interface Batches<S> {
  /** Batches in an epoch, the last smaller one included. */
  readonly perEpoch: number;
  /** The next batch of indices; begins a new epoch if none is left. A view, valid until the next epoch begins. */
  next(): Int32Array;
  /** The batches left of this epoch, or all of the next epoch if none is left. */
  epoch(): Iterable<Int32Array>;
  state(): BatchesState<S>;
  /** Goes on where `state` was taken. @throws RangeError if the state can't be one of these samples. */
  restore(state: BatchesState<S>): void;
}

export interface BatchesOptions<S> {
  /** Samples in a batch; the last of an epoch may be smaller. */
  readonly batchSize: number;
  /** Generator of its own: nobody else may draw from it, or resumed runs differ. */
  readonly random: RestorableShuffler<S>;
}

/**
 * Batches over the given sample indices.
 *
 * @throws RangeError if there are no samples or the batch size is not a positive integer.
 */
export function batches<S>(samples: Int32Array, { batchSize, random }: BatchesOptions<S>): Batches<S> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize must be a positive integer, found ${batchSize}`);
  }
  if (samples.length === 0) throw new RangeError("could not make batches: expected one sample or more, found none");
  const order = new Int32Array(samples.length);
  let epoch = 0;
  let position = 0;
  let before: S;
  shuffleAnew();

  function shuffleAnew(): void {
    before = random.state();
    order.set(samples);
    random.shuffle(order);
  }

  function next(): Int32Array {
    if (position === order.length) {
      epoch++;
      position = 0;
      shuffleAnew();
    }
    const begin = position;
    position = Math.min(begin + batchSize, order.length);
    return order.subarray(begin, position);
  }

  return {
    perEpoch: Math.ceil(order.length / batchSize),
    next,
    *epoch() {
      do yield next();
      while (position < order.length);
    },
    state: () => ({ epoch, position, random: before }),
    restore(state) {
      if (!Number.isInteger(state.position) || state.position < 0 || state.position > order.length) {
        throw new RangeError(
          `could not resume at sample ${state.position}: expected an integer from 0 to ${order.length}`,
        );
      }
      random.restore(state.random);
      shuffleAnew();
      epoch = state.epoch;
      position = state.position;
    },
  };
}
