/**
 * The variance rule of a sparse start: Var[Wt] = alpha / r makes Var[W] = alpha at any density r,
 * and so keeps the size of a signal from layer to layer. Source: Bungert et al., JMLR 23:192
 * (2022), section 4.1.
 */
import { describe, expect, test } from "vitest";
import { sparseInit, type SparseInitOptions } from "#bregman/init/sparse-init.js";
import { stream } from "#bregman/random.js";
import { LAYERS, signal } from "./experiments/signal.js";

const SHAPE = [300, 400];
const [ROWS, COLS] = SHAPE;
const N = ROWS * COLS;

function start(options: Omit<SparseInitOptions, "random">): Float64Array {
  const theta = new Float64Array(N).fill(Number.NaN);
  sparseInit(theta, SHAPE, { ...options, random: stream(1, "init") });
  return theta;
}

const nonZeros = (x: Float64Array): Float64Array => x.filter((value) => value !== 0);
const variance = (x: Float64Array): number =>
  x.reduce((sum, value) => sum + value * value, 0) / x.length;

describe("variance", () => {
  // The starts of the paper's linear layers: density, and the factor f on He-normal weights, so
  // varianceFactor = density f^2.
  test.each([
    ["MLP", { density: 0.01, varianceFactor: 0.49 }, 7],
    ["ConvNet", { density: 0.01 }, 10],
    ["ConvNet, older", { density: 0.01, varianceFactor: 0.01 }, 1],
    ["ResNet-18 and DenseNet, dense last layer", { density: 1, varianceFactor: 25 }, 5],
    ["skip-encoder, rows", { density: 0.1, mask: "row", varianceFactor: 2.5 }, 5],
    [
      "early CIFAR, first setting",
      { density: 0.01, varianceFactor: 0.25 / 1.1 },
      0.5 / Math.sqrt(0.011),
    ],
    [
      "early CIFAR, second setting",
      { density: 0.01, varianceFactor: 1 / 1.1 },
      1 / Math.sqrt(0.011),
    ],
    ["no correction for the mask", { density: 0.2, varianceFactor: 0.2 }, 1],
  ] as const)("%s", (_, options, factor) => {
    const theta = start(options);
    const kept = nonZeros(theta);
    // Of the weights that are kept, where the mask keeps the density to the letter: He's variance
    // times factor^2. It keeps another share by chance. The estimate is off by sqrt(2 / kept) at
    // one sigma.
    const expected = (factor ** 2 * 2) / COLS;
    const atDensity = (variance(kept) * (kept.length / N)) / options.density;
    expect(Math.abs(atDensity / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / kept.length));
    // So the mean over all weights has no scatter of the mask's.
    expect(Math.abs(variance(theta) / (options.density * expected) - 1)).toBeLessThan(
      5 * Math.sqrt(2 / kept.length),
    );
  });

  test.each([
    ["he, fan in", {}, 2 / COLS],
    ["he, fan out", { fan: "out" }, 2 / ROWS],
    ["glorot", { rule: "glorot" }, 2 / (ROWS + COLS)],
    ["uniform", { distribution: "uniform" }, 2 / COLS],
  ] as const)("%s: Var[W] is alpha at any density", (_, options, alpha) => {
    for (const density of [0.1, 0.5, 1]) {
      const theta = start({ ...options, density });
      expect(Math.abs(variance(theta) / alpha - 1)).toBeLessThan(5 * Math.sqrt(2 / (density * N)));
    }
  });

  // A count rounded up to 3 of 24 rows keeps 1.25 times the density, draws with replacement keep
  // less than it.
  test.each([
    ["rows, rounded up", [24, 8, 3, 3], { density: 0.1, mask: "row", count: "exact" }],
    [
      "one kernel of 64",
      [64, 1, 5, 5],
      { density: 0.01, mask: "kernel", count: "withReplacement" },
    ],
    [
      "kernels drawn twice",
      [64, 32, 3, 3],
      { density: 0.1, mask: "kernel", count: "withReplacement" },
    ],
    [
      "all drawn, a third twice",
      [64, 32, 3, 3],
      { density: 1, mask: "kernel", count: "withReplacement" },
    ],
    ["few entries, each for itself", [10, 80], { density: 0.01 }],
    ["rows with one at least", [64, 3, 3, 3], { density: 0.01, atLeast: 1 }],
  ] as const)("%s: what is kept has He's variance over its share", (_, shape, options) => {
    const fanIn = shape.slice(1).reduce<number>((product, n) => product * n, 1);
    let [squares, kept] = [0, 0];
    for (let seed = 1; seed <= 60; seed++) {
      const theta = new Float64Array(shape[0] * fanIn);
      sparseInit(theta, [...shape], { ...options, random: stream(seed, "init") });
      const drawn = nonZeros(theta);
      const he = (2 / fanIn) * (theta.length / drawn.length);
      squares += drawn.reduce((sum, w) => sum + (w * w) / he, 0);
      kept += drawn.length;
    }
    // The estimate is off by sqrt(2 / kept) at one sigma, which the density asked for would miss.
    expect(Math.abs(squares / kept - 1)).toBeLessThan(4 * Math.sqrt(2 / kept));
  });

  test("a uniform draw stays within sqrt(3) deviations, a normal one does not", () => {
    const bound = Math.sqrt((3 * 2) / COLS);
    expect(
      start({ density: 1, distribution: "uniform" }).every((value) => Math.abs(value) <= bound),
    ).toBe(true);
    expect(start({ density: 1 }).some((value) => Math.abs(value) > bound)).toBe(true);
  });

  test("the fans of a convolution hold its taps", () => {
    const theta = new Float64Array(64 * 32 * 9);
    sparseInit(theta, [64, 32, 3, 3], { density: 1, fan: "out", random: stream(1) });
    expect(Math.abs(variance(theta) * 64 * 9 * 0.5 - 1)).toBeLessThan(
      5 * Math.sqrt(2 / theta.length),
    );
  });
});

describe("through layers of ReLUs", () => {
  test.each([0.03, 0.1, 1])("density %s: the signal keeps its size", (density) => {
    for (const size of signal(density)) expect(Math.abs(size / 2 - 1)).toBeLessThan(0.35);
  });
  test("without the factor 1 / r it is lost: r of it is left by each layer", () => {
    const sizes = signal(0.1, 0.1);
    expect(sizes.at(-1)! / 2).toBeLessThan(10 * 0.1 ** LAYERS);
  });
});
