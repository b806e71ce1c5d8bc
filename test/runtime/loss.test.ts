import { describe, expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import * as truth from "../reference/loss.js";
import { maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, fromTiles, runOps, scoped, tilesOf, toTiles } from "../support/run-op.js";

const BATCHES = [1, 7, 16, 128, 200];

/** Runs crossEntropy on row-major logits; absent lanes hold `absent`. */
function crossEntropy(
  pool: Pool,
  logits: Float32Array,
  labels: readonly number[],
  classes: number,
  absent = 0,
  smoothing = 0,
  weights?: readonly number[],
) {
  const batch = labels.length;
  const tiles = tilesOf(batch);
  return scoped(pool, ({ put, room, read }) => {
    // Sample b of the batch is sample batch - 1 - b of the data set, so that indices matter.
    const indices = new Int32Array(tiles * TILE).fill(-1);
    for (let b = 0; b < batch; b++) indices[b] = batch - 1 - b;
    const grad = room(tiles * classes * TILE, NaN);
    const partial = room(tiles * 2, NaN);
    runOps(pool, [
      op("crossEntropy", tiles, {
        logits: put(toTiles(logits, batch, classes, absent)),
        labels: put(Int32Array.from(labels.toReversed())),
        indices: put(indices),
        grad,
        partial,
        counts: put(Int32Array.of(batch)),
        classes,
        smoothing: smoothing && put(Float32Array.of(smoothing)),
        weights: weights ? put(Float32Array.from(weights)) : 0,
      }),
    ]);
    const sums = read(partial, tiles * 2);
    const lanes = fromTiles(read(grad, tiles * classes * TILE), tiles * TILE, classes);
    return {
      loss: sums.filter((_, i) => i % 2 === 0).reduce((a, b) => a + b, 0),
      correct: sums.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b, 0),
      grad: lanes.subarray(0, batch * classes),
      absentGrad: lanes.subarray(batch * classes),
    };
  });
}

forEachBackend((_name, pool) => {
  describe.each(BATCHES)("batch of %i", (batch) => {
    test.each([1, 2, 10, 37])("crossEntropy, %i classes, agrees with float64", (classes) => {
      const random = seeded(batch * 100 + classes);
      const logits = random.floats(batch * classes, -12, 12);
      const labels = Array.from({ length: batch }, () => random.int(classes));
      const expected = truth.crossEntropy(logits, labels, classes);
      const found = crossEntropy(pool, logits, labels, classes, NaN);
      // Partial sums are rounded to float32 once a tile; before, each loss is off by a few units of
      // 6e-8 of its logits.
      expect(Math.abs(found.loss - expected.loss)).toBeLessThanOrEqual(3e-6 * batch);
      expect(found.correct).toBe(expected.correct);
      expect(maxError(found.grad, expected.grad)).toBeLessThanOrEqual(4e-7 / batch);
      expect(found.absentGrad.every((g) => g === 0)).toBe(true);
    });

    test.each([2, 10, 37])(
      "crossEntropy of smoothed labels, %i classes, agrees with float64",
      (classes) => {
        const random = seeded(batch * 99 + classes);
        const logits = random.floats(batch * classes, -12, 12);
        const labels = Array.from({ length: batch }, () => random.int(classes));
        const expected = truth.crossEntropy(logits, labels, classes, 0.125);
        const found = crossEntropy(pool, logits, labels, classes, NaN, 0.125);
        expect(Math.abs(found.loss - expected.loss)).toBeLessThanOrEqual(4e-6 * batch);
        expect(found.correct).toBe(expected.correct);
        expect(maxError(found.grad, expected.grad)).toBeLessThanOrEqual(4e-7 / batch);
        expect(found.absentGrad.every((g) => g === 0)).toBe(true);
      },
    );

    test.each([2, 10])("crossEntropy of weighted classes, %i of them, agrees", (classes) => {
      const random = seeded(batch * 98 + classes);
      const logits = random.floats(batch * classes, -12, 12);
      const labels = Array.from({ length: batch }, () => random.int(classes));
      const weights = Array.from({ length: classes }, (_, k) => k / 4);
      for (const smoothing of [0, 0.125]) {
        const expected = truth.crossEntropy(logits, labels, classes, smoothing, weights);
        const found = crossEntropy(pool, logits, labels, classes, NaN, smoothing, weights);
        expect(Math.abs(found.loss - expected.loss)).toBeLessThanOrEqual(1e-5 * batch);
        expect(found.correct).toBe(expected.correct);
        expect(maxError(found.grad, expected.grad)).toBeLessThanOrEqual(1e-6 / batch);
        expect(found.absentGrad.every((g) => g === 0)).toBe(true);
      }
    });

    test.each([
      ["meanSquaredError", 0, truth.meanSquaredError],
      ["absoluteError", 0, truth.absoluteError],
      ["absoluteError", 0.75, truth.absoluteError],
      ["binaryCrossEntropy", 0, truth.binaryCrossEntropy],
    ] as const)("%s (delta %f) agrees with float64", (kernel, delta, reference) => {
      const features = 19;
      const random = seeded(batch);
      const y = random.floats(batch * features, -3, 3);
      const bounds = kernel === "binaryCrossEntropy" ? [0, 1] : [-3, 3];
      const target = random.floats(batch * features, bounds[0], bounds[1]);
      // Ends of the range, and outputs that are right to the digit.
      if (kernel === "binaryCrossEntropy") target.forEach((t, k) => (target[k] = Math.round(t)));
      target.forEach((t, k) => k % 7 === 0 && kernel === "absoluteError" && (y[k] = t));
      const expected = reference(y, target, features, delta);
      const tiles = tilesOf(batch);
      scoped(pool, ({ put, room, read }) => {
        const indices = new Int32Array(tiles * TILE).fill(-1).fill(3, 0, batch);
        const grad = room(tiles * features * TILE, NaN);
        const partial = room(tiles * 2, NaN);
        const outputs = put(toTiles(y, batch, features, NaN));
        const common = {
          target: put(toTiles(target, batch, features)),
          indices: put(indices),
          partial,
          counts: put(Int32Array.of(batch)),
          features,
        };
        const place = delta && put(Float32Array.of(delta));
        const opFor = (to: number) => {
          const of = { ...common, output: outputs, grad: to };
          if (kernel === "absoluteError") return op(kernel, tiles, { of, delta: place });
          return op(kernel, tiles, { of });
        };
        runOps(pool, [opFor(grad)]);
        const sums = read(partial, tiles * 2);
        const loss = sums.filter((_, i) => i % 2 === 0).reduce((a, b) => a + b, 0);
        const correct = sums.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b, 0);
        expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-6 * expected.loss);
        expect(correct).toBe(expected.correct);
        const lanes = fromTiles(read(grad, tiles * features * TILE), tiles * TILE, features);
        expect(maxError(lanes.subarray(0, batch * features), expected.grad)).toBeLessThan(
          1e-6 / batch,
        );
        expect(lanes.subarray(batch * features).every((g) => g === 0)).toBe(true);
        // Without a gradient the loss is the same.
        runOps(pool, [opFor(0)]);
        expect(read(partial, tiles * 2)).toEqual(sums);
      });
    });
  });

  test.each([NaN, Infinity, -Infinity])(
    "a logit of %f makes the loss non-finite, wherever it is",
    (value) => {
      for (const place of [0, 4, 9]) {
        const logits = new Float32Array(10).fill(1);
        logits[place] = value;
        expect(crossEntropy(pool, logits, [4], 10).loss).not.toSatisfy(Number.isFinite);
      }
    },
  );

  test("logits far apart: the softmax saturates, the loss is the distance", () => {
    const { loss, grad } = crossEntropy(pool, Float32Array.of(1e30, -1e30, 0), [2], 3);
    expect(loss).toBe(Math.fround(1e30));
    expect([...grad]).toEqual([1, 0, -1]);
    const certain = crossEntropy(pool, Float32Array.of(200, 0, -200), [0], 3);
    expect(certain.loss).toBe(0);
    expect([...certain.grad]).toEqual([0, 0, 0]);
  });

  test("the first of equal logits is the prediction", () => {
    const logits = Float32Array.of(0, 3, 3, 0, 3, 3);
    expect(crossEntropy(pool, logits, [1, 2], 3).correct).toBe(1);
  });

  test("exp is good to float32 rounding over its whole range", () => {
    // Two classes, logits 0 and x: the gradient of the second is exp(x) / (1 + exp(x)), alone in
    // its lane.
    for (let x = 0; x > -87; x -= 0.37) {
      const at = Math.fround(x);
      const { grad } = crossEntropy(pool, Float32Array.of(0, at), [0], 2);
      const expected = Math.exp(at) / (1 + Math.exp(at));
      expect(Math.abs(grad[1]! - expected)).toBeLessThan(2.5e-7 * expected);
    }
  });
});
