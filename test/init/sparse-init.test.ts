/** Sparse starts: the masks' statistics, exact zeros, and that a seed is a seed. Their variance: ../theory/initial-variance.test.ts. */
import { describe, expect, test } from "vitest";
import { biasInit } from "#bregman/init/bias-init.js";
import { sparseInit, type SparseInitOptions } from "#bregman/init/sparse-init.js";
import { stream } from "#bregman/random.js";

const SHAPE = [300, 400];
const [ROWS, COLS] = SHAPE;
const N = ROWS * COLS;

function start(options: Omit<SparseInitOptions, "random">, seed = 1): Float64Array {
  const theta = new Float64Array(N).fill(Number.NaN);
  sparseInit(theta, SHAPE, { ...options, random: stream(seed, "init") });
  return theta;
}

const nonZeros = (x: Float64Array): Float64Array => x.filter((value) => value !== 0);

describe("masks", () => {
  test("entries: each with probability density, zeros exact", () => {
    for (const density of [0.01, 0.3]) {
      const count = nonZeros(start({ density })).length;
      expect(Math.abs(count - density * N)).toBeLessThan(5 * Math.sqrt(N * density * (1 - density)));
    }
    expect(nonZeros(start({ density: 1 })).length).toBe(N);
  });

  test("rows: whole rows or nothing", () => {
    const theta = start({ density: 0.2, mask: "row" });
    const counts = Array.from({ length: ROWS }, (_, r) => nonZeros(theta.subarray(r * COLS, (r + 1) * COLS)).length);
    expect(new Set(counts)).toEqual(new Set([0, COLS]));
    const kept = counts.filter((count) => count > 0).length;
    expect(Math.abs(kept - 0.2 * ROWS)).toBeLessThan(5 * Math.sqrt(ROWS * 0.2 * 0.8));
  });

  test("exact counts: ceil(density n), not always the same ones", () => {
    expect(nonZeros(start({ density: 0.07, count: "exact" })).length).toBe(0.07 * N);
    expect(nonZeros(start({ density: 1e-9, count: "exact" })).length).toBe(1);
    expect(nonZeros(start({ density: 0.011, mask: "row", count: "exact" })).length).toBe(4 * COLS);
    const places = (seed: number): number => start({ density: 1e-9, count: "exact" }, seed).findIndex((w) => w !== 0);
    expect(new Set([1, 2, 3, 4, 5].map(places)).size).toBeGreaterThan(1);
  });

  test("one seed, the same start; another, another", () => {
    const [one, same, another] = [3, 3, 4].map((seed) => start({ density: 0.05 }, seed));
    expect(one.every((value, i) => value === same[i])).toBe(true);
    expect(one.every((value, i) => value === another[i])).toBe(false);
  });

  test("float32 has the same pattern and the rounded weights", () => {
    const single = new Float32Array(N);
    sparseInit(single, SHAPE, { density: 0.05, random: stream(1, "init") });
    const exact = start({ density: 0.05 });
    expect(single.every((value, i) => value === Math.fround(exact[i]))).toBe(true);
  });
});

describe("what is refused", () => {
  test.each([0, -0.1, 1.1, Number.NaN])("density %s", (density) => {
    expect(() => start({ density })).toThrow(RangeError);
    expect(() => start({ density })).toThrow(`density must be in (0, 1], found ${density}`);
  });
  test("other values and shapes", () => {
    expect(() => start({ varianceFactor: 0 })).toThrow("varianceFactor must be a finite number above 0, found 0");
    expect(() => start({ mask: "column" as "row" })).toThrow("mask must be one of entry, row, kernel, found column");
    expect(() => sparseInit(new Float64Array(3), [3], { random: stream(1) })).toThrow(TypeError);
    expect(() => sparseInit(new Float64Array(3), [2, 2], { random: stream(1) })).toThrow(
      "its 3 elements, found [2, 2]",
    );
  });
});

describe("biases", () => {
  const bias = (options: { fanIn: number; r0?: number; signed?: boolean }): Float64Array => {
    const b = new Float64Array(20_000);
    biasInit(b, { ...options, random: stream(2, "bias") });
    return b;
  };
  const mean = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;

  test("positive, at most r0 / sqrt(fanIn), of that range's mean, all different", () => {
    for (const [r0, bound] of [
      [1, 0.05],
      [10, 0.5],
    ]) {
      const b = bias({ fanIn: 400, r0 });
      expect(b.every((value) => value > 0 && value <= bound)).toBe(true);
      expect(Math.abs(mean(b) / bound - 0.5)).toBeLessThan(5 / Math.sqrt(12 * b.length));
      expect(new Set(b).size).toBe(b.length);
    }
  });
  test("signed: half of them negative, none zero", () => {
    const b = bias({ fanIn: 400, signed: true });
    expect(b.every((value) => value !== 0 && Math.abs(value) <= 0.05)).toBe(true);
    expect(Math.abs(b.filter((value) => value < 0).length / b.length - 0.5)).toBeLessThan(5 / Math.sqrt(4 * b.length));
    expect(Math.abs(mean(b))).toBeLessThan((5 * 0.05) / Math.sqrt(3 * b.length));
  });
  test("none is zero even where the generator gives 0", () => {
    const b = Float64Array.of(0, 0);
    biasInit(b, { fanIn: 4, random: { ...stream(1), uniform: () => 0 } });
    expect([...b]).toEqual([0.5, 0.5]);
  });
  test("refused", () => {
    expect(() => bias({ fanIn: 0 })).toThrow("fanIn must be an integer of at least 1, found 0");
    expect(() => bias({ fanIn: 4, r0: -1 })).toThrow("r0 must be a finite number above 0, found -1");
  });
});
