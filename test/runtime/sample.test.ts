/** The kernels of the sampled dual, against plain loops and by the statistics of many draws. */
import { expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const [ROWS, COLS, TILES] = [5, 19, 4];
const SAMPLES = TILES * TILE;
const ROW_STRIDE = 32;

/** [tiles][features][T] from [samples][features]. */
function tiled(x: ArrayLike<number>, features: number): Float32Array {
  const out = new Float32Array(SAMPLES * features);
  for (let b = 0; b < SAMPLES; b++)
    for (let f = 0; f < features; f++)
      out[(Math.floor(b / TILE) * features + f) * TILE + (b % TILE)] = x[b * features + f];
  return out;
}

interface Drawn {
  readonly tiles: number;
  readonly numbers: readonly number[];
  readonly factors: readonly number[];
}

/** Draws once for each seed. */
function draws(pool: Pool, norms: Float32Array, tolerance: number, seeds: number): Drawn[] {
  return scoped(pool, ({ put, room, read }) => {
    const settings = put(Int32Array.of(0, 0));
    const [drawn, factors] = [room(1 + SAMPLES), room(SAMPLES)];
    const args = {
      norms: put(norms),
      settings,
      tolerance: put(Float32Array.of(tolerance)),
      drawn,
      factors,
      samples: SAMPLES,
    };
    return Array.from({ length: seeds }, (_, seed) => {
      pool.memory.i32(settings, 1)[0] = seed * 2654435;
      runOps(pool, [op("drawSamples", 1, args)]);
      const words = pool.memory.i32(drawn, 1 + SAMPLES);
      const used = words[0] * TILE;
      return {
        tiles: words[0],
        numbers: Array.from(words.subarray(1, 1 + used)),
        factors: Array.from(read(factors, used)),
      };
    });
  });
}

forEachBackend((_name, pool) => {
  test("sampleNorms: |dy_b| |x_b|", () => {
    const random = seeded(1);
    const [dy, x] = [random.floats(SAMPLES * ROWS), random.floats(SAMPLES * COLS)];
    const norm = (values: Float32Array, features: number, b: number) =>
      Math.hypot(...values.subarray(b * features, (b + 1) * features));
    scoped(pool, ({ put, room, read }) => {
      const norms = room(SAMPLES);
      const args = {
        dy: put(tiled(dy, ROWS)),
        x: put(tiled(x, COLS)),
        norms,
        rows: ROWS,
        cols: COLS,
      };
      runOps(pool, [op("sampleNorms", TILES, args)]);
      const expected = Array.from(
        { length: SAMPLES },
        (_, b) => norm(dy, ROWS, b) * norm(x, COLS, b),
      );
      expect(maxError(read(norms, SAMPLES), expected)).toBeLessThan(1e-5);
    });
  });

  test("so few samples with a gradient that they fit a tile are all drawn, with factor 1", () => {
    const norms = new Float32Array(SAMPLES);
    const some = [3, 17, 18, 40, 63];
    for (const b of some) norms[b] = b;
    const [drawn] = draws(pool, norms, 1, 1);
    expect(drawn.tiles).toBe(1);
    expect(drawn.numbers).toEqual([
      ...some,
      ...Array.from({ length: TILE - some.length }, () => -1),
    ]);
    expect(drawn.factors).toEqual(drawn.numbers.map((b) => (b < 0 ? 0 : 1)));
  });

  test("no gradient at all: no tile; one that is not finite: every sample, so that it shows", () => {
    expect(draws(pool, new Float32Array(SAMPLES), 1, 1)[0].tiles).toBe(0);
    const norms = new Float32Array(SAMPLES).fill(1);
    norms[5] = Number.NaN;
    const [drawn] = draws(pool, norms, 1, 1);
    expect(drawn.numbers).toEqual(Array.from({ length: SAMPLES }, (_, b) => b));
    expect(drawn.factors.every((factor) => factor === 1)).toBe(true);
  });

  test("as few tiles as keep the variance below the tolerance", () => {
    // Equal norms: with n of 64 samples the relative variance is 64 / n - 1, that is 3, 1, 1/3, 0.
    const norms = new Float32Array(SAMPLES).fill(0.3);
    expect(
      [3.01, 2.9, 1.01, 0.9, 0.4, 0.2].map(
        (tolerance) => draws(pool, norms, tolerance, 1)[0].tiles,
      ),
    ).toEqual([1, 2, 2, 3, 3, 4]);
  });

  test("each sample comes up as often as its factor says: a sample of factor f once in f draws", () => {
    const norms = seeded(5)
      .floats(SAMPLES, 0, 1)
      .map((x) => x ** 3);
    const count = 4000;
    const all = draws(pool, norms, 1.5, count);
    const factorOf = new Map<number, number>();
    const times = new Map<number, number>();
    for (const { numbers, factors } of all) {
      numbers.forEach((b, k) => {
        if (b < 0) return;
        expect(factorOf.get(b) ?? factors[k]).toBe(factors[k]);
        factorOf.set(b, factors[k]);
        times.set(b, (times.get(b) ?? 0) + 1);
      });
    }
    expect(new Set(all.map(({ numbers }) => numbers.filter((b) => b >= 0).length)).size).toBe(1);
    expect(Math.max(...factorOf.values())).toBeGreaterThan(5);
    for (const [b, factor] of factorOf) {
      const deviation = Math.sqrt((1 / factor) * (1 - 1 / factor) * count);
      expect(Math.abs(times.get(b)! - count / factor)).toBeLessThanOrEqual(5 * deviation + 1e-9);
    }
  });

  test("gatherPlanes: the drawn samples, times their factors, zero where there is none", () => {
    const vectors = 45;
    const x = seeded(3).floats(SAMPLES * vectors);
    const numbers = [0, 17, 18, 40, 63, ...Array.from({ length: 2 * TILE - 5 }, () => -1)];
    const factors = seeded(4).floats(numbers.length, 1, 3);
    scoped(pool, ({ put, room, read }) => {
      const out = room(numbers.length * vectors, Number.NaN);
      const args = {
        drawn: put(Int32Array.of(2, ...numbers)),
        x: put(tiled(x, vectors)),
        out,
        vectors,
      };
      for (const place of [put(factors), 0]) {
        runOps(pool, [op("gatherPlanes", vectors, { ...args, factors: place }, 8)]);
        const found = read(out, numbers.length * vectors);
        numbers.forEach((b, s) => {
          for (let v = 0; v < vectors; v++) {
            const value = b < 0 ? 0 : Math.fround((place ? factors[s] : 1) * x[b * vectors + v]);
            expect(found[(Math.floor(s / TILE) * vectors + v) * TILE + (s % TILE)]).toBe(value);
          }
        });
      }
    });
  });

  test("convSampledWeightGrad: no tile, no gradient", () => {
    scoped(pool, ({ put, room, read }) => {
      const [rows, inner, tapCount] = [5, 3, 2];
      const g = room(rows * inner * tapCount, Number.NaN);
      const place = { at: room(0), tile: TILE, plane: TILE, row: TILE };
      const args = { drawn: put(Int32Array.of(0)), dy: place, x: { ...place, col: TILE }, g };
      const shape = { taps: put(new Int32Array(2 * tapCount)), tapCount, rows, inner };
      runOps(pool, [
        op("convSampledWeightGrad", rows, { ...args, ...shape, height: 1, width: 1 }, 4),
      ]);
      expect(read(g, rows * inner * tapCount).every((value) => value === 0)).toBe(true);
    });
  });

  test.each([true, false])(
    "the mean of many estimates is the gradient (rows at hand: %s)",
    (hasRows) => {
      const random = seeded(8);
      // A few samples with large gradients, as in a trained net.
      const dy = random
        .floats(SAMPLES * ROWS, -1, 1)
        .map((v, k) => v * (Math.floor(k / ROWS) % 5 === 0 ? 1 : 0.1));
      const x = random.floats(SAMPLES * COLS, -1, 1);
      const exact = new Float64Array(ROWS * COLS);
      for (let b = 0; b < SAMPLES; b++)
        for (let r = 0; r < ROWS; r++)
          for (let c = 0; c < COLS; c++) exact[r * COLS + c] += dy[b * ROWS + r] * x[b * COLS + c];
      const rows = new Float32Array(SAMPLES * ROW_STRIDE);
      for (let b = 0; b < SAMPLES; b++)
        rows.set(x.subarray(b * COLS, (b + 1) * COLS), b * ROW_STRIDE);
      scoped(pool, ({ put, room, read }) => {
        const settings = put(Int32Array.of(0, 0));
        const tiles = { dy: put(tiled(dy, ROWS)), x: put(tiled(x, COLS)) };
        const [norms, drawn, factors, g] = [
          room(SAMPLES),
          room(1 + SAMPLES),
          room(SAMPLES),
          room(ROWS * COLS),
        ];
        const [dyOut, xOut] = [room(SAMPLES * ROWS), room(SAMPLES * ROW_STRIDE)];
        const shape = { rows: ROWS, cols: COLS, rowStride: ROW_STRIDE };
        const tolerance = put(Float32Array.of(2));
        const ops = [
          op("sampleNorms", TILES, { ...tiles, norms, rows: ROWS, cols: COLS }),
          op("drawSamples", 1, { norms, settings, tolerance, drawn, factors, samples: SAMPLES }),
          op("gatherSamples", SAMPLES, {
            drawn,
            factors,
            ...tiles,
            xRows: hasRows ? put(rows) : 0,
            dyOut,
            xOut,
            ...shape,
          }),
          op("sampledWeightGrad", ROWS, { drawn, dy: dyOut, xRows: xOut, g, ...shape }),
        ];
        const count = 1500;
        const [sum, squares] = [new Float64Array(ROWS * COLS), new Float64Array(ROWS * COLS)];
        for (let seed = 0; seed < count; seed++) {
          pool.memory.i32(settings, 1)[0] = seed * 7919;
          runOps(pool, ops);
          expect(pool.memory.i32(drawn, 1)[0]).toBe(1);
          read(g, ROWS * COLS).forEach((value, k) => {
            sum[k] += value;
            squares[k] += (value - exact[k]) ** 2;
          });
        }
        // Each component within five standard errors, and the whole as far off as its variance
        // says: not exact, and not biased.
        const variance = squares.reduce((total, value) => total + value, 0) / count;
        let error = 0;
        exact.forEach((value, k) => {
          const mean = sum[k] / count;
          expect(Math.abs(mean - value)).toBeLessThan(
            5 * Math.sqrt(squares[k] / count / count) + 1e-6,
          );
          error += (mean - value) ** 2;
        });
        expect((error * count) / variance).toBeLessThan(1.6);
        expect(variance).toBeGreaterThan(0);
      });
    },
  );
});
