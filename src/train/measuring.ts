/** What a training is judged by: the line of each epoch, and the figures at its end. */
import { bestOf } from "../measure/best-epoch.js";
import { connectionsOf } from "../measure/connections.js";
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import {
  flopDensity,
  kernelDensity,
  layerMetrics,
  modelBytes,
  regularizerValue,
  totalDensity,
} from "../measure/metrics.js";
import { createSimilarity } from "../measure/similarity.js";
import { savings } from "../measure/work.js";
import { withoutUndefined } from "../without-undefined.js";
import type { FitResult } from "./train-model.js";
import type { Trainer } from "../engine/trainer.js";
import type { Training } from "./training.js";

/** Means over the samples of an epoch, as they were trained on. */
export interface Trained {
  readonly loss: number;
  readonly accuracy: number;
}

export interface Measuring {
  /**
   * The line of an epoch.
   *
   * @param factor - of the schedule, on tau
   */
  epoch(epoch: number, factor: number, trained?: Trained): Promise<EpochMetrics>;
  /**
   * Looks at an epoch that is the best so far: keeps its network, if that is asked for, and tells a
   * classifier's accuracy on the test samples, if there are any.
   */
  best(): Promise<{ testAccuracy?: number }>;
  /**
   * The network that is the result, and what it is worth: as it is now or, where the best is kept,
   * that of the epoch of this line. Training is then over.
   */
  final(
    history: readonly EpochMetrics[],
    best: EpochMetrics | undefined,
  ): Promise<Pick<FitResult, "final" | "parameters" | "buffers">>;
  /** The accuracy, where that says something. */
  accuracyOf(accuracy: number): number | undefined;
}

/** Measures a training. */
export function createMeasuring(training: Training): Measuring {
  const { settings, used, samples, trainer, births, kept, turns, evaluated, seconds } = training;
  const { loss, optimizer } = settings;
  const similarity = loss === "meanSquaredError" ? createSimilarity(trainer, used) : undefined;
  const accuracyOf = (accuracy: number) => (loss === "crossEntropy" ? accuracy : undefined);
  const judged = (indices: Int32Array): Promise<Judged> | undefined =>
    indices.length === 0 ? undefined : trainer.evaluateInTurns(indices, turns);

  return {
    accuracyOf,

    async epoch(epoch, factor, trained) {
      const changes = births.look(epoch);
      const layers = layerMetrics(trainer).map((layer, k) => ({ ...layer, ...changes.layers[k] }));
      const { valid, validSsim } = await evaluated(async () => ({
        valid: await judged(samples.valid),
        validSsim: samples.valid.length ? await similarity?.(samples.valid, turns) : undefined,
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
        tau: optimizer.weights.tau * factor,
        births: changes.births,
        deaths: changes.deaths,
        regularizer: regularizerValue(trainer),
        seconds: seconds(),
      });
    },

    async best() {
      const looks = loss === "crossEntropy" && samples.test.length > 0;
      if (!looks && !kept) return {};
      return evaluated(async () => {
        kept?.take();
        if (!looks) return {};
        const { accuracy } = await trainer.evaluateInTurns(samples.test, turns);
        return { testAccuracy: accuracy };
      });
    },

    final: (history, best) => finalOf(training, { judged, similarity, accuracyOf }, history, best),
  };
}

/** How a training's measures are taken. */
interface Measures extends Pick<Measuring, "accuracyOf"> {
  readonly judged: (indices: Int32Array) => Promise<Judged> | undefined;
  readonly similarity: ReturnType<typeof createSimilarity>;
}

type Judged = Awaited<ReturnType<Training["trainer"]["evaluateInTurns"]>>;

/** See Measuring.final. */
async function finalOf(
  training: Training,
  { judged, similarity, accuracyOf }: Measures,
  history: readonly EpochMetrics[],
  best: EpochMetrics | undefined,
): ReturnType<Measuring["final"]> {
  const { model, samples, trainer, kept, work, turns, evaluated, seconds } = training;
  const found = kept && best;
  const last = found ?? history.at(-1)!;
  if (found) kept.putBack(found);
  // What is kept was averaged and settled when it was taken.
  const judging = found ? <T>(run: () => Promise<T>) => run() : evaluated;
  const { test, ssim, bytes, connections, parameters, buffers } = await judging(async () => ({
    test: await judged(samples.test),
    ssim: samples.test.length ? await similarity?.(samples.test, turns) : undefined,
    bytes: modelBytes(trainer),
    connections: connectionsOf(model, trainer.theta),
    parameters: parametersOf(trainer),
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
    kept: found?.epoch,
    seconds: seconds(),
    bytes,
  });
  return { final, parameters, buffers };
}

/** Copies of the parameters, by name. */
function parametersOf({ updaters, theta }: Trainer): FitResult["parameters"] {
  return new Map(
    updaters.map(({ parameter: { name, shape } }) => [name, { shape, data: theta(name) }]),
  );
}
