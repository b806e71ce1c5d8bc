/** What a training is judged by: the line of each epoch, and the figures at its end. */
import type { AnyDataset } from "../data/dataset.js";
import { bestFigures, testedBefore } from "../measure/best-epoch.js";
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
   * @param isBest - whether it is the best so far, and its network the one to keep
   */
  epoch(
    epoch: number,
    factor: number,
    trained?: Trained,
    isBest?: (line: EpochMetrics) => boolean,
  ): Promise<EpochMetrics>;
  /**
   * The network that is the result, and what it is worth: as it is now or, with `keep: "best"`,
   * that of the epoch of this line. Training is then over.
   *
   * @param best - the line of the best epoch, if there is one
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

    async epoch(epoch, factor, trained, isBest) {
      const changes = births.look(epoch);
      const layers = layerMetrics(trainer).map((layer, k) => ({ ...layer, ...changes.layers[k] }));
      const regularizer = regularizerValue(trainer);
      return evaluated(async () => {
        const valid = await judge(trainer, samples.valid, turns, { ...near, ranks });
        const line: EpochMetrics = withoutUndefined({
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
          regularizer,
          seconds: seconds(),
        });
        // Within: what is kept are the numbers that were validated.
        if (isBest?.(line)) kept?.take();
        return line;
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
  const { model, data, settings, samples, trainer, kept, work, turns, evaluated } = training;
  const found = settings.keep === "best" ? best : undefined;
  const last = found ?? history.at(-1)!;
  if (found) kept!.putBack(found);
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
  const testOfBest = best && (await testBest(training, best, test?.accuracy));
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
    best: best && testOfBest !== undefined ? bestFigures(best, testOfBest) : undefined,
    kept: found?.epoch,
    seconds: training.seconds(),
    bytes,
  });
  return { final, ...network };
}

/**
 * The accuracy on the test samples of the best epoch's network; undefined where there is none, or
 * nothing to test it with. Training is over, and so is the use of the network that was trained.
 *
 * @param now - that of the result
 */
async function testBest(
  { settings, samples, order, trainer, kept, turns }: Training,
  best: EpochMetrics,
  now: number | undefined,
): Promise<number | undefined> {
  if (!hasAccuracy(settings.loss) || samples.test.length === 0) return undefined;
  const before = testedBefore(best);
  if (before !== undefined) return before;
  // Where no step came after the epoch, its network is the result, too.
  if (settings.keep === "best" || trainer.steps === best.epoch * order.perEpoch) return now;
  kept!.putBack(best);
  return (await trainer.evaluateInTurns(samples.test, turns)).accuracy;
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
