/**
 * A model in training: its parameters in shared memory, its plan, and one step at a time.
 *
 * A step is two programs for the pool. The first fetches the batch and runs forward to the loss; if
 * that is not finite the step stops here, with all parameters as they were. The second goes from
 * the last layer to the first: gradients, and at once the update, while the gradient is still in
 * cache. (A layer's input gradient is computed before its weights move, so the result is the
 * textbook's.) Steps of several parts, and those whose gradients are clipped by norm, have more
 * programs: see descent.ts.
 */
import { InputError } from "../errors.js";
import { compile } from "../nn/compile.js";
import type { Plan } from "../nn/plan.js";
import { layoutOf } from "../nn/layout.js";
import { needsTargets } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { Augmentation } from "../nn/plan-data.js";
import type { Precision } from "../nn/precision.js";
import type { SampleStore } from "../nn/samples.js";
import { blocksFor } from "../ranks/part-tree.js";
import type { Ranks } from "../ranks/ranks.js";
import { createReduction, type Summands } from "../ranks/reduction.js";
import type { Pool } from "../runtime/pool.js";
import { withDefaults } from "../without-undefined.js";
import { createBatchPass } from "./batch-pass.js";
import { createDescent, waits } from "./descent.js";
import { evaluationOf, type Evaluation } from "./evaluation.js";
import { createForwardPass } from "./forward-pass.js";
import { createFreezing } from "./freezing.js";
import { heldNumbers, type HeldNumbers } from "./held-numbers.js";
import { chooseKernels } from "./kernel-choice.js";
import { createUpdaters, type RoleOptimizers } from "./role-optimizers.js";
import { converterOf } from "./sequence.js";
import { createSharedPass } from "./shared-pass.js";
import { STEP_DEFAULTS, type StepSettings } from "./step-settings.js";
import type { NetworkInTraining } from "./network-in-training.js";
import { createParameters } from "./trainer-parameters.js";
import { restoreState, saveState, type TrainerState } from "./trainer-state.js";
import type { StepKind, Updater } from "./updater.js";

/** Steps between two looks at the densities, after which a layer may change its kernel. */
const LOOK_EVERY = 16;

export interface TrainerOptions extends StepSettings {
  readonly pool: Pool;
  readonly model: Model;
  readonly samples: SampleStore;
  /**
   * Initial theta by parameter name, e.g. "linear1.weight" of shape [out, in], and values of
   * buffers that do not begin as their layers have them.
   */
  readonly initial: ReadonlyMap<string, Float32Array>;
  readonly optimizers: RoleOptimizers;
  /**
   * Steps of the whole training, for optimizers whose mask follows a schedule. Default: not known.
   */
  readonly steps?: number | undefined;
  /** Images are moved, mirrored and cut, as `step` is told. Default false. */
  readonly augment?: boolean | undefined;
  /** Ranks that share out the parts of a batch, and evaluations: each has such a trainer. */
  readonly ranks?: Ranks | undefined;
}

export interface Trainer extends Evaluation, HeldNumbers, NetworkInTraining {
  readonly pool: Pool;
  readonly updaters: readonly Updater[];
  /** What training steps and evaluations run: for looking at. */
  readonly plan: Plan;
  /**
   * One optimizer step on the samples of these indices.
   *
   * @param tauFactor - factor on every optimizer's learning rate (the schedule's)
   * @param augmentation - how each image is changed, if the trainer augments
   * @returns mean loss and number of correct predictions of the batch, before the step
   * @throws DivergedError at the first non-finite loss, naming the step and the first layer with a
   *   non-finite value
   */
  step(
    indices: Int32Array,
    tauFactor?: number,
    augmentation?: Augmentation,
  ): { loss: number; correct: number };
  /**
   * Runs a part of a batch (batchSize / microBatches samples) forward as a step does, but with
   * nothing random: the running statistics of batch norm move, all else stays.
   */
  runStatistics(indices: Int32Array): void;
  /** What the next step may do to patterns. */
  readonly next: StepKind;
  /** Frozen steps after each fine one, see `freeze`; before patterns were fixed, once they are. */
  readonly coarse: number;
  /**
   * Checks that patterns can be frozen.
   *
   * @throws InputError if there is nothing to freeze, or a regularizer whose patterns can't be
   */
  checkFreeze(): void;
  /**
   * From now on every fine step is followed by so many frozen ones; 0, as at the start: none is.
   * See optim/freeze.ts.
   *
   * @param lambda - "scaled" (the default): lambda is that of the optimizer / (coarse + 1), and
   *   subgradients are scaled along
   * @throws InputError as checkFreeze
   */
  freeze(coarse: number, lambda?: "scaled" | "kept"): void;
  /**
   * From now on all steps are frozen: patterns stay what they are, and so does lambda.
   *
   * @throws InputError as checkFreeze
   */
  fix(): void;
  /** Everything the next steps depend on. Partly views: use it before the next step. */
  state(): TrainerState;
  /**
   * Goes back (or on) to a state: from there every step has the bits it had, on the same backend.
   *
   * @throws UnusableFileError if the state is that of another model or of other optimizers
   */
  restore(state: TrainerState): void;
}

/** Prepares a model for training. */
export function createTrainer(options: TrainerOptions): Trainer {
  const { pool, model, samples, ranks } = options;
  const { loss, batchSize, seed, microBatches, clip } = withDefaults(STEP_DEFAULTS, options);
  const partSize = Math.ceil(batchSize / microBatches);
  /** Terms of the loss of a sample. */
  const terms = needsTargets(loss) ? samples.targetFeatures : 1;
  const { parameters, buffers, updaters, plan } = prepare(options, {
    seed,
    partSize,
    microBatches,
  });
  const parts = { memory: pool.memory, updaters, buffers };
  const forward = createForwardPass(pool, { plan, parameters, seed, terms });
  const blocks = blocksFor(microBatches, ranks?.rank ?? 0, ranks?.count ?? 1);
  const reduction = ranks && ((sums: Summands) => createReduction(pool, ranks, sums, microBatches));
  const descent = createDescent(pool, { plan, updaters, microBatches, blocks, reduction, clip });
  const batch = { forward, descent, partSize, microBatches };
  const pass = ranks ? createSharedPass(pool, { ...batch, plan, ranks }) : createBatchPass(batch);
  const freezing = createFreezing(pool, updaters);
  let steps = 0;

  const reset = () => {
    forward.reset();
    descent.reset();
  };
  const look = () => {
    if (chooseKernels(pool, parameters.values())) reset();
  };
  look();

  return {
    pool,
    model,
    updaters,
    plan,
    get steps() {
      return steps;
    },
    step(indices, tauFactor = 1, augmentation) {
      checkBatch(indices, batchSize);
      const kind = freezing.next;
      const total = pass.run(kind, { indices, augmentation, steps });
      for (const updater of updaters) updater.prepare(updater.optimizer.tau * tauFactor, kind);
      descent.move(kind);
      steps++;
      freezing.advance();
      // A frozen pattern has no other form, and may hold zeros: its layer changes sides after a
      // fine step only.
      if (kind === "fine" || (kind === "exact" && steps % LOOK_EVERY === 0)) look();
      return { loss: total.loss / (indices.length * terms), correct: total.correct };
    },
    ...evaluationOf(plan, forward.evaluate, { model, loss, samples, ranks }),
    runStatistics: forward.runStatistics,
    get next() {
      return freezing.next;
    },
    get coarse() {
      return freezing.cycle.coarse;
    },
    checkFreeze: freezing.check,
    freeze: (coarse, lambda = "scaled") => freezing.freeze(coarse, lambda),
    fix() {
      // A layer of whatever density changes sides now or never. A frozen pattern may hold zeros.
      if (freezing.next === "exact") look();
      freezing.fix();
    },
    ...heldNumbers(pool.memory, { parameters, buffers }),
    state: () => saveState(parts, steps, freezing.cycle),
    restore(state) {
      restoreState(parts, state, converterOf(pool));
      steps = state.steps;
      freezing.cycle = state.cycle;
      reset();
    },
  };
}

/** What a training works on: parameters with their optimizers, buffers, and the plan of a part. */
function prepare(
  options: TrainerOptions,
  {
    seed,
    partSize,
    microBatches,
  }: { readonly seed: number; readonly partSize: number; readonly microBatches: number },
) {
  const { pool, model, samples, initial, optimizers, augment, loss, clip, steps } = options;
  const { memory } = pool;
  const { precision = STEP_DEFAULTS.precision } = options;
  checkPrecision(precision, pool);
  const layout = layoutOf(model, precision);
  const { parameters, buffers } = createParameters(memory, layout, { initial, optimizers });
  const updaters = createUpdaters(memory, parameters.values(), optimizers, { seed, steps });
  const plan = compile(layout, {
    memory,
    loss,
    samples,
    parameters,
    buffers: new Map([...buffers].map(([name, { offset }]) => [name, offset])),
    settings: options,
    batchSize: partSize,
    augment,
    purpose: "train",
    keepGradients: waits({ microBatches, clip }),
  });
  return { parameters, buffers, updaters, plan };
}

/** @throws InputError if the pool can't compute with it */
function checkPrecision(precision: Precision, { backend }: Pool): void {
  if (precision === "float32" || backend === "native") return;
  throw new InputError(
    `precision "${precision}" takes the native backend, this one is "${backend}": use "float32"`,
  );
}

/** @throws InputError if a batch does not fit */
function checkBatch({ length }: Int32Array, batchSize: number): void {
  if (length <= batchSize) return;
  throw new InputError(
    `a batch of ${length} samples does not fit the trainer's batch size ${batchSize}`,
  );
}
