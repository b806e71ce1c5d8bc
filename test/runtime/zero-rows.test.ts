/**
 * Rows of dy that are zero in a whole batch cost no product in the weight gradient; the other rows
 * keep their bits.
 */
import { expect, test } from "vitest";
import { op } from "#bregman/runtime/kernel-table.js";
import { firstDifference } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped, tilesOf, toTiles } from "../support/run-op.js";

/**
 * [rows, cols, samples, share of the rows that are zero]; above 240 rows the kernel works in
 * several slabs.
 */
const CASES: readonly (readonly [number, number, number, number])[] = [
  [200, 100, 128, 0.5],
  [523, 17, 33, 0.3],
  [13, 64, 16, 0.9],
  [6, 5, 16, 1],
  [1, 1, 1, 0],
];

forEachBackend((_, pool) => {
  test.each(CASES)("%i x %i, %i samples, %d of the rows are zero", (rows, cols, samples, share) => {
    const random = seeded(rows + cols);
    const zero = Array.from({ length: rows }, () => random.next() < share);
    const full = random.floats(samples * rows);
    // A zero of either sign is one.
    const dy = full.map((value, i) => (zero[i % rows] ? (value < 0 ? -0 : 0) : value));
    const rowStride = Math.ceil(cols / 16) * 16;
    const tiles = tilesOf(samples);
    const x = new Float32Array(tiles * 16 * rowStride);
    for (let b = 0; b < samples; b++) x.set(random.floats(cols), b * rowStride);
    const gradient = (deltas: Float32Array) =>
      scoped(pool, ({ put, room }) => {
        const g = room(rows * cols + 16, NaN);
        const args = { dy: put(toTiles(deltas, samples, rows)), xRows: put(x), g, columns: 0 };
        runOps(pool, [op("denseWeightGrad", rows, { ...args, tiles, rows, cols, rowStride }, 12)]);
        return pool.memory.f32(g, rows * cols + 16).slice();
      });
    const expected = gradient(full).map((value, i) =>
      i < rows * cols && zero[Math.floor(i / cols)] ? 0 : value,
    );
    expect(firstDifference(gradient(dy), expected)).toBe(-1);
  });
});
