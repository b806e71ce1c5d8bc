/**
 * The average of the weights over the last steps, for evaluation: training goes on with theta as it
 * is.
 *
 *     average_t  =  sum_s d^(t - s) theta_s / sum_s d^(t - s),   s = 1 ... t
 *                =  average_{t-1} + (1 - d) / (1 - d^t) (theta_t - average_{t-1})
 *
 * the exponential average of theta_1 ... theta_t with bias correction: weights of about 1 / (1 - d)
 * steps count. (Without the correction theta_0 has the share d^t for long, which here is a random,
 * sparse start.) Running statistics of batch norm are averaged along. Of 1 / (1 - d) steps a
 * hundred are looked at, evenly spread: for a decay of 0.999 every tenth step, with d = 0.999^10.
 *
 * A weight that was ever non-zero has an average that is non-zero, so the average of sparse weights
 * is no sparse network. What is evaluated is its restriction to the present pattern: where theta is
 * zero, so is the average. It has the density that is reported, and forgets what the regularizer
 * has let die. A weight that was born a while ago counts as zero before.
 *
 * Source: Polyak and Juditsky, SIAM J. Control Optim. 30 (1992), for averaging; the bias correction
 * is that of Adam's moments.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { largest } from "../extremes.js";
import { isTypedArray } from "../kinds.js";
import { knownOptions } from "../known-options.js";
import type { Tensor } from "../export/safetensors-format.js";
import type { Trainer } from "../engine/trainer.js";

export interface AverageOptions {
  /** d a step, in (0, 1), e.g. 0.999: the last 1000 steps or so count. */
  readonly decay: number;
}

/** @throws InputError for a decay that can't be, InputError for an unknown key */
export function checkAverage(options: AverageOptions): void {
  const { decay } = knownOptions("average", options, { decay: 1 });
  if (!(decay > 0 && decay < 1))
    throw new InputError(`average: decay must be in (0, 1), found ${decay}`);
}

export interface WeightAverage {
  /** Takes in the weights after a step. */
  look(): void;
  /**
   * Runs something, such as an evaluation, with the averages in place of the weights, which are put
   * back.
   */
  use<Result>(run: () => Promise<Result>): Promise<Result>;
  /** As tensors of a checkpoint; they change with the next look. */
  tensors(): [string, Tensor][];
}

/** Looks in the time 1 / (1 - d). */
const LOOKS = 100;
const AVERAGE = "average/";

/**
 * Starts an average of a trainer's parameters and buffers.
 *
 * @param saved - or goes on with the one among the tensors of a checkpoint, for a trainer that has
 *   been restored
 */
export function createAverage(
  trainer: Trainer,
  { decay }: AverageOptions,
  saved?: ReadonlyMap<string, Tensor>,
): WeightAverage {
  const every = Math.max(1, Math.round(1 / (1 - decay) / LOOKS));
  const d = decay ** every;
  const averages = new Map<string, Float32Array>();
  for (const [name, { length }] of valuesOf(trainer)) {
    const found = saved?.get(`${AVERAGE}${name}`)?.data;
    if (saved && !(found?.length === length && isTypedArray(found, "Float32Array"))) {
      throw new UnusableFileError(
        `could not resume: expected a tensor ${AVERAGE}${name} of ${length} float32 numbers`,
      );
    }
    averages.set(name, (found as Float32Array | undefined)?.slice() ?? new Float32Array(length));
  }
  // Read into one place: new memory for each look would cost more than the averages.
  const room = new Float32Array(largest([...averages.values()].map(({ length }) => length)));
  return {
    look() {
      if (trainer.steps % every !== 0) return;
      const share = (1 - d) / (1 - d ** (trainer.steps / every));
      for (const [name, values] of valuesOf(trainer, room)) {
        const average = averages.get(name)!;
        for (let k = 0; k < average.length; k++) average[k] += share * (values[k] - average[k]);
      }
    },
    async use(run) {
      if (trainer.steps < every) return run();
      const shown = new Map(averages);
      for (const { parameter } of trainer.updaters) {
        const theta = trainer.theta(parameter.name);
        const average = averages.get(parameter.name)!;
        shown.set(
          parameter.name,
          theta.map((weight, k) => (weight === 0 ? 0 : average[k])),
        );
      }
      const kept = trainer.exchange(shown);
      try {
        return await run();
      } finally {
        trainer.exchange(kept);
      }
    },
    tensors: () =>
      [...averages].map(([name, data]): [string, Tensor] => [
        `${AVERAGE}${name}`,
        { shape: [data.length], data },
      ]),
  };
}

/**
 * Copies of parameters and buffers by name, one after the other: the parameters in `room`, if that
 * is given.
 */
function* valuesOf(trainer: Trainer, room?: Float32Array): Iterable<[string, Float32Array]> {
  for (const { parameter } of trainer.updaters) {
    const { name, rows, cols } = parameter;
    yield [name, trainer.theta(name, room?.subarray(0, rows * cols))];
  }
  for (const [name, { data }] of trainer.buffers()) yield [name, data];
}
