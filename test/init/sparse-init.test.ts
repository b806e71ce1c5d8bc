/**
 * Sparse starts: the masks' statistics, exact zeros, and that a seed is a seed. Their variance:
 * ../theory/initial-variance.test.ts.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { biasInit } from "#bregman/init/bias-init.js";
import { sparseInit, type SparseInitOptions } from "#bregman/init/sparse-init.js";
import { stream } from "#bregman/random.js";

const SHAPE = [300, 400];
const [ROWS, COLS] = SHAPE;
const N = ROWS * COLS;

function start(options: Omit<SparseInitOptions, "random">, seed = 1): Float64Array {
  const theta = new Float64Array(N).fill(Number.NaN);
  sparseInit(theta, SHAPE, { atLeast: 0, ...options, random: stream(seed, "init") });
  return theta;
}

const nonZeros = (x: Float64Array): Float64Array => x.filter((value) => value !== 0);

describe("masks", () => {
  test("entries: each with probability density, zeros exact", () => {
    for (const density of [0.01, 0.3]) {
      const count = nonZeros(start({ density })).length;
      expect(Math.abs(count - density * N)).toBeLessThan(
        5 * Math.sqrt(N * density * (1 - density)),
      );
    }
    expect(nonZeros(start({ density: 1 })).length).toBe(N);
  });

  test("rows: whole rows or nothing", () => {
    const theta = start({ density: 0.2, mask: "row" });
    const counts = Array.from(
      { length: ROWS },
      (_, r) => nonZeros(theta.subarray(r * COLS, (r + 1) * COLS)).length,
    );
    expect(new Set(counts)).toEqual(new Set([0, COLS]));
    const kept = counts.filter((count) => count > 0).length;
    expect(Math.abs(kept - 0.2 * ROWS)).toBeLessThan(5 * Math.sqrt(ROWS * 0.2 * 0.8));
  });

  test("exact counts: ceil(density n), not always the same ones", () => {
    expect(nonZeros(start({ density: 0.07, count: "exact" })).length).toBe(0.07 * N);
    expect(nonZeros(start({ density: 1e-9, count: "exact" })).length).toBe(1);
    expect(nonZeros(start({ density: 0.011, mask: "row", count: "exact" })).length).toBe(4 * COLS);
    const places = (seed: number): number =>
      start({ density: 1e-9, count: "exact" }, seed).findIndex((w) => w !== 0);
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

describe("at least so many in each row", () => {
  /** Kept blocks of each row. */
  function perRow(shape: number[], options: Omit<SparseInitOptions, "random">, seed = 1): number[] {
    const theta = new Float64Array(shape.reduce((product, n) => product * n, 1));
    sparseInit(theta, shape, { ...options, random: stream(seed, "init") });
    const block = options.mask === "kernel" ? shape[2] * shape[3] : 1;
    const width = theta.length / shape[0];
    return Array.from({ length: shape[0] }, (_, r) => {
      const row = theta.subarray(r * width, (r + 1) * width);
      const kept = Array.from({ length: width / block }, (_, j) =>
        nonZeros(row.subarray(j * block, (j + 1) * block)),
      );
      expect(kept.every(({ length }) => length === 0 || length === block)).toBe(true);
      return kept.filter(({ length }) => length > 0).length;
    });
  }

  test.each([
    ["entries", [64, 3, 3, 3], { density: 0.01, mask: "entry" }],
    ["kernels", [40, 30, 3, 3], { density: 0.05, mask: "kernel" }],
    [
      "kernels, drawn with replacement",
      [40, 30, 3, 3],
      { density: 0.05, mask: "kernel", count: "withReplacement" },
    ],
    ["a linear layer", [50, 200], { density: 0.01, count: "exact" }],
  ] as const)(
    "%s: each row has what the mask drew, or that many if it drew fewer",
    (_, shape, options) => {
      const drawn = perRow([...shape], { ...options, atLeast: 0 });
      expect(drawn).toContain(0);
      for (const atLeast of [1, 2, 3]) {
        expect(perRow([...shape], { ...options, atLeast })).toEqual(
          drawn.map((n) => Math.max(n, atLeast)),
        );
      }
    },
  );

  test("what the mask drew stays, and what is added may be any other of the row, each as likely", () => {
    const shape = [20_000, 6];
    const pattern = (atLeast: number): Uint8Array => {
      const theta = new Float64Array(shape[0] * shape[1]);
      sparseInit(theta, shape, { density: 0.1, atLeast, random: stream(5, "init") });
      return Uint8Array.from(theta, (w) => Number(w !== 0));
    };
    const [before, after] = [pattern(0), pattern(2)];
    expect(before.every((kept, k) => !kept || after[k])).toBe(true);
    const added = [0, 0, 0, 0, 0, 0];
    after.forEach((kept, k) => (added[k % 6] += Number(kept && !before[k])));
    const total = added.reduce((sum, n) => sum + n, 0);
    for (const n of added)
      expect(Math.abs(n - total / 6)).toBeLessThan(5 * Math.sqrt((total * 5) / 36));
  });

  test("the density to expect is E max(B, n) / width, B binomial", () => {
    const [rows, width, density] = [4000, 27, 0.01];
    const none = (1 - density) ** width;
    const one = width * density * (1 - density) ** (width - 1);
    // max(B, 2) is B + 2 [B = 0] + [B = 1]
    const expected = (width * density + 2 * none + one) / width;
    const found =
      perRow([rows, 3, 3, 3], { density, atLeast: 2 }).reduce((sum, n) => sum + n, 0) /
      (rows * width);
    // max(B, 2) deviates by less than B does.
    expect(Math.abs(found - expected)).toBeLessThan(
      (5 * Math.sqrt(density)) / Math.sqrt(rows * width),
    );
    expect(expected).toBeGreaterThan(7 * density);
  });

  test("the mean variance stays varianceFactor * alpha", () => {
    const theta = new Float64Array(2000 * 27);
    sparseInit(theta, [2000, 27], {
      density: 0.01,
      atLeast: 1,
      varianceFactor: 0.25,
      random: stream(1),
    });
    const kept = nonZeros(theta).length;
    expect(kept).toBeLessThan(0.05 * theta.length);
    const variance = theta.reduce((sum, w) => sum + w * w, 0) / theta.length;
    expect(Math.abs(variance / (0.25 * (2 / 27)) - 1)).toBeLessThan(5 * Math.sqrt(2 / kept));
  });

  test("a row with fewer is kept whole", () => {
    expect(perRow([5, 3, 3, 3], { density: 0.01, mask: "kernel", atLeast: 9 })).toEqual([
      3, 3, 3, 3, 3,
    ]);
  });

  test.each([
    ["entries of a narrow layer", [16, 4], {}],
    ["kernels over one channel", [16, 1, 3, 3], { mask: "kernel", density: 0.1 }],
    [
      "draws that may hit the same one",
      [40, 30, 3, 3],
      { mask: "kernel", count: "withReplacement" },
    ],
    ["an exact count below one a row", [50, 20], { count: "exact", density: 0.001 }],
  ] as const)("one by default: %s", (_, shape, options) => {
    for (let seed = 1; seed <= 5; seed++) {
      expect(Math.min(...perRow([...shape], options, seed))).toBeGreaterThan(0);
      expect(perRow([...shape], options, seed)).toEqual(
        perRow([...shape], { ...options, atLeast: 1 }, seed),
      );
    }
  });

  test("where no row is empty the default draws what 0 does", () => {
    const drawn = (atLeast?: number): Float64Array => {
      const theta = new Float64Array(20 * 400);
      sparseInit(theta, [20, 400], { density: 0.05, atLeast, random: stream(1, "init") });
      return theta;
    };
    expect(drawn()).toEqual(drawn(0));
  });

  test("of whole rows one is kept by default, where the mask would keep none", () => {
    const kept = (options: Omit<SparseInitOptions, "random">, seed: number): number => {
      const theta = new Float64Array(4 * 5);
      sparseInit(theta, [4, 5], {
        density: 0.01,
        mask: "row",
        ...options,
        random: stream(seed, "init"),
      });
      return nonZeros(theta).length / 5;
    };
    const seeds = Array.from({ length: 40 }, (_, k) => k + 1);
    // An expectation of 0.04 rows a draw.
    expect(seeds.filter((seed) => kept({ atLeast: 0 }, seed) === 0).length).toBeGreaterThan(30);
    expect(seeds.map((seed) => kept({}, seed)).every((rows) => rows >= 1)).toBe(true);
    expect(seeds.map((seed) => kept({ density: 0.9 }, seed))).toEqual(
      seeds.map((seed) => kept({ density: 0.9, atLeast: 0 }, seed)),
    );
  });

  test("refused", () => {
    expect(() => start({ atLeast: -1 })).toThrow(
      "atLeast must be an integer of at least 0, found -1",
    );
    expect(() => start({ atLeast: 1.5 })).toThrow(InputError);
    expect(() => start({ atLeast: 1, mask: "row" })).toThrow(
      "atLeast must be 0 where the mask keeps whole rows, found 1",
    );
  });
});

describe("what is refused", () => {
  test.each([0, -0.1, 1.1, Number.NaN])("density %s", (density) => {
    expect(() => start({ density })).toThrow(InputError);
    expect(() => start({ density })).toThrow(`density must be in (0, 1], found ${density}`);
  });
  test("other values and shapes", () => {
    expect(() => start({ varianceFactor: 0 })).toThrow(
      "varianceFactor must be a finite number above 0, found 0",
    );
    expect(() => start({ mask: "column" as "row" })).toThrow(
      "mask must be one of entry, row, kernel, found column",
    );
    expect(() => sparseInit(new Float64Array(3), [3], { random: stream(1) })).toThrow(InputError);
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
    expect(Math.abs(b.filter((value) => value < 0).length / b.length - 0.5)).toBeLessThan(
      5 / Math.sqrt(4 * b.length),
    );
    expect(Math.abs(mean(b))).toBeLessThan((5 * 0.05) / Math.sqrt(3 * b.length));
  });
  test("none is zero even where the generator gives 0", () => {
    const b = Float64Array.of(0, 0);
    biasInit(b, { fanIn: 4, random: { ...stream(1), uniform: () => 0 } });
    expect([...b]).toEqual([0.5, 0.5]);
  });
  test("refused", () => {
    expect(() => bias({ fanIn: 0 })).toThrow("fanIn must be an integer of at least 1, found 0");
    expect(() => bias({ fanIn: 4, r0: -1 })).toThrow(
      "r0 must be a finite number above 0, found -1",
    );
  });
});
