/**
 * The training loop: epochs of seeded batches, evaluation after each, events on the way.
 *
 * One seed decides everything: the initial weights and the order of each epoch have random streams of their own. The
 * split has a seed apart, so that runs with different seeds are judged on the same validation samples. All that is drawn
 * follows from the seed, the epoch and the step, so a run resumed from a checkpoint goes on with the very same numbers.
 */
import { augmenter } from "../data/augment.js";
import { batches } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import { inUse } from "../data/in-use.js";
import { heldOut, split } from "../data/split.js";
import type { Model } from "../nn/model.js";
import type { Normalization } from "../normalization.js";
import { checkedState } from "../optim/schedule.js";
import { coarseSteps } from "../optim/freeze.js";
import { stream } from "../random.js";
import { createPool, type Pool } from "../runtime/pool.js";
import { createAverage } from "./average.js";
import { bestOf, isBest } from "../measure/best-epoch.js";
import { birthsOf, birthTensors, createBirthCounter } from "../measure/births.js";
import { connectionsOf } from "../measure/connections.js";
import { measureDenseStep } from "../measure/dense-step.js";
import { createDensityController } from "./density-controller.js";
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import { checkOptions } from "./check-options.js";
import { decidingIn, type FitOptions, type Settings } from "./fit-options.js";
import { fitTrainer } from "./fit-trainer.js";
import { lossNotes } from "./fits-data.js";
import { createSettler } from "../measure/fresh-statistics.js";
import type { Keeper, OpenKeeper } from "./keeper.js";
import {
  flopDensity,
  kernelDensity,
  layerMetrics,
  netDensity,
  modelBytes,
  regularizerValue,
  totalDensity,
} from "../measure/metrics.js";
import { takeTurns } from "../engine/next-turn.js";
import { lengthNotes, lengthsOf, scheduleStateOf } from "./run-length.js";
import { leftOut, leftOutNotes } from "./lone-values.js";
import { createSimilarity } from "../measure/similarity.js";
import { storeDataset } from "./store-dataset.js";
import type { Trainer } from "../engine/trainer.js";
import { withoutUndefined } from "../without-undefined.js";
import { createWarnings } from "./warnings.js";
import { createWorkCounter, savings } from "../measure/work.js";

export interface FitResult {
  readonly final: FinalMetrics;
  /** Epoch 0 (before training) and every epoch after it. */
  readonly epochs: readonly EpochMetrics[];
  readonly interrupted: boolean;
  /** Final parameters by name, e.g. "linear1.weight" of shape [out, in], row-major. */
  readonly parameters: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** What layers keep beside their parameters, e.g. "batchNorm2d1.running" of shape [2, channels]: mean and variance. */
  readonly buffers: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** What the inputs of the network are, as `predict` and `saveModel` take it; absent with `normalize: false`. */
  readonly normalization?: Normalization;
}

/** Time between two "step" events, in milliseconds. */
const STEP_EVENT_EVERY = 200;

/**
 * Trains a model on a data set: what `fit` does, in Node (fit.ts) and in a browser (fit-in-memory.ts).
 *
 * @param open - for `options.checkpoint`: checkpoints need a file system, training does not
 */
export async function trainModel(
  model: Model,
  data: Dataset,
  options: FitOptions,
  open?: OpenKeeper,
): Promise<FitResult> {
  const settings = checkOptions(model, data, options);
  const { backend, threads, wasm, checkpoint } = settings;
  const pool = await createPool({ backend, threads, wasm });
  let keeper: Keeper | undefined;
  try {
    keeper = checkpoint && open?.(checkpoint, model, data, decidingIn(settings));
    return await train(pool, model, data, settings, [...lossNotes(options.loss, data)], keeper);
  } finally {
    keeper?.close();
    await pool.close();
  }
}

async function train(
  pool: Pool,
  model: Model,
  data: Dataset,
  settings: Settings,
  choices: readonly string[],
  keeper?: Keeper,
): Promise<FitResult> {
  const { optimizer, loss, schedule, freeze, average, batchSize, microBatches, seed, normalize, augment } = settings;
  const { validation, splitSeed, limit, epochs, name, onEvent, observe, signal } = settings;
  const resumed = keeper?.resumed;
  const lengths = lengthsOf(resumed, epochs, schedule);

  const used = inUse(data, { limit, validation, splitSeed });
  const held = heldOut(used.train.count, validation, limit);
  const parts = split(used.train.count, held, stream(splitSeed, "split"));
  const trainIndices = parts.train.subarray(0, limit);
  const testIndices = Int32Array.from({ length: data.test.count }, (_, k) => used.train.count + k);
  const samples = storeDataset(pool, used, normalize ? data : undefined);
  const inParts = { samples: trainIndices.length, batchSize, microBatches };
  const order = batches(trainIndices, {
    ...settings,
    leaveOut: leftOut(model, inParts),
    ...(resumed && { from: resumed.order }),
  });
  const steps = epochs * order.perEpoch;
  const trainer = fitTrainer(pool, model, samples, settings, steps);
  const { births, averaged } = startLooks(trainer, keeper, average);
  const warnings = createWarnings(model, trainer, settings);
  const turns = takeTurns();
  const settling = {
    indices: trainIndices,
    size: Math.min(Math.ceil(batchSize / microBatches), trainIndices.length),
    batches: settings.freshStatistics,
    // Those of an average are put back after each use.
    last: !averaged,
  };
  const settled = createSettler(trainer, settling, turns);
  const evaluated = <Result>(run: () => Promise<Result>): Promise<Result> =>
    averaged ? averaged.use(() => settled(run)) : settled(run);
  const augmentation = augment && augmenter(augment, seed, model.input.slice(1));
  const firstBatch = trainIndices.subarray(0, Math.min(batchSize, order.samples));
  const denseStep = resumed
    ? undefined
    : await measureDenseStep(trainer, firstBatch, augmentation?.(0, 0, firstBatch.length));
  const work = resumed && !resumed.work ? undefined : createWorkCounter(trainer, resumed?.work ?? { denseStep });
  const started = performance.now();
  const seconds = () => (resumed?.seconds ?? 0) + (performance.now() - started) / 1000;
  const classifies = loss === "crossEntropy";
  const similarity = loss === "meanSquaredError" ? createSimilarity(trainer, used) : undefined;
  const accuracyOf = (accuracy: number) => (classifies ? accuracy : undefined);

  let scheduleState = scheduleStateOf(schedule, resumed, epochs);
  const measure = async (epoch: number, trained?: { loss: number; accuracy: number }): Promise<EpochMetrics> => {
    const changes = births.look(epoch);
    const layers = layerMetrics(trainer).map((layer, k) => ({ ...layer, ...changes.layers[k] }));
    const { valid, validSsim } = await evaluated(async () => ({
      valid: parts.valid.length ? await trainer.evaluateInTurns(parts.valid, turns) : undefined,
      validSsim: parts.valid.length ? await similarity?.(parts.valid, turns) : undefined,
    }));
    return withoutUndefined({
      epoch,
      trainLoss: trained?.loss,
      trainAccuracy: trained && accuracyOf(trained.accuracy),
      validLoss: valid?.loss,
      validAccuracy: valid && accuracyOf(valid.accuracy),
      validSsim,
      density: totalDensity(layers),
      layers,
      tau: optimizer.weights.tau * scheduleState.factor,
      births: changes.births,
      deaths: changes.deaths,
      regularizer: regularizerValue(trainer),
      seconds: seconds(),
    });
  };

  const testOf = async () => {
    if (testIndices.length === 0) return {};
    const { accuracy } = await evaluated(() => trainer.evaluateInTurns(testIndices, turns));
    return { testAccuracy: accuracy };
  };

  const history = resumed ? [...resumed.epochs] : [await measure(0)];
  const control =
    settings.targetDensity === undefined
      ? undefined
      : createDensityController(trainer, settings.targetDensity, {
          stepsPerEpoch: order.perEpoch,
          epochs: lengths[0],
          scaled: freeze?.lambda !== "kept",
          initial: history[0].layers,
        });
  let epoch = resumed?.epoch ?? 1;
  let sums = resumed?.sums ?? { loss: 0, correct: 0, seen: 0 };
  const save = () => {
    const progress = {
      lengths,
      epoch,
      order: order.state(),
      sums,
      schedule: scheduleState,
      seconds: seconds(),
      work: work?.state(),
      epochs: history,
    };
    keeper!.save({ ...progress, backend: pool.backend, isa: pool.isa }, trainer.state(), [
      ...birthTensors(births.state()),
      ...(averaged?.tensors() ?? []),
    ]);
  };
  // At once: whatever comes next, the run goes on with this number of epochs.
  if (resumed && resumed.lengths?.length !== lengths.length) save();
  onEvent?.({
    type: "start",
    recipe: { name, epochs, batchSize, seed },
    samples: { train: trainIndices.length, valid: parts.valid.length, test: testIndices.length },
    backend: pool.backend,
    isa: pool.isa,
    threads: pool.threads,
    reason: pool.reason,
    stepsPerEpoch: order.perEpoch,
    initial: history[0],
    ...(resumed && { resumed: { steps: trainer.steps, epochs: history.slice(1), lengths, about: keeper!.about } }),
  });
  const notes = [
    ...choices,
    ...leftOutNotes(model, inParts, settings.shuffle),
    ...(keeper?.notes(pool) ?? []),
    ...lengthNotes(resumed, lengths, settings),
  ];
  for (const text of notes) onEvent?.({ type: "note", text });
  warnings.start(data, resumed !== undefined);
  if (!resumed) observe?.(0, trainer);

  let lastStepEvent = performance.now();
  let stepsSinceEvent = 0;
  while (epoch <= epochs && !signal?.aborted) {
    if (freeze && sums.seen === 0) {
      const { births, layers } = history.at(-1)!;
      const nonZeros = layers.reduce((sum, layer) => sum + layer.nonZeros, 0);
      const rate = epoch > 1 ? { births, nonZeros, steps: order.perEpoch } : undefined;
      trainer.freeze(coarseSteps(freeze, epoch - 1, rate), freeze.lambda);
    }
    for (const batch of order.epoch()) {
      const step = Math.ceil(order.state().position / batchSize); // from 1
      const changes = augmentation?.(epoch - 1, step - 1, batch.length);
      const advance = () => trainer.step(batch, scheduleState.factor, changes);
      const result = work ? work.during(advance, batch.length) : advance();
      averaged?.look();
      control?.look(scheduleState.factor);
      sums = {
        loss: sums.loss + result.loss * batch.length,
        correct: sums.correct + result.correct,
        seen: sums.seen + batch.length,
      };
      stepsSinceEvent++;
      const now = performance.now();
      if (now - lastStepEvent >= STEP_EVENT_EVERY) {
        onEvent?.(
          withoutUndefined({
            type: "step" as const,
            epoch,
            step,
            loss: sums.loss / sums.seen,
            accuracy: accuracyOf(sums.correct / sums.seen),
            density: netDensity(trainer),
            stepsPerSecond: (stepsSinceEvent / (now - lastStepEvent)) * 1000,
          }),
        );
        lastStepEvent = now;
        stepsSinceEvent = 0;
      }
      await turns();
      if (signal?.aborted) break;
      // The last step's is written below, with what is measured.
      if (step < order.perEpoch && keeper?.isDue()) save();
    }
    const whole = sums.seen === order.samples;
    // The line of an epoch cut short is for the reader only: the checkpoint is of the moment before it.
    if (!whole && keeper) save();
    const measured = await measure(epoch, { loss: sums.loss / sums.seen, accuracy: sums.correct / sums.seen });
    const metrics = whole && isBest(measured, history) ? { ...measured, ...(await testOf()) } : measured;
    history.push(metrics);
    observe?.(epoch, trainer);
    onEvent?.({ type: "epoch", metrics });
    if (!whole) break;
    warnings.epoch(history);
    const { trainLoss, validAccuracy } = metrics;
    const next = schedule.next(
      scheduleState,
      withoutUndefined({ epoch: epoch - 1, trainLoss: trainLoss!, validAccuracy }),
    );
    epoch++;
    // What would come after the last epoch may be anything.
    scheduleState = epoch > epochs ? next : checkedState(schedule.kind, next, epoch);
    sums = { loss: 0, correct: 0, seen: 0 };
    if (keeper) save();
  }

  const last = history.at(-1)!;
  const { test, ssim, bytes, connections, parameters, buffers } = await evaluated(async () => ({
    test: testIndices.length ? await trainer.evaluateInTurns(testIndices, turns) : undefined,
    ssim: testIndices.length ? await similarity?.(testIndices, turns) : undefined,
    bytes: modelBytes(trainer),
    connections: connectionsOf(model, trainer.theta),
    parameters: new Map(
      trainer.updaters.map(({ parameter: p }) => [p.name, { shape: p.shape, data: trainer.theta(p.name) }]),
    ),
    buffers: trainer.buffers(),
  }));
  const linear = last.layers.filter(({ kernels }) => kernels === undefined);
  const final: FinalMetrics = withoutUndefined({
    testLoss: test?.loss,
    testAccuracy: test && accuracyOf(test.accuracy),
    validLoss: last.validLoss,
    validAccuracy: last.validAccuracy,
    trainAccuracy: last.trainAccuracy,
    ssim,
    density: last.density,
    linearDensity: totalDensity(linear),
    kernelDensity: kernelDensity(last.layers),
    nodeDensity: linear.map((layer) => layer.activeUnits / layer.units),
    flopDensity: flopDensity(model, last.layers),
    saved: work && savings(work.state(), history),
    connections: connections.length ? connections : undefined,
    best: bestOf(history),
    seconds: seconds(),
    bytes,
  });
  const interrupted = epoch <= epochs;
  if (!interrupted) warnings.tell(control?.missed() ?? []);
  onEvent?.({ type: "end", final, interrupted });
  const { mean, std } = data;
  const normalization = normalize ? { mean, std } : undefined;
  return withoutUndefined({ final, epochs: history, interrupted, parameters, buffers, normalization });
}

/** Goes on with what the checkpoint holds, if there is one. Apart, so that nothing keeps its tensors. */
function startLooks(trainer: Trainer, keeper: Keeper | undefined, average: Settings["average"]) {
  const tensors = keeper?.restore(trainer);
  return {
    births: createBirthCounter(trainer, tensors && birthsOf(tensors)),
    averaged: average && createAverage(trainer, average, tensors),
  };
}
