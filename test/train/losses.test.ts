/** What the other losses and class weights are for: each does what the plain one can't. */
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { adam } from "#bregman/optim/adam.js";
import { predict } from "#bregman/predict/predict.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";
import { evaluate } from "#bregman/train/evaluate.js";
import type { FitOptions } from "#bregman/train/fit-options.js";

const optimizer = { weights: adam({ tau: 0.02 }), biases: adam({ tau: 0.02 }) };
const base: FitOptions = { optimizer, epochs: 60, batchSize: 32, threads: 1, seed: 3 };

/** y = 2 x, but one value in five is far off. */
function withOutliers() {
  const random = stream(1, "outliers");
  const inputs = Float32Array.from({ length: 400 }, () => random.normal());
  const truth = inputs.map((x) => 2 * x);
  const targets = truth.map((y, k) => (k % 5 === 0 ? y + 40 : y));
  const test = { inputs, targets: truth };
  return fromArrays({ shape: [1], train: { inputs, targets }, test });
}

test("outliers count less by the absolute error and Huber's than by the squared error", async () => {
  const data = withOutliers();
  const error = async (loss: FitOptions["loss"]) => {
    const { final } = await fit(mlp([1, 1]), data, { ...base, loss, epochs: 150 });
    return final.testMae!;
  };
  expect(await error("meanSquaredError")).toBeGreaterThan(4);
  expect(await error("meanAbsoluteError")).toBeLessThan(0.7);
  expect(await error("huber")).toBeLessThan(0.9);
});

describe("several labels a sample", () => {
  /** Label j is there where number j is positive: each by itself, so that 0 to 3 are there. */
  const part = (count: number, seed: number) => {
    const random = stream(seed, "labels");
    const inputs = Float32Array.from({ length: 3 * count }, () => random.normal());
    return { inputs, targets: inputs.map((x) => (x > 0 ? 1 : 0)) };
  };
  const held = part(200, 2);
  const data = fromArrays({ shape: [3], train: part(400, 1), test: held, targetNames: [..."abc"] });
  const model = mlp([3, 12, 3]);

  test("are learned; a sample is right if all of them are", async () => {
    const options: FitOptions = { ...base, loss: "binaryCrossEntropy", validation: 0.2 };
    const result = await fit(model, data, options);
    const outputs = await predict({ model, ...result }, held.inputs);
    const right = Array.from({ length: 200 }, (_, k) =>
      [0, 1, 2].every((j) => outputs[3 * k + j] > 0 === held.targets[3 * k + j] > 0),
    ).filter(Boolean).length;
    expect(result.final.testAccuracy).toBeCloseTo(right / 200, 10);
    expect(result.final.testAccuracy).toBeGreaterThan(0.9);
    expect(result.final.testMae).toBeUndefined();
    expect(result.epochs.at(-1)!.validAccuracy).toBeGreaterThan(0.85);
    expect(result.targets).toEqual({ names: ["a", "b", "c"] });
    expect(result.labelNames).toBeUndefined();
    const [found] = await evaluate([{ model, ...result }], data, { loss: "binaryCrossEntropy" });
    expect(found.testAccuracy).toBe(result.final.testAccuracy);
  });

  test("must be from 0 to 1", async () => {
    const off = fromArrays({
      shape: [3],
      train: { inputs: held.inputs, targets: held.targets.map((t) => 2 * t) },
    });
    const failed = fit(model, off, { ...base, loss: "binaryCrossEntropy" });
    await expect(failed).rejects.toThrow("binaryCrossEntropy expects targets from 0 to 1, found 2");
  });
});

describe("class weights", () => {
  /** Nineteen of class 0 to one of class 1, which overlap. */
  const part = (counts: readonly number[], seed: number) => {
    const random = stream(seed, "rare");
    const labels = Uint8Array.from(counts.flatMap((n, c) => Array.from({ length: n }, () => c)));
    const inputs = Float32Array.from(labels, (label) => random.normal() + 1.5 * label);
    return { inputs, labels };
  };
  const rare = { train: part([570, 30], 1), test: part([500, 500], 2) };
  const data = fromArrays({ shape: [1], ...rare });
  const run = (classWeights: FitOptions["classWeights"]) =>
    fit(mlp([1, 8, 2]), data, { ...base, epochs: 30, classWeights });

  test("balanced: a rare class is found as often as the others", async () => {
    const [plain, balanced] = [await run(undefined), await run("balanced")];
    expect(plain.final.testAccuracy).toBeLessThan(0.66);
    expect(balanced.final.testAccuracy).toBeGreaterThan(0.74);
  });

  test("balanced is n / (classes x samples of the class)", async () => {
    const [one, other] = [await run("balanced"), await run([600 / 1140, 10])];
    expect(other.parameters).toEqual(one.parameters);
    expect((await run([1, 1])).final.testLoss).toBe((await run(undefined)).final.testLoss);
  });

  test.each<[FitOptions, string]>([
    [{ ...base, classWeights: [1, 2, 3] }, "one number for each of the 2 classes, found 3"],
    [{ ...base, classWeights: [1, -1] }, "found -1 at index 1"],
    [{ ...base, classWeights: [0, 0] }, "found zeros only"],
    [{ ...base, classWeights: "even" as "balanced" }, 'must be "balanced" or one number'],
  ])("%# is one clear error", async (options, message) => {
    const failed = fit(mlp([1, 2]), data, options);
    await expect(failed).rejects.toThrow(InputError);
    await expect(failed).rejects.toThrow(message);
  });

  test("are for crossEntropy", async () => {
    const options: FitOptions = { ...base, loss: "huber", classWeights: "balanced" };
    await expect(fit(mlp([1, 1]), withOutliers(), options)).rejects.toThrow("for crossEntropy");
  });
});
