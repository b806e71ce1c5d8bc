/** What a training is judged by: the line of each epoch, and the figures at its end. */
import type { AnyDataset } from "../data/dataset.js";
import { bestOf } from "../measure/best-epoch.js";
import { createClassFigures } from "../measure/class-figures.js";
import { connectionsOf } from "../measure/connections.js";
import { judge } from "../measure/each-output.js";
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import {
  flopDensity,
  kernelDensity,
  layerMetrics,
  modelBytes,
  regularizerValue,
  totalDensity,
} from "../measure/metrics.js";
import { createMistakes } from "../measure/mistakes.js";
import { nearness, type Nearness } from "../measure/nearness.js";
import type { RegressionFit } from "../measure/regression.js";
import { savings } from "../measure/work.js";
import { hasAccuracy } from "../nn/loss.js";
import { withoutUndefined } from "../without-undefined.js";
import type { FitResult } from "./train-model.js";
import type { Trainer } from "../engine/trainer.js";
import type { Training } from "./training.js";

/** Of so few classes the five likeliest are most of them. */
const FEW_CLASSES = 10;

/** Targets that are told of one by one. */
const MOST_TARGETS = 100;

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
  const { model } = training;
  const near = nearness(model, used, loss, training.scale);
  const figures = hasAccuracy(loss) ? createClassFigures(model, used) : undefined;
  const ranks = used.classes > FEW_CLASSES ? figures : undefined;
  const accuracyOf = (accuracy: number) => (hasAccuracy(loss) ? accuracy : undefined);

  return {
    accuracyOf,

    async epoch(epoch, factor, trained) {
      const changes = births.look(epoch);
      const layers = layerMetrics(trainer).map((layer, k) => ({ ...layer, ...changes.layers[k] }));
      const valid = await evaluated(() => judge(trainer, samples.valid, turns, { ...near, ranks }));
      return withoutUndefined({
        epoch,
        trainLoss: trained?.loss,
        trainAccuracy: trained && accuracyOf(trained.accuracy),
        validLoss: valid?.loss,
        validAccuracy: valid && accuracyOf(valid.accuracy),
        validTop5: valid?.ranks?.top5,
        validSsim: valid?.similarity,
        validMae: valid?.regression?.mae,
        validR2: valid?.regression?.r2,
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
      const looks = hasAccuracy(loss) && samples.test.length > 0;
      if (!looks && !kept) return {};
      return evaluated(async () => {
        kept?.take();
        if (!looks) return {};
        const { accuracy } = await trainer.evaluateInTurns(samples.test, turns);
        return { testAccuracy: accuracy };
      });
    },

    final: (history, best) => finalOf(training, { near, figures, accuracyOf }, history, best),
  };
}

/** How a training's measures are taken. */
interface Measures extends Pick<Measuring, "accuracyOf"> {
  readonly near: Nearness;
  readonly figures: ReturnType<typeof createClassFigures> | undefined;
}

/** See Measuring.final. */
async function finalOf(
  training: Training,
  { near, figures, accuracyOf }: Measures,
  history: readonly EpochMetrics[],
  best: EpochMetrics | undefined,
): ReturnType<Measuring["final"]> {
  const { model, data, samples, trainer, kept, work, turns, evaluated, seconds } = training;
  const found = kept && best;
  const last = found ?? history.at(-1)!;
  if (found) kept.putBack(found);
  // What is kept was averaged and settled when it was taken.
  const judging = found ? <T>(run: () => Promise<T>) => run() : evaluated;
  const of = samples.test.length > 0 ? "test" : "validation";
  const mistakes = figures && createMistakes(training.used);
  const all = await judging(async () => ({
    test: await judge(trainer, samples.test, turns, { ...near, figures, mistakes }),
    valid: of === "test" ? undefined : await judge(trainer, samples.valid, turns, { figures }),
    bytes: modelBytes(trainer),
    connections: connectionsOf(model, trainer.theta),
    parameters: parametersOf(trainer),
    buffers: trainer.buffers(),
  }));
  const { test, valid, bytes, connections, ...network } = all;
  const classes = (test ?? valid)?.figures;
  const testFit = test?.regression;
  const linear = last.layers.filter(({ kernels }) => kernels === undefined);
  const final: FinalMetrics = withoutUndefined({
    testLoss: test?.loss,
    testAccuracy: test && accuracyOf(test.accuracy),
    validLoss: last.validLoss,
    validAccuracy: last.validAccuracy,
    trainAccuracy: last.trainAccuracy,
    byClass: classes && { of, ...classes },
    mistakes: test?.mistakes?.length ? test.mistakes : undefined,
    ssim: test?.similarity,
    testMae: testFit?.mae,
    testR2: testFit?.r2,
    validMae: last.validMae,
    validR2: last.validR2,
    targets: testFit && targetsOf(testFit, data),
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
  return { final, ...network };
}

/** Each target by itself, where there are a few of them. */
function targetsOf(
  { targets }: RegressionFit,
  { targetNames }: AnyDataset,
): FinalMetrics["targets"] {
  if (targets.length < 2 || targets.length > MOST_TARGETS) return undefined;
  return targets.map((fit, k) => ({ name: targetNames?.[k] ?? `output ${k}`, ...fit }));
}

/** Copies of the parameters, by name. */
function parametersOf({ updaters, theta }: Trainer): FitResult["parameters"] {
  return new Map(
    updaters.map(({ parameter: { name, shape } }) => [name, { shape, data: theta(name) }]),
  );
}
