/** Everything a training is made of, before its first step. */
import { augmenter, type Augmenter } from "../data/augment.js";
import { batches, type Batches } from "../data/batches.js";
import type { AnyDataset } from "../data/dataset.js";
import { samplesInUse } from "../data/in-use.js";
import { takeTurns, type Turns } from "../engine/next-turn.js";
import type { Trainer } from "../engine/trainer.js";
import { birthsOf, createBirthCounter } from "../measure/births.js";
import { measureDenseStep } from "../measure/dense-step.js";
import { createSettler } from "../measure/fresh-statistics.js";
import { createWorkCounter, type WorkCounter } from "../measure/work.js";
import { hasAccuracy } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { Normalization } from "../normalization.js";
import type { Ranks } from "../ranks/ranks.js";
import type { Pool } from "../runtime/pool.js";
import { createAverage, type WeightAverage } from "./average.js";
import type { Settings } from "./fit-options.js";
import { fitTrainer } from "./fit-trainer.js";
import type { Keeper } from "./keeper.js";
import { bestLine, testedBefore } from "../measure/best-epoch.js";
import { firstJudged } from "./judged-epochs.js";
import { createKeptEpoch, type KeptEpoch } from "./kept-epoch.js";
import { leftOut, type Parts } from "./lone-values.js";
import type { Lengths } from "./progress.js";
import { lengthsOf } from "./run-length.js";
import { storeDataset } from "./store-dataset.js";
import { targetScale } from "./target-units.js";
import { createWarnings, type Warnings } from "./warnings.js";

/** What a training is of. */
export interface Subject {
  readonly pool: Pool;
  readonly model: Model;
  readonly data: AnyDataset;
  readonly settings: Settings;
  readonly keeper?: Keeper | undefined;
  /** Processes that train it together. */
  readonly ranks?: Ranks | undefined;
}

export interface Training extends Subject {
  /** Instruction set that its bits depend on. */
  readonly isa: string;
  /** Epochs it was to have, today's last. */
  readonly lengths: Lengths;
  /** The data without what nobody asks for. */
  readonly used: AnyDataset;
  /** Indices of the samples. */
  readonly samples: {
    readonly train: Int32Array;
    readonly valid: Int32Array;
    readonly test: Int32Array;
  };
  readonly inParts: Parts;
  readonly order: Batches;
  readonly trainer: Trainer;
  readonly births: ReturnType<typeof createBirthCounter>;
  readonly averaged?: WeightAverage | undefined;
  /**
   * The network of the best epoch: where it is the result, or a classifier's test samples are to be
   * looked at with it.
   */
  readonly kept?: KeptEpoch | undefined;
  readonly warnings: Warnings;
  readonly work?: WorkCounter | undefined;
  /** What the targets were normalised by, if they were. */
  readonly scale?: Normalization | undefined;
  /** Gives the event loop its turn, if it is time. */
  readonly turns: Turns;
  /** How the images of a step are changed. */
  readonly augmentation?: Augmenter | undefined;
  /** Runs an evaluation with the weights and statistics that are to be judged. */
  evaluated<Result>(run: () => Promise<Result>): Promise<Result>;
  /** Whether the training is to stop: at the same step in all ranks. */
  stopping(): boolean;
  /** Seconds of training so far, in all sittings. */
  seconds(): number;
}

export function isaOf(pool: Pool, { precision }: Pick<Settings, "precision">): string {
  return precision === "bf16" ? pool.halfIsa : pool.isa;
}

/** Prepares a training, or what is left of it. */
export async function prepareTraining(subject: Subject): Promise<Training> {
  const { pool, model, data, settings, keeper, ranks } = subject;
  const { schedule, batchSize, microBatches, seed, normalize, augment, epochs } = settings;
  const resumed = keeper?.resumed;
  const lengths = lengthsOf(resumed, epochs, schedule);

  const { used, ...samples } = samplesInUse(data, settings);
  const { train } = samples;
  const scale = targetScale(model, data, settings.loss);
  const store = storeDataset(pool, used, {
    normalization: normalize ? data : undefined,
    scale,
    batch: Math.ceil(batchSize / microBatches),
  });
  const inParts = { samples: train.length, batchSize, microBatches };
  const order = batches(train, {
    ...settings,
    leaveOut: leftOut(model, inParts),
    ...(resumed && { from: resumed.order }),
  });
  const weights = weightsOf(settings.classWeights, used, train);
  const trainer = fitTrainer(
    pool,
    model,
    store,
    { ...settings, ranks },
    epochs * order.perEpoch,
    weights,
  );
  const { births, averaged, kept } = startLooks(trainer, subject, lengths, samples);
  const warnings = createWarnings(model, trainer, settings);
  const turns = takeTurns();
  const settling = {
    indices: train,
    size: Math.min(Math.ceil(batchSize / microBatches), train.length),
    batches: settings.freshStatistics,
    // Those of an average are put back after each use.
    last: !averaged,
  };
  const settled = createSettler(trainer, settling, turns);
  const augmentation = augment && augmenter(augment, seed, model.input.slice(1));
  const firstBatch = train.subarray(0, Math.min(batchSize, order.samples));
  // So many steps as there is time for, which ranks don't know of each other.
  const denseStep =
    resumed || ranks
      ? undefined
      : await measureDenseStep(trainer, firstBatch, augmentation?.(0, 0, firstBatch.length));
  const work =
    resumed && !resumed.work
      ? undefined
      : createWorkCounter(trainer, resumed?.work ?? { denseStep });
  const started = performance.now();
  return {
    ...subject,
    isa: isaOf(pool, settings),
    lengths,
    used,
    samples,
    inParts,
    order,
    trainer,
    births,
    averaged,
    kept,
    warnings,
    scale,
    work,
    turns,
    augmentation,
    evaluated: (run) => (averaged ? averaged.use(() => settled(run)) : settled(run)),
    stopping: () => (ranks ? ranks.stopping : settings.signal?.aborted === true),
    seconds: () => (resumed?.seconds ?? 0) + (performance.now() - started) / 1000,
  };
}

/** By which samples of each class count; a class without training samples counts by 1. */
function weightsOf(
  given: Settings["classWeights"],
  { classes, train }: AnyDataset,
  indices: Int32Array,
): readonly number[] | undefined {
  if (given !== "balanced") return given;
  const counts = Array.from({ length: classes }, () => 0);
  for (const index of indices) counts[train.labels[index]]++;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? indices.length / (present * count) : 1));
}

/**
 * Goes on with what the checkpoint holds, if there is one. Apart, so that nothing keeps its
 * tensors.
 */
function startLooks(
  trainer: Trainer,
  { keeper, settings }: Subject,
  lengths: Lengths,
  { valid, test }: Pick<Training["samples"], "valid" | "test">,
) {
  const { average, keep, loss } = settings;
  const from = firstJudged(settings, lengths[0]);
  const best = bestLine(keeper?.resumed?.epochs ?? [], from);
  const tensors = keeper?.restore(trainer);
  const isResult = keep === "best";
  const isTested = hasAccuracy(loss) && valid.length > 0 && test.length > 0;
  // Earlier versions looked at the test samples at once, and kept no network for them.
  const isKept = best && (isResult || testedBefore(best) === undefined);
  return {
    births: createBirthCounter(trainer, tensors && birthsOf(tensors)),
    averaged: average && createAverage(trainer, average, tensors),
    kept: isResult || isTested ? createKeptEpoch(trainer, isKept ? tensors : undefined) : undefined,
  };
}
