/**
 * `keep: "best"` and `stop`: the network that is returned is that of the epoch of best validation,
 * its figures are of itself, and neither changes what is trained.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import type { EpochMetrics } from "#bregman/measure/events.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { fit } from "#bregman/runs/fit.js";
import { evaluate } from "#bregman/train/evaluate.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";
import { HARD, NOISY_SHAPE, noisyImages, noisyNet } from "../support/noisy-images.js";
import { signalAt } from "../support/signal-at.js";

const random = stream(8, "noisy");
const part = (count: number) => {
  const { inputs, labels } = noisyImages(random, count, HARD);
  const targets = Float32Array.from(labels, (label) => label + random.normal());
  return { inputs, labels, targets };
};
const data = fromArrays({ shape: NOISY_SHAPE, train: part(90), test: part(60) });
const flat = fromArrays({
  shape: NOISY_SHAPE,
  train: { ...part(90), labels: undefined },
  test: { ...part(60), labels: undefined },
});
const model = noisyNet(3);

const base: FitOptions = {
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: l1(0.02) }),
    biases: linBreg({ tau: 0.05 }),
  },
  init: { weights: { density: 0.2 } },
  epochs: 25,
  batchSize: 20,
  validation: 30,
  threads: 1,
  seed: 4,
};

type Seen = Map<number, Map<string, Float32Array>>;

async function run(options: Partial<FitOptions>, regression = false) {
  const seen: Seen = new Map();
  const notes: string[] = [];
  const [ofModel, ofData] = regression ? [noisyNet(1), flat] : [model, data];
  const result = await fit(ofModel, ofData, {
    ...base,
    ...options,
    onEvent: (event) => event.type === "note" && notes.push(event.text),
    observe: (epoch, trainer) => {
      const parameters = trainer.updaters.map(
        ({ parameter: { name } }) => [name, trainer.theta(name)] as const,
      );
      const buffers = [...trainer.buffers()].map(
        ([name, { data: values }]) => [name, values] as const,
      );
      seen.set(epoch, new Map([...parameters, ...buffers]));
    },
  });
  return { result, seen, notes, network: { model: ofModel, ...result } };
}

const valuesOf = ({ parameters, buffers }: FitResult) =>
  new Map([...parameters, ...buffers].map(([name, { data: values }]) => [name, values]));

/** The best epoch by the definition: of the highest figure, the last. */
function bestOf(epochs: readonly EpochMetrics[], figure: (line: EpochMetrics) => number): number {
  const highest = Math.max(...epochs.slice(1).map(figure));
  return epochs.findLast((line) => line.epoch > 0 && figure(line) === highest)!.epoch;
}

describe.each([
  ["native", {}],
  ["frozen steps", { freeze: 2 }],
  ["wasm", { backend: "wasm" as const }],
])("%s", (_, more) => {
  test("what is kept is the network of the best validation, and all figures are its own", async () => {
    const { result, seen, network } = await run({ ...more, keep: "best" });
    const { final, epochs } = result;
    const best = bestOf(epochs, ({ validAccuracy }) => validAccuracy!);
    expect(best).toBeLessThan(25);
    expect(final.kept).toBe(best);
    expect(valuesOf(result)).toEqual(seen.get(best));
    const line = epochs[best];
    const { density, validAccuracy, validLoss } = line;
    expect(final).toMatchObject({ density, validAccuracy, validLoss });
    const [again] = await evaluate([network], data, { validation: 30 });
    expect(again.testAccuracy).toBe(final.testAccuracy);
    expect(final.best).toMatchObject({ epoch: best, testAccuracy: final.testAccuracy });
    expect(again.testLoss).toBeCloseTo(final.testLoss!, 5);
    expect(again.validLoss).toBeCloseTo(validLoss!, 5);
  });
});

test("training is the same without it", async () => {
  const [plain, best] = [await run({}), await run({ keep: "best" })];
  const steady = (line: EpochMetrics) => ({ ...line, seconds: 0 });
  expect(best.result.epochs.map(steady)).toEqual(plain.result.epochs.map(steady));
  expect(best.seen).toEqual(plain.seen);
  expect(plain.result.final.kept).toBeUndefined();
  expect(valuesOf(plain.result)).toEqual(plain.seen.get(25));
});

test("without labels the loss decides", async () => {
  const { result, seen } = await run({ keep: "best" }, true);
  const best = bestOf(result.epochs, ({ validLoss }) => -validLoss!);
  expect(best).toBeLessThan(25);
  expect(result.final.kept).toBe(best);
  expect(result.final.validLoss).toBe(result.epochs[best].validLoss);
  expect(valuesOf(result)).toEqual(seen.get(best));
});

test("of an average it is the average that was validated", async () => {
  const { result, network } = await run({ keep: "best", average: { decay: 0.9 } });
  const line = result.epochs[result.final.kept!];
  expect(result.final.kept).toBeLessThan(25);
  const [again] = await evaluate([network], data, { validation: 30 });
  expect(again.validAccuracy).toBe(line.validAccuracy);
  expect(again.validLoss).toBeCloseTo(line.validLoss!, 5);
});

test("it stops after so many epochs without a better validation, with the bits so far", async () => {
  const patience = 4;
  const [whole, short] = [await run({}), await run({ stop: { patience } })];
  const figures = whole.result.epochs.map(({ validAccuracy }) => validAccuracy!);
  const wanted = figures.findIndex((_, epoch) => {
    if (epoch < patience) return false;
    const before = Math.max(...figures.slice(1, epoch - patience + 1));
    const since = figures.slice(epoch - patience + 1, epoch + 1);
    return since.every((figure) => figure <= before);
  });
  expect(wanted).toBeGreaterThan(patience);
  expect(wanted).toBeLessThan(25);
  expect(short.result.epochs).toHaveLength(wanted + 1);
  expect(short.result.interrupted).toBe(false);
  expect(valuesOf(short.result)).toEqual(whole.seen.get(wanted));
  expect(short.notes).toContain(
    `Stopped after epoch ${wanted} of 25: no better validation in 4 epochs.`,
  );
});

test("epochs on the way to a target density do not count", async () => {
  const targetDensity = { targets: { net: 0.4 }, ramp: 0.8, every: 5 };
  const { result } = await run({ keep: "best", stop: { patience: 3 }, targetDensity });
  expect(result.final.kept).toBeGreaterThanOrEqual(20);
  expect(result.epochs.length - 1).toBeGreaterThan(20);
});

test.each([
  ["keep", { keep: "best" as const }],
  ["keep and stop", { keep: "best" as const, stop: { patience: 4 } }],
  [
    "with an average",
    { keep: "best" as const, stop: { patience: 5 }, average: { decay: 0.9 }, freshStatistics: 2 },
  ],
])("%s: a run that is stopped and resumed has the same bits", async (_, options) => {
  const whole = (await run(options)).result;
  const folder = mkdtempSync(join(tmpdir(), "bregman-keep-"));
  const all: FitOptions = { ...base, ...options };
  let result: FitResult | undefined;
  let sittings = 0;
  do {
    const checkpoint = { folder, resume: sittings++ > 0 };
    result = await fit(model, data, { ...all, checkpoint, signal: signalAt(6) });
  } while (result.interrupted);
  expect(sittings).toBeGreaterThan(2);
  expect(valuesOf(result)).toEqual(valuesOf(whole));
  expect(result.final.kept).toBe(whole.final.kept);
  expect(result.final.testLoss).toBe(whole.final.testLoss);
  expect(result.epochs).toHaveLength(whole.epochs.length);
});

test("a run that is cut short gives the best so far; before the first epoch, what there is", async () => {
  const one = (await run({ keep: "best", signal: signalAt(30) })).result;
  expect(one.interrupted).toBe(true);
  expect(one.final.kept).toBe(bestOf(one.epochs.slice(0, -1), (line) => line.validAccuracy!));
  const none = (await run({ keep: "best", signal: signalAt(3) })).result;
  expect(none.final.kept).toBeUndefined();
  expect(none.final.validLoss).toBe(none.epochs.at(-1)!.validLoss);
});

test("keep and stop are part of what a run is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bregman-keep-"));
  await fit(model, data, { ...base, checkpoint: { folder }, signal: signalAt(9) });
  const resumed = { ...base, keep: "best" as const, checkpoint: { folder, resume: true } };
  await expect(fit(model, data, resumed)).rejects.toThrow("what differs: keep");
});

test.each([
  [{ keep: "best" as const, validation: 0 }, 'keep: "best" follows the validation'],
  [{ stop: { patience: 3 }, validation: 0 }, "stop follows the validation"],
  [{ stop: { patience: 0 } }, "patience must be a positive integer, found 0"],
  [{ stop: { patience: 1.5 } }, "patience must be a positive integer, found 1.5"],
  [{ keep: "first" as "last" }, 'keep must be "last" or "best", found first'],
])("%o is refused", async (options, message) => {
  const failed = fit(mlp([32, 3]), data, { ...base, ...options });
  await expect(failed).rejects.toThrow(InputError);
  await expect(failed).rejects.toThrow(message);
});

test("with nothing but sgd it works the same", async () => {
  const optimizer = { weights: sgd({ tau: 0.2 }), biases: sgd({ tau: 0.2 }) };
  const { result, seen } = await run({ keep: "best", optimizer, init: {} });
  expect(valuesOf(result)).toEqual(seen.get(result.final.kept!));
});
