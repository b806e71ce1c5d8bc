/** The kernels between the backward pass and the update, against plain loops. */
import { expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import { compressed, encoded } from "../reference/pattern.js";
import { maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

/** [rows, cols]: a bias, shorter than a vector, with and without a rest. */
const SHAPES = [
  [1, 1],
  [1, 37],
  [3, 17],
  [10, 80],
] as const;
const ALL = { entries: 0, used: 0, entryStride: 0, group: 0, theta: 0 };
const LINEAR = { planeSize: 0, rowSize: 0, kernelHeight: 0, kernelWidth: 0 };

forEachBackend((_name, pool) => {
  test.each(SHAPES)("%i x %i: norms of rows, of all weights and of a pattern's", (rows, cols) => {
    const random = seeded(rows * cols);
    const g = random.floats(rows * cols, -2, 2);
    const theta = random.floats(rows * cols).map((x) => (x < 0.4 ? 0 : x));
    const norm = (row: number, keep: (i: number) => boolean) =>
      Math.hypot(
        ...Array.from({ length: cols }, (_, c) => (keep(row * cols + c) ? g[row * cols + c] : 0)),
      );
    scoped(pool, ({ put, room, read }) => {
      const { entries, counts } = encoded(compressed(theta, rows, cols), cols);
      const args = { g: put(g), norms: room(rows, 7), rows, cols, ...LINEAR };
      runOps(pool, [flatOp("gradientNorms", rows, { ...args, ...ALL })]);
      const all = Array.from({ length: rows }, (_, r) => norm(r, () => true));
      expect(maxError(read(args.norms, rows), all)).toBeLessThan(1e-5);
      const pattern = { ...ALL, entries: put(entries), used: put(counts), entryStride: cols };
      runOps(pool, [flatOp("gradientNorms", rows, { ...args, ...pattern })]);
      const some = Array.from({ length: rows }, (_, r) => norm(r, (i) => theta[i] !== 0));
      expect(maxError(read(args.norms, rows), some)).toBeLessThan(1e-5);
    });
  });

  test("norms of a convolution's pattern: single weights by their place in the plane, and pairs by their kernels", () => {
    const [rows, inner, kernelHeight, kernelWidth, rowSize] = [3, 4, 2, 3, 7];
    const [planeSize, taps] = [rowSize * 6, kernelHeight * kernelWidth];
    const cols = inner * taps;
    const g = seeded(4).floats(rows * cols);
    scoped(pool, ({ put, room, read }) => {
      const norms = room(rows);
      const theta = room(rows * cols, 1);
      const shape = { planeSize, rowSize, kernelHeight, kernelWidth };
      const args = { g: put(g), norms, rows, cols, theta, ...shape };
      // Row r has the weights (channel r, tap r) and (channel 3, tap 5).
      const places = Array.from({ length: rows }, (_, r) => [
        [r, r],
        [3, 5],
      ]).map((row) =>
        row.map(([channel, tap]) => ({
          column: channel * taps + tap,
          offset:
            4 *
            TILE *
            (channel * planeSize + Math.floor(tap / kernelWidth) * rowSize + (tap % kernelWidth)),
          channel,
        })),
      );
      const used = put(Int32Array.from({ length: rows }, () => 2));
      const pattern = (words: (row: number, place: (typeof places)[0][0]) => [number, number]) =>
        put(Int32Array.from(places.flatMap((row, r) => row.flatMap((place) => words(r, place)))));
      const single = {
        entries: pattern((_, { offset }) => [offset, 0]),
        used,
        entryStride: 2,
        group: 0,
      };
      runOps(pool, [flatOp("gradientNorms", rows, { ...args, ...single })]);
      const singles = places.map((row, r) =>
        Math.hypot(...row.map(({ column }) => g[r * cols + column])),
      );
      expect(maxError(read(norms, rows), singles)).toBeLessThan(1e-6);
      const pairs = {
        entries: pattern((r, { channel }) => [0, theta + 4 * (r * cols + channel * taps)]),
        used,
        entryStride: 2,
        group: taps,
      };
      runOps(pool, [flatOp("gradientNorms", rows, { ...args, ...pairs })]);
      const kernels = places.map((row, r) =>
        Math.hypot(
          ...row.flatMap(({ channel }) => [
            ...g.subarray(r * cols + channel * taps, r * cols + (channel + 1) * taps),
          ]),
        ),
      );
      expect(maxError(read(norms, rows), kernels)).toBeLessThan(1e-6);
    });
  });

  test("clipping: a factor, then bounds; a NaN stays one, and a factor of 1 without bounds changes no bit", () => {
    const g = Float32Array.of(
      1,
      -1,
      3,
      -3,
      NaN,
      Infinity,
      -Infinity,
      0,
      -0,
      2,
      ...seeded(1).floats(23, -4, 4),
    );
    const clipped = (factor: number, limit: number): Float32Array =>
      scoped(pool, ({ put, read }) => {
        const place = put(g);
        const args = { g: place, bounds: put(Float32Array.of(factor, limit)), rows: 3, cols: 11 };
        runOps(pool, [op("clipGradient", 3, args)]);
        return read(place, 33);
      });
    expect(clipped(0.5, 1)).toEqual(g.map((x) => Math.max(-1, Math.min(1, 0.5 * x))));
    expect(new Int32Array(clipped(1, Infinity).buffer)).toEqual(new Int32Array(g.buffer));
  });

  test("sums over parts: the first writes, the others add", () => {
    const random = seeded(2);
    const [a, b] = [random.floats(42), random.floats(42)];
    scoped(pool, ({ put, room, read }) => {
      const sum = room(42, NaN);
      const share = put(Float32Array.of(0.75));
      const part = (g: Float32Array, first: number) =>
        op("sumGradient", 3, { g: put(g), sum, share, first, rows: 3, cols: 14 });
      runOps(pool, [part(a, 1)]);
      expect(read(sum, 42)).toEqual(a.map((x) => 0.75 * x));
      runOps(pool, [part(b, 0)]);
      expect(
        maxError(
          read(sum, 42),
          a.map((x, i) => 0.75 * (x + b[i])),
        ),
      ).toBeLessThan(2e-7);
    });
  });
});
