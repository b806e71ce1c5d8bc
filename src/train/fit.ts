/**
 * The training loop: epochs of seeded batches, evaluation after each, events on the way.
 *
 * One seed decides everything: the initial weights and the order of each epoch have random streams of their own. The
 * split has a seed apart, so that runs with different seeds are judged on the same validation samples.
 */
import { batches } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import { split } from "../data/split.js";
import type { LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import { storeSamples } from "../nn/samples.js";
import { constant } from "../optim/constant.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedule.js";
import { stream } from "../random.js";
import { createPool, type Pool, type PoolOptions } from "../runtime/pool.js";
import type { EpochMetrics, FinalMetrics, TrainEvent } from "./events.js";
import { initialParameters, type InitOptions } from "./initial.js";
import {
  createBirthCounter,
  flopDensity,
  layerMetrics,
  modelBytes,
  regularizerValue,
  totalDensity,
} from "./metrics.js";
import { createTrainer, type Trainer } from "./trainer.js";

export type GroupOptimizers = Readonly<
  Record<"weights" | "biases", Optimizer> & Partial<Record<"convs" | "norms" | "skips", Optimizer | undefined>>
>;

export interface FitOptions {
  /**
   * How each group of parameters is trained, e.g. `{ weights: linBreg({ regularizer: l1(0.1) }), biases: linBreg() }`.
   * Convolutions follow the weights unless `convs` is given; the factors of batch norm (`norms`) and the scalars of skip
   * connections (`skips`) follow the biases.
   */
  readonly optimizer: GroupOptimizers;
  readonly epochs: number;
  /** Default: every weight drawn, He variance, positive biases. */
  readonly init?: InitOptions;
  /** Default "crossEntropy". */
  readonly loss?: LossKind;
  /** Default: constant learning rate. */
  readonly schedule?: Schedule;
  /** Default 128. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Training samples held out for validation, default 0 (then there are no validation figures). */
  readonly validation?: number;
  /** Default 42. */
  readonly splitSeed?: number;
  /** Train on so many samples only. Default: all. */
  readonly limit?: number;
  /** Subtract the data's channel mean, divide by its deviation. Default true. */
  readonly normalize?: boolean;
  /** "native", "wasm" or "auto" (the default): native if its addon is built. */
  readonly backend?: PoolOptions["backend"];
  /** Default: as many as there are cores, at most 8. */
  readonly threads?: number;
  /** Name in the events. Default "fit". */
  readonly name?: string;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Called with the state before training (epoch 0) and after each epoch, while the weights can be looked at. */
  readonly observe?: (epoch: number, trainer: Trainer) => void;
  /** Stops after the step under way; the result is then that of the weights as they are. */
  readonly signal?: AbortSignal;
}

export interface FitResult {
  readonly final: FinalMetrics;
  /** Epoch 0 (before training) and every epoch after it. */
  readonly epochs: readonly EpochMetrics[];
  readonly interrupted: boolean;
  /** Final parameters by name, e.g. "linear1.weight" of shape [out, in], row-major. */
  readonly parameters: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** How long the loop may hold the event loop before signals and timers get their turn, in milliseconds. */
const YIELD_EVERY = 40;
/** Time between two "step" events, in milliseconds. */
const STEP_EVENT_EVERY = 200;

/**
 * Trains a model on a data set.
 *
 * @throws RangeError for an impossible number (epochs, batch size, seed, ...) and at the first non-finite loss
 * @throws TypeError if model, data and loss do not fit each other
 * @example
 * const data = loadMnist();
 * const result = await fit(mlp([784, 200, 80, 10]), data, {
 *   optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }), biases: linBreg({ tau: 0.1 }) },
 *   init: { weights: { density: 0.01 } },
 *   epochs: 5,
 * });
 * console.log(result.final.testAccuracy, result.final.density);
 */
export async function fit(model: Model, data: Dataset, options: FitOptions): Promise<FitResult> {
  checkOptions(model, data, options);
  const pool = await createPool({
    ...(options.backend === undefined ? {} : { backend: options.backend }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  try {
    return await train(pool, model, data, options);
  } finally {
    await pool.close();
  }
}

async function train(pool: Pool, model: Model, data: Dataset, options: FitOptions): Promise<FitResult> {
  const { optimizer, epochs, init, loss = "crossEntropy", schedule = constant(), batchSize = 128, seed = 0 } = options;
  const { validation = 0, splitSeed = 42, normalize = true, name = "fit", onEvent, observe, signal } = options;
  const trainCount = Math.min(options.limit ?? Infinity, data.train.count - validation);
  const parts = split(data.train.count, validation, stream(splitSeed, "split"));
  const trainIndices = parts.train.subarray(0, trainCount);
  const testIndices = Int32Array.from({ length: data.test.count }, (_, k) => data.train.count + k);
  const samples = storeSamples(pool.memory, [data.train, data.test], {
    features: data.shape.reduce((product, n) => product * n, 1),
    ...(normalize ? { mean: data.mean, std: data.std } : {}),
  });
  const trainer = createTrainer({
    pool,
    model,
    loss,
    samples,
    batchSize,
    initial: initialParameters(model, stream(seed, "init"), init),
    optimizers: {
      weight: optimizer.weights,
      bias: optimizer.biases,
      conv: optimizer.convs,
      norm: optimizer.norms,
      skip: optimizer.skips,
    },
    seed,
  });
  const order = batches(trainIndices, { batchSize, seed });
  const births = createBirthCounter(trainer);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const classifies = loss === "crossEntropy";
  const accuracyOf = (accuracy: number) => (classifies ? accuracy : undefined);

  let scheduleState = schedule.init();
  const measure = (epoch: number, trained?: { loss: number; accuracy: number }): EpochMetrics => {
    const layers = layerMetrics(trainer);
    const valid = parts.valid.length ? trainer.evaluate(parts.valid) : undefined;
    return withoutUndefined({
      epoch,
      trainLoss: trained?.loss,
      trainAccuracy: trained && accuracyOf(trained.accuracy),
      validLoss: valid?.loss,
      validAccuracy: valid && accuracyOf(valid.accuracy),
      density: totalDensity(layers),
      layers,
      tau: optimizer.weights.tau * scheduleState.factor,
      ...births.look(),
      regularizer: regularizerValue(trainer),
      seconds: seconds(),
    });
  };

  const history = [measure(0)];
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
  });
  observe?.(0, trainer);

  let lastYield = performance.now();
  let lastStepEvent = lastYield;
  let stepsSinceEvent = 0;
  for (let epoch = 1; epoch <= epochs && !signal?.aborted; epoch++) {
    let lossSum = 0;
    let correct = 0;
    let seen = 0;
    let step = 0;
    for (const batch of order.epoch()) {
      const result = trainer.step(batch, scheduleState.factor);
      lossSum += result.loss * batch.length;
      correct += result.correct;
      seen += batch.length;
      step++;
      stepsSinceEvent++;
      const now = performance.now();
      if (now - lastStepEvent >= STEP_EVENT_EVERY) {
        onEvent?.(
          withoutUndefined({
            type: "step" as const,
            epoch,
            step,
            loss: lossSum / seen,
            accuracy: accuracyOf(correct / seen),
            density: totalDensity(layerMetrics(trainer)),
            stepsPerSecond: (stepsSinceEvent / (now - lastStepEvent)) * 1000,
          }),
        );
        lastStepEvent = now;
        stepsSinceEvent = 0;
      }
      if (now - lastYield >= YIELD_EVERY) {
        await new Promise<void>((resolve) => void setImmediate(resolve));
        lastYield = performance.now();
        if (signal?.aborted) break;
      }
    }
    const metrics = measure(epoch, { loss: lossSum / seen, accuracy: correct / seen });
    history.push(metrics);
    observe?.(epoch, trainer);
    onEvent?.({ type: "epoch", metrics });
    scheduleState = schedule.next(
      scheduleState,
      withoutUndefined({ epoch: epoch - 1, trainLoss: lossSum / seen, validAccuracy: metrics.validAccuracy }),
    );
  }

  const last = history.at(-1)!;
  const test = testIndices.length ? trainer.evaluate(testIndices) : undefined;
  const linear = last.layers;
  const final: FinalMetrics = withoutUndefined({
    testLoss: test?.loss,
    testAccuracy: test && accuracyOf(test.accuracy),
    validAccuracy: last.validAccuracy,
    trainAccuracy: last.trainAccuracy,
    density: last.density,
    linearDensity: totalDensity(linear),
    nodeDensity: linear.map((layer) => layer.activeUnits / layer.units),
    flopDensity: flopDensity(model, last.layers),
    seconds: seconds(),
    bytes: modelBytes(trainer),
  });
  const interrupted = signal?.aborted ?? false;
  onEvent?.({ type: "end", final, interrupted });
  return {
    final,
    epochs: history,
    interrupted,
    parameters: new Map(
      trainer.updaters.map(({ parameter: p }) => [p.name, { shape: p.shape, data: trainer.theta(p.name) }]),
    ),
  };
}

function checkOptions(model: Model, data: Dataset, options: FitOptions): void {
  const { epochs, batchSize = 128, validation = 0, limit = 1, loss = "crossEntropy" } = options;
  const counts = { epochs, batchSize, limit };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`fit: ${name} must be a positive integer, found ${value}`);
    }
  }
  if (!Number.isInteger(validation) || validation < 0 || validation >= data.train.count) {
    throw new RangeError(`fit: validation must be an integer from 0 to ${data.train.count - 1}, found ${validation}`);
  }
  const features = data.shape.reduce((product, n) => product * n, 1);
  const expected = model.input.reduce((product, n) => product * n, 1);
  if (features !== expected) {
    throw new TypeError(
      `fit: the model takes ${expected} features, a sample of "${data.name}" has ${features} ([${data.shape.join(", ")}])`,
    );
  }
  if (loss === "crossEntropy" && (model.output.length !== 1 || model.output[0] !== data.classes)) {
    throw new TypeError(
      `fit: the model has an output of [${model.output.join(", ")}], "${data.name}" has ${data.classes} classes`,
    );
  }
}

/** The same object without the keys whose value is undefined: absent means absent, in JSON and in types. */
function withoutUndefined<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
