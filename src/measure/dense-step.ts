/**
 * How long a step of the same training takes where nothing is sparse: what a run compares its own
 * steps with.
 *
 * The run's own trainer does it, before it begins to train: all layers on their dense kernels, on
 * one batch, at learning rate 0. Then everything goes back to where it was, so that the run has the
 * bits of one that was never measured.
 *
 * What the time holds is what a dense training would need: the batch is fetched, forward, loss,
 * backward with all three dense products, and the update of every weight. That update is the run's
 * own (say, v moves and theta follows by the prox of l1): it passes over the same numbers as that
 * of SGD or Adam does, for a few operations more.
 */
import { DivergedError } from "../errors.js";
import { median } from "../median.js";
import type { Augmentation } from "../nn/plan-data.js";
import { kernelForm } from "../optim/kernel-form.js";
import { TRIAL } from "../runtime/thread-choice.js";
import { nextTurn } from "../engine/next-turn.js";
import type { Trainer } from "../engine/trainer.js";
import type { TrainerState } from "../engine/trainer-state.js";

/**
 * Steps of each way in which a small program is tried, by all threads and by one, but for the
 * first, which warms up.
 */
const HALF = TRIAL - 1;
/**
 * One step to warm up and these many at most. (A trainer chooses its kernels anew after 16 steps.)
 */
const MOST_STEPS = 2 * HALF;
/** No further step is begun after so many seconds. */
const SECONDS = 3;

/**
 * Measures the dense step of a trainer: the median of as many steps as begin within 3 s, after one
 * to warm up. If they are 14, it is the lesser of the medians of their halves, in which all threads
 * and one thread compute.
 *
 * @param trainer - before its first step; it is left as it was found
 * @param indices - the samples of the batch; give it as many as the training has in a batch
 * @param augmentation - how they are changed, if the trainer augments
 * @returns seconds; undefined where there is no fair figure: an optimizer takes its steps in
 *   TypeScript, or the first loss is not finite
 */
export async function measureDenseStep(
  trainer: Trainer,
  indices: Int32Array,
  augmentation?: Augmentation,
): Promise<number | undefined> {
  if (
    !trainer.updaters.every(({ optimizer, parameter: { shape } }) => kernelForm(optimizer, shape))
  )
    return undefined;
  const before = copyOf(trainer.state());
  const parameters = before.parameters.map(
    (entry) => ({ ...entry, kernel: "dense", gradient: "all" }) as const,
  );
  trainer.restore({ ...before, parameters });
  const times: number[] = [];
  try {
    trainer.step(indices, 0, augmentation);
    const end = performance.now() + 1000 * SECONDS;
    while (times.length < MOST_STEPS && (times.length === 0 || performance.now() < end)) {
      // Signals and timers get their turn.
      await nextTurn();
      const began = performance.now();
      trainer.step(indices, 0, augmentation);
      times.push((performance.now() - began) / 1000);
    }
  } catch (error) {
    // The training itself says so, in its own words.
    if (!(error instanceof DivergedError)) throw error;
    return undefined;
  } finally {
    trainer.restore(before);
  }
  if (times.length < MOST_STEPS) return median(times);
  return Math.min(median(times.slice(0, HALF)), median(times.slice(HALF)));
}

/** The state with tensors of its own. */
function copyOf(state: TrainerState): TrainerState {
  const tensors = [...state.tensors].map(
    ([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const,
  );
  return { ...state, tensors: new Map(tensors) };
}
