/**
 * The training loop: epochs of seeded batches, evaluation after each, events on the way.
 *
 * One seed decides everything: the initial weights and the order of each epoch have random streams
 * of their own. The split has a seed apart, so that runs with different seeds are judged on the
 * same validation samples. All that is drawn follows from the seed, the epoch and the step, so a
 * run resumed from a checkpoint goes on with the very same numbers.
 */
import type { AnyDataset } from "../data/dataset.js";
import { bestLine, isBest } from "../measure/best-epoch.js";
import { birthTensors } from "../measure/births.js";
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import { netDensity } from "../measure/metrics.js";
import type { Model } from "../nn/model.js";
import type { TargetFacts } from "../nn/network.js";
import type { Normalization } from "../normalization.js";
import type { Preparation } from "../preparation.js";
import { coarseSteps, isFixedIn } from "../optim/freeze.js";
import { checkedState, type ScheduleState } from "../optim/schedule.js";
import type { Ranks } from "../ranks/ranks.js";
import { createPool } from "../runtime/pool.js";
import { withoutUndefined } from "../without-undefined.js";
import { checkOptions } from "./check-options.js";
import { createDensityController } from "./density-controller.js";
import { decidingIn, type FitOptions } from "./fit-options.js";
import { lossNotes } from "./fits-data.js";
import { firstJudged, isOver, stopNote } from "./judged-epochs.js";
import type { Keeper, OpenKeeper } from "./keeper.js";
import { leftOutNotes } from "./lone-values.js";
import { createMeasuring, type Measuring } from "./measuring.js";
import type { Progress } from "./progress.js";
import { lengthNotes, scheduleStateOf } from "./run-length.js";
import { inUnits, startingIn, targetFacts, unitNotes } from "./target-units.js";
import { isaOf, prepareTraining, type Subject, type Training } from "./training.js";

export interface FitResult {
  readonly final: FinalMetrics;
  /** Epoch 0 (before training) and every epoch after it. */
  readonly epochs: readonly EpochMetrics[];
  readonly interrupted: boolean;
  /** Final parameters by name, e.g. "linear1.weight" of shape [out, in], row-major. */
  readonly parameters: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly data: Float32Array }
  >;
  /**
   * What layers keep beside their parameters, e.g. "batchNorm2d1.running" of shape [2, channels]:
   * mean and variance.
   */
  readonly buffers: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly data: Float32Array }
  >;
  /**
   * What the inputs of the network are, as `predict` and `saveModel` take it; absent with
   * `normalize: false`.
   */
  readonly normalization?: Normalization;
  /** Of a classifier: the name of each class, as the data have them. */
  readonly labelNames?: readonly string[];
  /** How new samples of the data's files become inputs, where the data say it. */
  readonly preparation?: Preparation;
  /** Of a network for regression: what its outputs are. */
  readonly targets?: TargetFacts;
}

/** Time between two "step" events, in milliseconds. */
const STEP_EVENT_EVERY = 200;

/** What changes in the course of a training, beside its trainer. */
interface Course {
  /** Epoch under way, from 1. */
  epoch: number;
  /** Sums over its samples so far. */
  sums: Progress["sums"];
  schedule: ScheduleState;
  /** The lines of the epochs that are over, epoch 0 first. */
  readonly history: EpochMetrics[];
}

const NO_SUMS: Progress["sums"] = { loss: 0, correct: 0, seen: 0 };

/**
 * Trains a model on a data set: what `fit` does, in Node (fit.ts) and in a browser
 * (fit-in-memory.ts).
 *
 * @param open - for `options.checkpoint`: checkpoints need a file system, training does not
 * @param ranks - processes that do so together: in all of them the result is the same
 */
export async function trainModel(
  model: Model,
  data: AnyDataset,
  options: FitOptions,
  open?: OpenKeeper,
  ranks?: Ranks,
): Promise<FitResult> {
  const settings = checkOptions(model, data, options);
  const { backend, threads, wasm, checkpoint } = settings;
  const pool = await createPool({ backend, threads, wasm });
  let keeper: Keeper | undefined;
  try {
    ranks?.agree("backend", `${pool.backend} (${isaOf(pool, settings)})`);
    keeper = checkpoint && (await open?.(checkpoint, model, data, decidingIn(settings)));
    const notes = [...lossNotes(options.loss, data), ...unitNotes(model, data, settings.loss)];
    return await train(
      { pool, model, data, settings: startingIn(model, data, settings), keeper, ranks },
      notes,
    );
  } finally {
    keeper?.close();
    await pool.close();
  }
}

/** @param notes - what the reader is to know of the options */
async function train(subject: Subject, notes: readonly string[]): Promise<FitResult> {
  const training = await prepareTraining(subject);
  const { model, data, settings, keeper, lengths, order, trainer, warnings, scale } = training;
  const { schedule, freeze, targetDensity, epochs, normalize, onEvent, observe } = settings;
  const resumed = keeper?.resumed;
  const measuring = createMeasuring(training);
  const state = scheduleStateOf(schedule, resumed, epochs);
  const course: Course = {
    epoch: resumed?.epoch ?? 1,
    sums: resumed?.sums ?? NO_SUMS,
    schedule: state,
    history: resumed ? [...resumed.epochs] : [await measuring.epoch(0, state.factor)],
  };
  const { history } = course;
  const control =
    targetDensity &&
    createDensityController(trainer, targetDensity, {
      stepsPerEpoch: order.perEpoch,
      epochs: lengths[0],
      scaled: freeze?.lambda !== "kept",
      fixedAfter: freeze?.fixedAfter,
      initial: history[0].layers,
    });
  // At once: whatever comes next, the run goes on with this number of epochs.
  if (resumed && resumed.lengths?.length !== lengths.length) save(training, course);
  announce(training, course, notes);
  if (!resumed) observe?.(0, trainer);

  const step = createStep(training, course, measuring, control);
  const stops = () => isOver(wholeLines(course), settings, lengths[0]);
  const isDone = () => course.epoch > epochs || stops();
  while (!isDone() && !training.stopping()) {
    freezeFor(training, course);
    for (const batch of order.epoch()) {
      const place = step(batch);
      await training.turns();
      if (training.stopping()) break;
      // The last step's is written below, with what is measured.
      if (place < order.perEpoch && keeper?.isDue()) save(training, course);
    }
    if (!(await endEpoch(training, course, measuring))) break;
  }

  const best = bestLine(wholeLines(course), firstJudged(settings, lengths[0]));
  const { layers } = (settings.keep === "best" && best) || history.at(-1)!;
  const missed = control?.missed(layers) ?? [];
  const { final, parameters, buffers } = await measuring.final(history, best);
  const interrupted = !isDone();
  if (stops()) onEvent?.({ type: "note", text: stopNote(course.epoch - 1, epochs, settings) });
  if (!interrupted) warnings.tell(missed);
  onEvent?.({ type: "end", final, interrupted });
  const { mean, std, preparation } = data;
  const labelNames = settings.loss === "crossEntropy" ? data.labelNames : undefined;
  const normalization = normalize ? { mean, std } : undefined;
  return withoutUndefined({
    final,
    epochs: history,
    interrupted,
    parameters: scale ? inUnits(model, parameters, scale) : parameters,
    buffers,
    normalization,
    labelNames,
    preparation,
    targets: targetFacts(data, settings.loss, scale),
  });
}

/** The lines of epochs, without that of one cut short. */
function wholeLines({ epoch, history }: Course): readonly EpochMetrics[] {
  return history.filter((line) => line.epoch < epoch);
}

/** Tells of the beginning, and of what is to be known of it. */
function announce(training: Training, { history }: Course, notes: readonly string[]): void {
  const { pool, isa, model, data, settings, keeper, lengths, samples } = training;
  const { inParts, order, trainer, warnings } = training;
  const { name, epochs, batchSize, seed, shuffle, onEvent } = settings;
  const resumed = keeper?.resumed;
  onEvent?.({
    type: "start",
    recipe: { name, epochs, batchSize, seed },
    samples: {
      train: samples.train.length,
      valid: samples.valid.length,
      test: samples.test.length,
    },
    backend: pool.backend,
    isa,
    threads: pool.threads,
    reason: pool.reason,
    stepsPerEpoch: order.perEpoch,
    initial: history[0],
    ...(resumed && {
      resumed: { steps: trainer.steps, epochs: history.slice(1), lengths, about: keeper.about },
    }),
  });
  const all = [
    ...notes,
    ...(resumed ? [] : (settings.start?.notes ?? [])),
    ...leftOutNotes(model, inParts, shuffle),
    ...(keeper?.notes({ backend: pool.backend, isa }) ?? []),
    ...lengthNotes(resumed, lengths, settings),
  ];
  for (const text of all) onEvent?.({ type: "note", text });
  warnings.start(data, resumed !== undefined);
}

/** At the beginning of an epoch: how many frozen steps follow each fine one, or that all are. */
function freezeFor(
  { settings: { freeze }, order, trainer }: Training,
  { epoch, sums, history }: Course,
): void {
  if (!freeze || sums.seen > 0) return;
  if (isFixedIn(freeze, epoch - 1)) return trainer.fix();
  const { births, layers } = history.at(-1)!;
  const nonZeros = layers.reduce((sum, layer) => sum + layer.nonZeros, 0);
  const rate = epoch > 1 ? { births, nonZeros, steps: order.perEpoch } : undefined;
  trainer.freeze(coarseSteps(freeze, epoch - 1, rate), freeze.lambda);
}

/** One step on a batch, which returns its number in the epoch, from 1; events now and then. */
function createStep(
  training: Training,
  course: Course,
  { accuracyOf }: Measuring,
  control: ReturnType<typeof createDensityController> | undefined,
): (batch: Int32Array) => number {
  const { settings, order, trainer, averaged, work, augmentation } = training;
  const { batchSize, onEvent } = settings;
  let lastEvent = performance.now();
  let stepsSince = 0;
  return (batch) => {
    const { epoch, schedule } = course;
    const step = Math.ceil(order.state().position / batchSize);
    const changes = augmentation?.(epoch - 1, step - 1, batch.length);
    const advance = () => trainer.step(batch, schedule.factor, changes);
    const result = work ? work.during(advance, batch.length) : advance();
    averaged?.look();
    control?.look(schedule.factor);
    const { loss, correct, seen } = course.sums;
    course.sums = {
      loss: loss + result.loss * batch.length,
      correct: correct + result.correct,
      seen: seen + batch.length,
    };
    stepsSince++;
    const now = performance.now();
    if (now - lastEvent < STEP_EVENT_EVERY) return step;
    const { sums } = course;
    onEvent?.(
      withoutUndefined({
        type: "step" as const,
        epoch,
        step,
        loss: sums.loss / sums.seen,
        accuracy: accuracyOf(sums.correct / sums.seen),
        density: netDensity(trainer),
        stepsPerSecond: (stepsSince / (now - lastEvent)) * 1000,
      }),
    );
    lastEvent = now;
    stepsSince = 0;
    return step;
  };
}

/** Measures an epoch and moves on to the next; false if it was cut short. */
async function endEpoch(
  training: Training,
  course: Course,
  measuring: Measuring,
): Promise<boolean> {
  const { settings, keeper, lengths, order, trainer, warnings } = training;
  const { schedule, epochs, observe, onEvent } = settings;
  const { epoch, sums, history } = course;
  const whole = sums.seen === order.samples;
  // The line of an epoch cut short is for the reader only: the checkpoint is of the moment before
  // it.
  if (!whole && keeper) save(training, course);
  const trained = { loss: sums.loss / sums.seen, accuracy: sums.correct / sums.seen };
  const from = firstJudged(settings, lengths[0]);
  const metrics = await measuring.epoch(
    epoch,
    course.schedule.factor,
    trained,
    (line) => whole && isBest(line, history, from),
  );
  history.push(metrics);
  observe?.(epoch, trainer);
  onEvent?.({ type: "epoch", metrics });
  if (!whole) return false;
  warnings.epoch(history);
  const { trainLoss, validAccuracy } = metrics;
  const seen = withoutUndefined({ epoch: epoch - 1, trainLoss: trainLoss!, validAccuracy });
  const next = schedule.next(course.schedule, seen);
  course.epoch++;
  // What would come after the last epoch may be anything.
  course.schedule = course.epoch > epochs ? next : checkedState(schedule.kind, next, course.epoch);
  course.sums = NO_SUMS;
  if (keeper) save(training, course);
  return true;
}

/** Writes a checkpoint. */
function save(training: Training, { epoch, sums, schedule, history }: Course): void {
  const { pool, isa, keeper, lengths, order, trainer, births, averaged, kept } = training;
  const { work, seconds } = training;
  const progress = {
    lengths,
    epoch,
    order: order.state(),
    sums,
    schedule,
    seconds: seconds(),
    work: work?.state(),
    epochs: history,
    backend: pool.backend,
    isa,
  };
  keeper!.save(progress, trainer.state(), [
    ...birthTensors(births.state()),
    ...(averaged?.tensors() ?? []),
    ...(kept?.tensors() ?? []),
  ]);
}
