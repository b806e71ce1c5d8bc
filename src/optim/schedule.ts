/**
 * What a learning-rate schedule is: plain state and a pure function of it.
 *
 * The learning rate of an epoch is `base * state.factor`. `init()` gives the state for the first
 * epoch; after each epoch `next(state, metrics)` gives the state for the one that follows. A state
 * is JSON, so a checkpoint holds it as is.
 */
import { InputError } from "../errors.js";

/** What a schedule may look at when an epoch ends. */
export interface ScheduleMetrics {
  /** The epoch that ended, from 0. */
  readonly epoch: number;
  /** Training loss of that epoch: mean or sum, as long as it is always the same. */
  readonly trainLoss: number;
  /** Validation accuracy in [0, 1], where there is a validation set. */
  readonly validAccuracy?: number;
}

/** State of a schedule; `plateau` has more in it. */
export interface ScheduleState {
  /** The learning rate is base * factor. */
  readonly factor: number;
}

export interface Schedule<State extends ScheduleState = ScheduleState> {
  /** Name, as in recipes: "constant", "step", "cosine", "plateau". */
  readonly kind: string;
  /** What it looks at, if that is not there in every run. */
  readonly metric?: keyof ScheduleMetrics;
  /** State for the first epoch. */
  init(): State;
  /** State for the epoch after the one these metrics are of. Does not change `state`. */
  next(state: State, metrics: ScheduleMetrics): State;
  /**
   * State for an epoch, from 0, of a schedule that follows the number of the epoch and nothing
   * else. A run that goes on with another number of epochs takes its state from here; without it,
   * the state goes on as it was.
   */
  at?(epoch: number): State;
}

/**
 * A schedule whose factor depends on the number of the epoch and nothing else.
 *
 * @param numbers - what it is made of, kept beside it: a resumed run compares them
 */
export function byEpoch(
  kind: string,
  factorOf: (epoch: number) => number,
  numbers: Readonly<Record<string, unknown>> = {},
): Schedule {
  return {
    ...numbers,
    kind,
    init: () => ({ factor: factorOf(0) }),
    next: (_, { epoch }) => ({ factor: factorOf(epoch + 1) }),
    at: (epoch) => ({ factor: factorOf(epoch) }),
  };
}

/**
 * The state of a schedule for an epoch, from 1. @throws InputError unless its factor is a finite
 * number of at least 0
 */
export function checkedState<State extends ScheduleState>(
  kind: string,
  state: State,
  epoch: number,
): State {
  const { factor } = state;
  if (Number.isFinite(factor) && factor >= 0) return state;
  throw new InputError(
    `the schedule "${kind}" has a factor of ${factor} for epoch ${epoch}: it must be a finite number of at least 0`,
  );
}

/** @throws InputError unless value is an integer of at least `least` */
export function checkCount(kind: string, name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new InputError(
      `${kind}: ${name} must be an integer of at least ${least}, found ${value}`,
    );
  }
}

/** @throws InputError unless 0 <= value <= 1, or 0 < value < 1 with `open` */
export function checkShare(kind: string, name: string, value: number, open = false): void {
  if (open ? !(value > 0 && value < 1) : !(value >= 0 && value <= 1)) {
    throw new InputError(
      `${kind}: ${name} must be in ${open ? "(0, 1)" : "[0, 1]"}, found ${value}`,
    );
  }
}
