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
import { compile } from "../nn/compile.js";
import type { Plan } from "../nn/plan.js";
import { layoutOf } from "../nn/layout.js";
import type { Model } from "../nn/model.js";
import type { Augmentation } from "../nn/plan-data.js";
import { size } from "../nn/layers/layer.js";
import type { SampleStore } from "../nn/samples.js";
import type { Optimizer } from "../optim/optimizer.js";
import { AUGMENT_WORDS } from "../runtime/contract/data.js";
import type { Shape } from "../regularizers/regularizer.js";
import type { Pool } from "../runtime/pool.js";
import { makePatterns } from "../runtime/form/convert.js";
import { isWeightRole, type ParameterRole } from "../runtime/parameter.js";
import { plainTheta, readTheta } from "../runtime/theta.js";
import { STEP_DEFAULTS, type StepSettings } from "./step-settings.js";
import { withDefaults } from "../without-undefined.js";
import { createDescent, waits } from "./descent.js";
import { evaluationOf, type Evaluation } from "./evaluation.js";
import { chooseKernels } from "./kernel-choice.js";
import { DivergedError, firstNonFinite } from "./non-finite.js";
import { converterOf, createSequence, forwardActions, type Sequence } from "./sequence.js";
import { createParameters } from "./trainer-parameters.js";
import { restoreState, saveState, type Cycle, type TrainerState } from "./trainer-state.js";
import { createUpdater, type StepKind, type Updater } from "./updater.js";

/** Steps between two looks at the densities, after which a layer may change its kernel. */
const LOOK_EVERY = 16;

export interface TrainerOptions extends StepSettings {
  readonly pool: Pool;
  readonly model: Model;
  readonly samples: SampleStore;
  /** Initial theta by parameter name, e.g. "linear1.weight" of shape [out, in]. */
  readonly initial: ReadonlyMap<string, Float32Array>;
  readonly optimizers: RoleOptimizers;
  /**
   * Steps of the whole training, for optimizers whose mask follows a schedule. Default: not known.
   */
  readonly steps?: number | undefined;
  /** Images are moved, mirrored and cut, as `step` is told. Default false. */
  readonly augment?: boolean | undefined;
}

/**
 * The optimizer of each role. Convolutions follow the weights unless they have their own; the
 * factors of batch norm and the scalars of skip connections follow the biases.
 */
export type RoleOptimizers = Readonly<
  Record<"weight" | "bias", Optimizer> & Partial<Record<ParameterRole, Optimizer | undefined>>
>;

export interface Trainer extends Evaluation {
  readonly pool: Pool;
  readonly model: Model;
  readonly updaters: readonly Updater[];
  /** What training steps and evaluations run: for looking at. */
  readonly plan: Plan;
  /** Steps done. */
  readonly steps: number;
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
  /** Frozen steps after each fine one, see `freeze`. */
  readonly coarse: number;
  /**
   * Checks that patterns can be frozen.
   *
   * @throws TypeError if there is nothing to freeze, or a regularizer whose patterns can't be
   */
  checkFreeze(): void;
  /**
   * From now on every fine step is followed by so many frozen ones; 0, as at the start: none is.
   * See optim/freeze.ts.
   *
   * @param lambda - "scaled" (the default): lambda is that of the optimizer / (coarse + 1), and
   *   subgradients are scaled along
   * @throws TypeError as checkFreeze
   */
  freeze(coarse: number, lambda?: "scaled" | "kept"): void;
  /** A copy of a parameter's theta, row-major; into `out`, if that is given. */
  theta(name: string, out?: Float32Array): Float32Array;
  /** Copies of what layers keep beside their parameters, by name: see FitResult. */
  buffers(): Map<string, { shape: readonly number[]; data: Float32Array }>;
  /**
   * Puts other numbers in the place of weights and buffers, by name, for evaluations; put back what
   * it returns before the next step. Weights that are zero must stay so.
   *
   * @returns what was there
   */
  exchange(values: ReadonlyMap<string, Float32Array>): Map<string, Float32Array>;
  /** Everything the next steps depend on. Partly views: use it before the next step. */
  state(): TrainerState;
  /**
   * Goes back (or on) to a state: from there every step has the bits it had, on the same backend.
   *
   * @throws RangeError if the state is that of another model or of other optimizers
   */
  restore(state: TrainerState): void;
}

/** Prepares a model for training. */
export function createTrainer(options: TrainerOptions): Trainer {
  const { pool, model, samples, initial, optimizers, augment } = options;
  const { loss, batchSize, seed, microBatches, clip } = withDefaults(STEP_DEFAULTS, options);
  const { memory } = pool;
  /** Terms of the loss of a sample. */
  const terms = loss === "crossEntropy" ? 1 : samples.targetFeatures;
  const layout = layoutOf(model);
  const optimizerOf = (role: ParameterRole): Optimizer =>
    optimizers[role] ?? (role === "conv" ? optimizers.weight : optimizers.bias);
  const { parameters, buffers } = createParameters(memory, layout, { initial, optimizerOf });
  const shapesOf = new Map<Optimizer, Shape[]>();
  for (const { role, shape } of parameters.values()) {
    const optimizer = optimizerOf(role);
    shapesOf.set(optimizer, shapesOf.get(optimizer) ?? []);
    shapesOf.get(optimizer)!.push(shape);
  }
  const updaters = [...parameters.values()].map((p) => {
    const optimizer = optimizerOf(p.role);
    const shapes = shapesOf.get(optimizer)!;
    const { steps: total } = options;
    return createUpdater(memory, p, optimizer, {
      name: p.name,
      seed,
      shapes,
      ...(total && { steps: total }),
    });
  });
  const places = new Map([...buffers].map(([name, { offset }]) => [name, offset]));
  const shared = { memory, loss, samples, parameters, buffers: places };
  const parts = { memory, updaters, buffers };
  const partSize = Math.ceil(batchSize / microBatches);
  const plan = compile(layout, {
    ...shared,
    settings: options,
    batchSize: partSize,
    augment,
    purpose: "train",
    keepGradients: waits({ microBatches, clip }),
  });

  const descent = createDescent(pool, { plan, updaters, microBatches, clip });

  let sequences: Partial<Record<"forward" | "frozen" | "evaluation" | "statistics", Sequence>> = {};
  let steps = 0;
  let cycle: Cycle = { coarse: 0, left: 0 };

  const reset = () => {
    sequences = {};
    descent.reset();
  };
  const look = () => {
    if (chooseKernels(pool, parameters.values())) reset();
  };

  /** Runs a part of a batch forward to its loss. */
  const forward = (
    kind: StepKind,
    indices: Int32Array,
    part: number,
    augmentation?: Augmentation,
  ) => {
    const frozen = kind === "frozen";
    const sequence = (sequences[frozen ? "frozen" : "forward"] ??= createSequence(
      pool,
      forwardActions(plan.lower(frozen)),
    ));
    plan.setBatch(indices, augmentation);
    plan.setSeed(Math.imul(seed, 0x27d4eb2f) + steps * microBatches + part);
    sequence.run();
    const sums = plan.readLoss();
    const mean = sums.loss / (indices.length * terms);
    if (!Number.isFinite(mean)) {
      throw new DivergedError(
        `the loss is ${mean} at step ${steps + 1}: ${firstNonFinite(pool, plan, parameters)}`,
      );
    }
    return sums;
  };

  const runEvaluation = () => {
    sequences.evaluation ??= createSequence(pool, forwardActions(plan.lowerEvaluation()));
    sequences.evaluation.run();
  };

  const checkFreeze = () => {
    const fixed = updaters.find(
      ({ freezes, parameter: { role }, optimizer: { regularizer, follow } }) =>
        // A mask changes by the gradient of every weight, in steps of its own.
        !freezes && isWeightRole(role) && (!regularizer.trivial || follow === "masked"),
    );
    if (fixed || !updaters.some(({ freezes }) => freezes))
      throw new TypeError(`could not freeze ${whyNot(fixed)}`);
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
      if (indices.length > batchSize) {
        throw new RangeError(
          `a batch of ${indices.length} samples does not fit the trainer's batch size ${batchSize}`,
        );
      }
      const { coarse, left } = cycle;
      const kind = kindOfNext(cycle);
      const total = { loss: 0, correct: 0 };
      for (let part = 0; part * partSize < indices.length; part++) {
        const [from, to] = [part * partSize, Math.min((part + 1) * partSize, indices.length)];
        const changes = augmentation?.subarray(AUGMENT_WORDS * from, AUGMENT_WORDS * to);
        const sums = forward(kind, indices.subarray(from, to), part, changes);
        total.loss += sums.loss;
        total.correct += sums.correct;
        descent.add(kind, (to - from) / indices.length, part === 0);
      }
      for (const updater of updaters) updater.prepare(updater.optimizer.tau * tauFactor, kind);
      descent.move(kind);
      steps++;
      if (coarse > 0) cycle = { coarse, left: left > 0 ? left - 1 : coarse };
      // A frozen pattern has no other form, and may hold zeros: its layer changes sides after a
      // fine step only.
      if (kind === "fine" || (kind === "exact" && steps % LOOK_EVERY === 0)) look();
      return { loss: total.loss / (indices.length * terms), correct: total.correct };
    },
    ...evaluationOf(plan, runEvaluation, { model, loss, samples }),
    runStatistics(indices) {
      sequences.statistics ??= createSequence(pool, forwardActions(plan.lowerStatistics()));
      plan.setBatch(indices);
      sequences.statistics.run();
    },
    get next() {
      return kindOfNext(cycle);
    },
    get coarse() {
      return cycle.coarse;
    },
    checkFreeze,
    freeze(coarse, lambda = "scaled") {
      if (coarse === cycle.coarse) return;
      checkFreeze();
      const frozen = updaters.filter(({ freezes }) => freezes);
      for (const updater of lambda === "scaled" ? frozen : []) {
        updater.setLambda((updater.lambda * (cycle.coarse + 1)) / (coarse + 1), "scaled");
      }
      // From now on dense kernels keep their patterns too, and a state that is saved reads them.
      const dense = frozen
        .map(({ parameter }) => parameter)
        .filter(({ form, pattern }) => form !== pattern);
      if (cycle.coarse === 0) makePatterns(converterOf(pool), dense);
      cycle = { coarse, left: Math.min(cycle.left, coarse) };
    },
    theta: (name, out) => plainTheta(parameters.get(name)!, out),
    buffers: () =>
      new Map(
        [...buffers].map(([name, { offset, shape }]) => [
          name,
          { shape, data: memory.f32(offset, size(shape)).slice() },
        ]),
      ),
    exchange(values) {
      const before = new Map<string, Float32Array>();
      for (const [name, data] of values) {
        const parameter = parameters.get(name);
        if (parameter) {
          before.set(name, readTheta(parameter));
          parameter.form.write(data);
        } else {
          const buffer = memory.f32(buffers.get(name)!.offset, data.length);
          before.set(name, buffer.slice());
          buffer.set(data);
        }
      }
      return before;
    },
    state: () => saveState(parts, steps, cycle),
    restore(state) {
      restoreState(parts, state, converterOf(pool));
      ({ steps, cycle } = state);
      reset();
    },
  };
}

function kindOfNext({ coarse, left }: Cycle): StepKind {
  return coarse === 0 ? "exact" : left > 0 ? "frozen" : "fine";
}

/** The rest of a sentence that says why patterns can't be frozen. */
function whyNot(fixed: Updater | undefined): string {
  if (!fixed) return "anything: expected a regularizer of weights, found none";
  const { parameter, optimizer } = fixed;
  return (
    `${parameter.name}: expected LinBreg or AdaBreg with a regularizer that has a ` +
    "standard form of single weights, rows, filters or kernels (l1, groupLasso, ...), " +
    `found ${optimizer.kind} with ${optimizer.regularizer.kind}`
  );
}
