/**
 * Training towards targets: regression and restoration through `fit`, and the scalars of skips
 * under l1.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ArraysPart, fromArrays, type Dataset } from "#bregman/data/dataset.js";
import { restorationTask } from "#bregman/data/restore.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { adaBreg, linBreg, type Optimizer } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { groupLasso, l1 } from "#bregman/regularizers/index.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { createTrainer, type Trainer } from "#bregman/engine/trainer.js";
import { backward } from "../reference/network.js";
import { ssim } from "../reference/ssim.js";
import { batchOf, randomProblem, relativeError, toFloat64 } from "../support/problem.js";
import { forEachBackend } from "../support/run-op.js";
import { expectWarnings } from "../support/warnings.js";

const random = stream(6, "targets");
const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
const optimizer = { weights: linBreg({ tau: 0.2 }), biases: linBreg({ tau: 0.2 }) };
const base: FitOptions = {
  optimizer,
  loss: "meanSquaredError",
  epochs: 40,
  batchSize: 16,
  threads: 1,
};

describe("regression", () => {
  /** Three outputs that are linear in two inputs. */
  const part = (count: number) => {
    const inputs = draw(2 * count);
    const targets = new Float32Array(3 * count);
    for (let k = 0; k < count; k++) {
      const [x, y] = [inputs[2 * k], inputs[2 * k + 1]];
      targets.set([x + 2 * y, -y, 0.5 + x], 3 * k);
    }
    return { inputs, targets };
  };
  const data = fromArrays({ shape: [2], train: part(96), test: part(32) });
  const model = sequential([2], [linear(3)]);

  test("finds the law behind the targets; accuracies and similarities are absent", async () => {
    const { final, parameters, epochs } = await fit(model, data, { ...base, validation: 16 });
    const close = (name: string, values: number[]) =>
      expect(relativeError(parameters.get(name)!.data, values), name).toBeLessThan(1e-3);
    close("linear1.weight", [1, 2, 0, -1, 1, 0]);
    close("linear1.bias", [0, 0, 0.5]);
    expect(final.testLoss).toBeLessThan(1e-5);
    expect(epochs.at(-1)!.validLoss).toBeLessThan(1e-5);
    for (const key of ["testAccuracy", "trainAccuracy", "validAccuracy", "ssim"])
      expect(final).not.toHaveProperty(key);
  });

  test("without test samples", async () => {
    const { test: _, ...train } = { ...data, test: undefined };
    const { final } = await fit(model, fromArrays({ shape: [2], train: train.train }), {
      ...base,
      epochs: 1,
    });
    expect(final.testLoss).toBeUndefined();
  });

  test("is the loss where there are targets and no labels, and it says so", async () => {
    const inputs = Float32Array.from({ length: 64 }, (_, k) => k / 32 - 1);
    const part = { inputs, targets: inputs.map((x) => 3 * x + 1) };
    const line = fromArrays({ shape: [1], train: part, test: part });
    const notes: string[] = [];
    const { loss: _, ...options } = base;
    const onEvent: FitOptions["onEvent"] = (event) =>
      event.type === "note" && notes.push(event.text);
    const curved = mlp([1, 8, 1]);
    const result = await fit(curved, line, { ...options, epochs: 100, onEvent });
    expect(notes).toEqual([
      '"arrays" has targets and no labels, so that the loss is meanSquaredError.',
    ]);
    expect(result.epochs[1].trainLoss).toBeGreaterThan(0.1);
    expect(result.final.testLoss).toBeLessThan(0.01);
    expect(result.final).not.toHaveProperty("testAccuracy");
    const [found] = await evaluate([{ model: curved, ...result }], line);
    const { testLoss, testMae, testR2 } = result.final;
    expect(found).toEqual({
      testLoss: expect.closeTo(testLoss!, 6),
      testMae: expect.closeTo(testMae!, 6),
      testR2: expect.closeTo(testR2!, 6),
    });
    // What is said is not said again, and is the same.
    const said = await fit(curved, line, { ...base, epochs: 100, onEvent });
    expect([notes.length, said.final.testLoss]).toEqual([1, result.final.testLoss]);
  });

  test("cross-entropy on nothing is refused", async () => {
    const options = { optimizer, epochs: 1 };
    const all = { inputs: draw(8), labels: [0, 0, 0, 0], targets: draw(4) };
    const { labels: _, ...targets } = all;
    const from = (train: ArraysPart) => fromArrays({ shape: [2], train });
    await expect(
      fit(mlp([2, 1]), from(targets), { ...options, loss: "crossEntropy" }),
    ).rejects.toThrow(
      new InputError(
        'fit: crossEntropy compares with labels, "arrays" has targets only; for its targets say loss: "meanSquaredError"',
      ),
    );
    await expect(fit(mlp([2, 1]), from(all), options)).rejects.toThrow(
      new InputError(
        'fit: crossEntropy tells classes apart, and all labels of "arrays" are 0: expected two classes or more; for its targets say loss: "meanSquaredError"',
      ),
    );
    // A single output for two classes, as in other libraries; labels from 1; targets beside labels.
    await expect(
      fit(mlp([2, 1]), from({ ...targets, labels: [0, 1, 0, 1] }), options),
    ).rejects.toThrow(
      new InputError(
        'fit: the model has an output of [1], "arrays" has 2 classes, an output for each; for its targets say loss: "meanSquaredError"',
      ),
    );
    await expect(
      fit(mlp([2, 3]), from({ inputs: draw(8), labels: [1, 2, 3, 1] }), options),
    ).rejects.toThrow(
      new InputError(
        'fit: the model has an output of [3], "arrays" has 4 classes, an output for each; these labels go from 1 to 3, and they count from 0: subtract 1',
      ),
    );
  });

  test("targets that don't fit the model are named before anything runs", async () => {
    const fault = (on: Dataset) => fit(mlp([2, 3]), on, base);
    const unfit = fromArrays({ shape: [2], train: { inputs: draw(8), targets: draw(8) } });
    await expect(fault(unfit)).rejects.toThrow(
      'the model has 3 outputs: meanSquaredError expects targets with as many features, found 2 in the train samples of "arrays"',
    );
    const none = fromArrays({ shape: [2], train: { inputs: draw(8), labels: new Uint8Array(4) } });
    await expect(fault(none)).rejects.toThrow(/found no targets in the train samples/);
    const half: Dataset = {
      ...data,
      test: { inputs: draw(2), labels: new Uint8Array(1), count: 1 },
    };
    await expect(fault(half)).rejects.toThrow(/found no targets in the test samples/);
  });
});

describe("restoration", () => {
  const SIDE = 12;
  const SIZE = SIDE * SIDE;
  /** White frames of all sizes on black. */
  const images = (count: number) => {
    const inputs = new Uint8Array(count * SIZE);
    for (let k = 0; k < count; k++) {
      const [from, to] = [random.integer(5), 6 + random.integer(6)];
      for (let i = from; i <= to; i++)
        for (const [r, c] of [
          [i, from],
          [i, to],
          [from, i],
          [to, i],
        ])
          inputs[k * SIZE + r * SIDE + c] = 255;
    }
    return { inputs, labels: new Uint8Array(count) };
  };
  const clean = fromArrays({
    shape: [1, SIDE, SIDE],
    train: images(200),
    test: images(30),
    mean: [0.3],
    std: [0.4],
  });
  const noisy = restorationTask(clean, { noise: 0.3, seed: 3 });
  const rows = groupLasso({ lambda: 0.3, groups: "rows" });
  const sparse = {
    weights: adaBreg({ tau: 0.005, regularizer: rows }),
    biases: adaBreg({ tau: 0.005 }),
    skips: adaBreg({ tau: 0.005, regularizer: l1(0.01) }),
  };
  const options: FitOptions = {
    ...base,
    optimizer: sparse,
    init: { weights: { density: 0.2, mask: "row" } },
    epochs: 16,
    validation: 20,
  };
  const model = skipAutoencoder({ features: SIZE, layers: 2 });

  test("similarity rises; the final one is the mean of the outputs' similarity to the clean test images", async () => {
    let outputs: Float32Array | undefined;
    const { final, epochs } = await fit(model, noisy, {
      ...options,
      observe: (_, trainer) =>
        (outputs = trainer.predict(Int32Array.from({ length: 30 }, (__, k) => 200 + k))),
    });
    let sum = 0;
    let loss = 0;
    for (let k = 0; k < 30; k++) {
      const [y, x] = [outputs!, noisy.test.targets!].map((all) =>
        all.subarray(k * SIZE, (k + 1) * SIZE),
      );
      sum += ssim(y, x, SIDE, SIDE);
      y.forEach((value, p) => (loss += (value - x[p]) ** 2));
    }
    expect(final.ssim).toBeCloseTo(sum / 30, 6);
    expect(final.testLoss).toBeCloseTo(loss / (30 * SIZE), 6);
    expect(epochs[0].validSsim).toBeLessThan(0.1);
    expect(epochs.at(-1)!.validSsim).toBeGreaterThan(0.45);
    expect(final.density).toBeLessThan(1);
    expectWarnings(/^no weight was born in 2 epochs: /);
  });

  test("the inputs are normalised, the targets are not", async () => {
    let seen: Float32Array | undefined;
    // One layer of identity weights: what comes out is what goes in.
    const identity = linBreg({ tau: 1e-12 });
    await fit(sequential([SIZE], [linear(SIZE)]), noisy, {
      ...base,
      optimizer: { weights: identity, biases: identity },
      epochs: 1,
      observe(epoch, network) {
        if (epoch > 0) return;
        // What it is behind its public face.
        const trainer = network as Trainer;
        const { parameter } = trainer.updaters.find(
          ({ parameter: { role } }) => role === "weight",
        )!;
        const theta = trainer.pool.memory.f32(parameter.theta, SIZE * SIZE);
        theta.fill(0);
        for (let k = 0; k < SIZE; k++) theta[k * SIZE + k] = 1;
        const bias = trainer.updaters.find(({ parameter: { role } }) => role === "bias")!.parameter;
        trainer.pool.memory.f32(bias.theta, SIZE).fill(0);
        seen = trainer.predict(Int32Array.of(7));
        const loss =
          seen.reduce((s, x, p) => s + (x - noisy.train.targets![7 * SIZE + p]) ** 2, 0) / SIZE;
        expect(trainer.evaluate(Int32Array.of(7)).loss).toBeCloseTo(loss, 5);
      },
    });
    const expected = noisy.train.inputs.slice(7 * SIZE, 8 * SIZE).map((x) => (x - 0.3) / 0.4);
    expect(relativeError(seen!, expected)).toBeLessThan(1e-6);
  });

  test("no similarity where the targets leave [0, 1] or the images are smaller than a window", async () => {
    const one = { ...options, epochs: 1 };
    const bright = {
      ...noisy,
      train: { ...noisy.train, targets: noisy.train.targets!.map((x) => 2 * x) },
    };
    expect((await fit(model, bright, one)).final).not.toHaveProperty("ssim");
    const part = { inputs: draw(400), labels: new Uint8Array(4), targets: new Float32Array(400) };
    const small = fromArrays({ shape: [1, 10, 10], train: part, test: part });
    const tiny = skipAutoencoder({ features: 100, layers: 1 });
    expect((await fit(tiny, small, { ...one, validation: 0 })).final).not.toHaveProperty("ssim");
    expectWarnings(/^no weight was born in 1 epoch: /);
  });

  test("other targets are another run: it is not resumed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bregman-targets-"));
    const one = (data: Dataset, resume: boolean) =>
      fit(model, data, { ...options, epochs: 1, checkpoint: { folder, resume } });
    await one(noisy, false);
    const targets = noisy.train.targets!.slice();
    targets[0] = 1 - targets[0];
    await expect(one({ ...noisy, train: { ...noisy.train, targets } }, true)).rejects.toThrow(
      /what differs: data$/,
    );
    expectWarnings(/^no weight was born in 1 epoch: /);
  });
});

const SKIPS: Record<string, Optimizer> = {
  "linBreg l1": linBreg({ tau: 0.05, regularizer: l1(0.03) }),
  "linBreg l1 with momentum": linBreg({ tau: 0.05, momentum: 0.9, regularizer: l1(0.03) }),
  "adaBreg l1": adaBreg({ tau: 0.005, regularizer: l1(0.03) }),
};

forEachBackend((_name, pool) => {
  test.each(Object.entries(SKIPS))(
    "scalars of skips, %s: they follow the float64 method and open late",
    (_, skip) => {
      const mark = pool.memory.mark();
      const model = skipAutoencoder({ features: 20, layers: 3 });
      const problem = randomProblem(model, 64, { density: 0.4 });
      for (const [name, theta] of problem.parameters) if (name.endsWith("scale")) theta.fill(0);
      const { inputs, targets } = problem;
      const weight = linBreg({
        tau: 0.05,
        regularizer: groupLasso({ lambda: 0.01, groups: "rows" }),
      });
      const bias = linBreg({ tau: 0.05 });
      const trainer = createTrainer({
        pool,
        model,
        loss: "meanSquaredError",
        samples: storeSamples(pool.memory, [{ inputs, targets }], {
          features: 20,
          targetFeatures: 20,
        }),
        batchSize: 32,
        initial: problem.parameters,
        optimizers: { weight, bias, skip },
      });
      const theta = toFloat64(problem.parameters);
      const members = trainer.updaters.map(({ parameter: { name, role, shape } }) => {
        const method = { weight, bias, skip }[role as "weight"];
        return { name, role, shape, method, state: method.init(theta.get(name)!, shape) };
      });
      const skips = members.filter(({ role }) => role === "skip").map(({ name }) => name);
      expect(skips.map((name) => theta.get(name)!.length)).toEqual([1, 2, 3]);
      const open = () =>
        skips.flatMap((name) => [...trainer.theta(name)]).filter((s) => s !== 0).length;
      const counts = [open()];
      for (let step = 0; step < 24; step++) {
        const indices = Int32Array.from({ length: 32 }, (_unused, k) => (k * 5 + step * 7) % 64);
        const { loss, gradients } = backward(
          model,
          theta,
          batchOf(problem, indices, "meanSquaredError"),
        );
        expect(Math.abs(trainer.step(indices).loss - loss)).toBeLessThan(1e-4 * loss);
        for (const { name, shape, method, state } of members)
          method.step(state, theta.get(name)!, gradients.get(name)!, shape);
        counts.push(open());
      }
      for (const { name } of members) {
        expect(relativeError(trainer.theta(name), theta.get(name)!), name).toBeLessThan(5e-4);
      }
      // Closed as long as |v| is below lambda, then some are open and some are not.
      expect(counts.slice(0, 2)).toEqual([0, 0]);
      expect(counts.at(-1)).toBeGreaterThan(0);
      pool.memory.release(mark);
    },
  );
});
