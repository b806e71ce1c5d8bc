/**
 * What a classifier's best epoch is worth on the test samples: the network of that epoch is kept,
 * and they are looked at once, at the end.
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import type * as evaluation from "#bregman/engine/evaluation.js";
import type { Tensor } from "#bregman/export/safetensors-format.js";
import { readStoredWeight } from "#bregman/export/stored-weight.js";
import type { EpochMetrics } from "#bregman/measure/events.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from "#bregman/runs/checkpoint-file.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";
import { HARD, NOISY_SHAPE, noisyImages, noisyNet } from "../support/noisy-images.js";
import { signalAt } from "../support/signal-at.js";

/** Samples that were evaluated, pass by pass: the first of them, and how many. */
const passes: { readonly first: number; readonly count: number }[] = [];
vi.mock("#bregman/engine/evaluation.js", async (original) => {
  const own = await original<typeof evaluation>();
  const evaluationOf: typeof own.evaluationOf = (...args) => {
    const made = own.evaluationOf(...args);
    return {
      ...made,
      evaluateInTurns(indices, ...more) {
        passes.push({ first: indices[0], count: indices.length });
        return made.evaluateInTurns(indices, ...more);
      },
    };
  };
  return { ...own, evaluationOf };
});
beforeEach(() => void passes.splice(0));

const [TRAIN, VALID, TEST] = [90, 30, 60];
/** Passes over the test samples, which stand behind those to train on. */
const tests = () => passes.filter(({ first }) => first >= TRAIN);

const random = stream(8, "noisy");
const part = (count: number) => noisyImages(random, count, HARD);
const data = fromArrays({ shape: NOISY_SHAPE, train: part(TRAIN), test: part(TEST) });
const model = noisyNet(3);

const biases = linBreg({ tau: 0.05 });
const base: FitOptions = {
  optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.02) }), biases },
  init: { weights: { density: 0.2 } },
  epochs: 12,
  batchSize: 20,
  validation: VALID,
  threads: 1,
  seed: 4,
};

const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-best-"));

/** Accuracy on the test samples of the network in training, after each epoch. */
async function run(options: Partial<FitOptions>) {
  const accuracies: number[] = [];
  const indices = Int32Array.from({ length: TEST }, (_, k) => TRAIN + k);
  const result = await fit(model, data, {
    ...base,
    ...options,
    observe(_epoch, network) {
      const outputs = network.predict(indices);
      const right = Array.from(data.test.labels, (label, k) => {
        const row = outputs.subarray(3 * k, 3 * k + 3);
        return row.indexOf(Math.max(...row)) === label;
      });
      accuracies.push(right.filter(Boolean).length / TEST);
    },
  });
  return { ...result, accuracies };
}

/** The epoch of best validation: of the highest figure, the last. */
function bestOf(epochs: readonly EpochMetrics[]): EpochMetrics {
  const highest = Math.max(...epochs.slice(1).map(({ validAccuracy }) => validAccuracy!));
  return epochs.findLast(({ epoch, validAccuracy }) => epoch > 0 && validAccuracy === highest)!;
}

const kernels = linBreg({ tau: 0.1, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) });
const KINDS: Readonly<Record<string, Partial<FitOptions>>> = {
  "single weights": {},
  "frozen steps": { freeze: 5 },
  "kernel groups": {
    optimizer: { ...base.optimizer, convs: kernels },
    init: { weights: { density: 0.2 }, convs: { density: 0.5, mask: "kernel" } },
    freeze: 2,
  },
  "dense, two threads": {
    optimizer: { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) },
    init: {},
    threads: 2,
  },
  "fresh statistics": { freshStatistics: 2 },
  wasm: { backend: "wasm" },
};

describe.each(Object.entries(KINDS))("%s", (_, options) => {
  test("its figure is that of its network, as it was then", async () => {
    const { final, epochs, accuracies } = await run(options);
    const best = bestOf(epochs);
    const { epoch, validAccuracy, density } = best;
    expect(epoch).toBeLessThan(12);
    expect(new Set(accuracies).size).toBeGreaterThan(3);
    expect(final.best).toMatchObject({ epoch, validAccuracy, density });
    expect(final.best!.testAccuracy).toBe(accuracies[epoch]);
    expect(final.testAccuracy).toBe(accuracies[12]);
  });

  test("a run that is stopped and resumed has the same", async () => {
    const whole = await run(options);
    const folder = newFolder();
    let result: FitResult | undefined;
    let sittings = 0;
    do {
      const checkpoint = { folder, resume: sittings++ > 0 };
      result = await fit(model, data, { ...base, ...options, checkpoint, signal: signalAt(9) });
    } while (result.interrupted);
    expect(sittings).toBeGreaterThan(2);
    expect(result.final.best).toEqual(whole.final.best);
    expect(result.final.testLoss).toBe(whole.final.testLoss);
  });
});

test("of an average it is the average that was validated", async () => {
  const options = { average: { decay: 0.9 }, freshStatistics: 2 };
  const [plain, kept] = [await run(options), await run({ ...options, keep: "best" })];
  expect(plain.final.best!.epoch).toBeLessThan(12);
  expect(plain.final.best).toEqual(kept.final.best);
  expect(kept.final.testAccuracy).toBe(kept.final.best!.testAccuracy);
  // Those of the weights in training are others.
  expect(plain.final.best!.testAccuracy).not.toBe(plain.accuracies[plain.final.best!.epoch]);
});

describe("the test samples are looked at", () => {
  const all = { first: TRAIN, count: TEST };
  const twice = [all, all];

  test("twice, where the best epoch is not the last; while it trains, not at all", async () => {
    const before: number[] = [];
    const { epochs, final } = await fit(model, data, {
      ...base,
      onEvent: ({ type }) => type === "epoch" && before.push(tests().length),
    });
    expect(final.best!.epoch).toBeLessThan(12);
    expect(tests()).toEqual(twice);
    expect(before).toEqual(Array.from({ length: 12 }, () => 0));
    for (const line of epochs) expect(line).not.toHaveProperty("testAccuracy");
    // One pass over the validation samples for each line.
    expect(passes.length).toBe(13 + 2);
  });

  test.each<[string, Partial<FitOptions>]>([
    ["the last epoch is the best", { epochs: 1 }],
    ["the best network is the result", { keep: "best" }],
    ["nothing is validated", { validation: 0 }],
  ])("once, where %s", async (_, options) => {
    const { final } = await fit(model, data, { ...base, ...options });
    expect(tests()).toEqual([all]);
    expect(final.best?.testAccuracy).toBe(
      options.validation === 0 ? undefined : final.testAccuracy,
    );
  });

  test("once, of a regression", async () => {
    const targets = (count: number) => Float32Array.from({ length: count }, (_, k) => k % 3);
    const flat = fromArrays({
      shape: NOISY_SHAPE,
      train: { inputs: data.train.inputs, targets: targets(TRAIN) },
      test: { inputs: data.test.inputs, targets: targets(TEST) },
    });
    const folder = newFolder();
    const { final } = await fit(noisyNet(1), flat, { ...base, checkpoint: { folder } });
    expect(tests()).toEqual([all]);
    expect(final.best).toBeUndefined();
    expect(keptIn(newest(folder).checkpoint)).toEqual([]);
  });

  test("by a run that is cut short, with the best epoch so far", async () => {
    const { final, epochs, accuracies, interrupted } = await run({ signal: signalAt(22) });
    expect(interrupted).toBe(true);
    const best = bestOf(epochs.slice(0, -1));
    expect(final.best).toMatchObject({
      epoch: best.epoch,
      testAccuracy: accuracies[best.epoch],
    });
    expect(tests()).toEqual(twice);
    // Within the first epoch there is none.
    const early = await run({ signal: signalAt(3) });
    expect(early.final.best).toBeUndefined();
  });
});

/** The newest checkpoint of a folder. */
function newest(folder: string): { readonly path: string; readonly checkpoint: Checkpoint } {
  const steps = (name: string) => Number(/\d+/.exec(name));
  const [name] = readdirSync(folder).sort((a, b) => steps(b) - steps(a));
  const path = join(folder, name);
  return { path, checkpoint: decodeCheckpoint(readFileSync(path)) };
}

const keptIn = ({ tensors }: Checkpoint): [string, Tensor][] =>
  [...tensors].filter(([name]) => name.startsWith("kept/"));

describe("checkpoints", () => {
  test("hold the non-zeros of its weights", async () => {
    const folder = newFolder();
    const seen = new Map<number, Float32Array>();
    const { final } = await fit(model, data, {
      ...base,
      checkpoint: { folder },
      observe: (epoch, network) => void seen.set(epoch, network.theta("linear1.weight")),
    });
    const { checkpoint } = newest(folder);
    const weight = readStoredWeight(checkpoint.tensors, "kept/linear1.weight", [30, 96]);
    expect(weight!.data).toEqual(seen.get(final.best!.epoch));
    const bytes = keptIn(checkpoint).reduce((sum, [, tensor]) => sum + tensor.data.byteLength, 0);
    const dense = [...checkpoint.tensors].flatMap(([name, { data: values }]) =>
      /^(theta|buffer)\//.test(name) ? [values.byteLength] : [],
    );
    expect(bytes).toBeLessThan(0.5 * dense.reduce((sum, one) => sum + one));
  });

  /** As an earlier version left it after so many epochs: lines with test accuracies. */
  async function earlier(epochs: number, options: Partial<FitOptions> = {}) {
    const folder = newFolder();
    // A look before each epoch, and one in each of its three steps.
    const signal = signalAt(4 * epochs + 1);
    const { accuracies } = await run({ ...options, checkpoint: { folder }, signal });
    const { path, checkpoint } = newest(folder);
    const { progress, tensors } = checkpoint;
    expect(progress.epochs).toHaveLength(epochs + 1);
    let highest = -1;
    const lines = progress.epochs.map((line) => {
      const isBest = line.epoch > 0 && line.validAccuracy! >= highest;
      if (isBest) highest = line.validAccuracy!;
      return isBest ? { ...line, testAccuracy: accuracies[line.epoch] } : line;
    });
    return {
      checkpoint: { folder, resume: true },
      write: (kept: readonly (readonly [string, Tensor])[]) => {
        const others = [...tensors].filter(([name]) => !name.startsWith("kept/"));
        writeFileSync(
          path,
          encodeCheckpoint({
            ...checkpoint,
            progress: { ...progress, epochs: lines },
            tensors: new Map([...others, ...kept]),
          }),
        );
      },
      tensors,
      accuracies,
    };
  }

  test.each([
    ["a better one comes", 1],
    ["none is better", 11],
  ])("of earlier versions have no network: %s", async (_, epochs) => {
    const options = KINDS["frozen steps"];
    const whole = await run(options);
    expect(whole.final.best!.epoch > epochs).toBe(epochs === 1);
    const old = await earlier(epochs, options);
    old.write([]);
    passes.splice(0);
    const { final, epochs: lines } = await run({ ...options, checkpoint: old.checkpoint });
    expect(final.best).toEqual(whole.final.best);
    expect(tests()).toHaveLength(epochs === 1 ? 2 : 1);
    expect(lines.some(({ testAccuracy }) => testAccuracy !== undefined)).toBe(true);
  });

  test("of earlier versions have it whole", async () => {
    const whole = await run({ keep: "best" });
    const old = await earlier(11, { keep: "best" });
    const shapes = [...model.nodes].flatMap(({ name, parameters, buffers }) =>
      [...parameters, ...buffers].map((one) => [`${name}.${one.name}`, one.shape] as const),
    );
    const dense = shapes.map(([name, shape]): [string, Tensor] => {
      const values = readStoredWeight(old.tensors, `kept/${name}`, shape);
      return [`kept/${name}`, values ?? old.tensors.get(`kept/${name}`)!];
    });
    expect(dense.some(([name]) => !old.tensors.has(name))).toBe(true);
    old.write(dense);
    const { final, parameters } = await run({ keep: "best", checkpoint: old.checkpoint });
    expect(final.best).toEqual(whole.final.best);
    expect(final.testLoss).toBe(whole.final.testLoss);
    expect(parameters).toEqual(whole.parameters);
  });

  test("without the network that its lines tell of are refused in one line", async () => {
    const folder = newFolder();
    await run({ checkpoint: { folder }, signal: signalAt(9) });
    const { path, checkpoint } = newest(folder);
    const without = new Map(checkpoint.tensors);
    for (const name of without.keys()) if (name.startsWith("kept/linear2")) without.delete(name);
    writeFileSync(path, encodeCheckpoint({ ...checkpoint, tensors: without }));
    await expect(run({ checkpoint: { folder, resume: true } })).rejects.toThrow(
      /^could not resume: expected a tensor kept\/linear2\.weight of shape \[3, 30\]$/,
    );
  });
});
