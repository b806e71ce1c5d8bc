import { describe, expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import * as truth from "../reference/data.js";
import { firstDifference, maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, fromTiles, runOps, scoped, tilesOf, toTiles } from "../support/run-op.js";

const SAMPLES = 300;

/**
 * [batch, features, channelSize]: batches that fill no tile, or whole ones; features that fill no
 * vector, or whole ones.
 */
const SIZES: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [7, 10, 10],
  [16, 17, 17],
  [128, 784, 784],
  [200, 784, 784],
  [200, 75, 25],
  [33, 3072, 1024],
];

/**
 * A batch of sample numbers in random order, filled up to whole tiles with -1; one present lane
 * less in the middle.
 */
function batchIndices(batch: number, seed: number): Int32Array {
  const random = seeded(seed);
  const indices = new Int32Array(tilesOf(batch) * TILE).fill(-1);
  for (let b = 0; b < batch; b++) indices[b] = random.int(SAMPLES);
  if (batch > 2) indices[batch >> 1] = -1;
  return indices;
}

/** Row-major values where each row has room for more, and what follows is left alone. */
function unpad(rows: Float32Array, count: number, features: number, stride: number): Float32Array {
  const out = new Float32Array(count * features);
  for (let b = 0; b < count; b++)
    out.set(rows.subarray(b * stride, b * stride + features), b * features);
  return out;
}

const strideOf = (features: number): number => Math.ceil(features / 16) * 16;

forEachBackend((_name, pool) => {
  describe.each(SIZES)("batch %i, %i features, channels of %i", (batch, features, channelSize) => {
    const tiles = tilesOf(batch);
    const lanes = tiles * TILE;
    const stride = strideOf(features);
    const indices = batchIndices(batch, batch + features);

    test("gatherU8: tiles and rows hold the normalised samples, absent ones zeros", () => {
      const random = seeded(1);
      const data = random.bytes(SAMPLES * features);
      const channels = features / channelSize;
      const scale = random.floats(channels, 0.001, 0.01);
      const shift = random.floats(channels);
      const expected = truth.gatherU8(data, indices, scale, shift, features, channelSize);
      scoped(pool, ({ put, room, read }) => {
        const out = room(lanes * features, NaN);
        const rowsOut = room(lanes * stride, 5);
        const affine = put(Float32Array.of(...scale, ...shift));
        runOps(pool, [
          op("gatherU8", tiles, {
            data: put(data),
            indices: put(indices),
            affine,
            out,
            rowsOut,
            features,
            channelSize,
            rowStride: stride,
          }),
        ]);
        const rows = read(rowsOut, lanes * stride);
        const byTile = fromTiles(read(out, lanes * features), lanes, features);
        // One rounding of the product, one of the sum: values reach 3.5.
        expect(maxError(byTile, expected)).toBeLessThan(5e-7);
        expect(firstDifference(unpad(rows, lanes, features, stride), byTile)).toBe(-1);
        expect(rows.filter((_, i) => i % stride >= features).every((x) => x === 5)).toBe(true);
      });
    });

    test("gatherF32: the same without normalisation, to the bit", () => {
      const data = seeded(2).floats(SAMPLES * features);
      const expected = Float32Array.from(truth.gatherF32(data, indices, features));
      scoped(pool, ({ put, room, read }) => {
        const out = room(lanes * features, NaN);
        const rowsOut = room(lanes * stride, 5);
        const step = {
          data: put(data),
          indices: put(indices),
          out,
          rowsOut,
          features,
          rowStride: stride,
        };
        runOps(pool, [op("gatherF32", tiles, step)]);
        expect(
          firstDifference(fromTiles(read(out, lanes * features), lanes, features), expected),
        ).toBe(-1);
        const rows = read(rowsOut, lanes * stride);
        expect(firstDifference(unpad(rows, lanes, features, stride), expected)).toBe(-1);
        expect(rows.filter((_, i) => i % stride >= features).every((x) => x === 5)).toBe(true);
      });
    });

    test("tilesToRows undoes the tiling", () => {
      const rows = seeded(3).floats(lanes * features);
      scoped(pool, ({ put, room, read }) => {
        const x = put(toTiles(rows, lanes, features));
        const out = room(lanes * stride, 5);
        runOps(pool, [op("tilesToRows", tiles, { x, out, features, rowStride: stride })]);
        const found = read(out, lanes * stride);
        expect(firstDifference(unpad(found, lanes, features, stride), rows)).toBe(-1);
        expect(found.filter((_, i) => i % stride >= features).every((v) => v === 5)).toBe(true);
      });
    });
  });

  test("rowsOut is optional", () => {
    scoped(pool, ({ put, room, read }) => {
      const data = put(Float32Array.of(1, 2, 3, 4));
      const indices = put(new Int32Array(TILE).fill(-1).fill(1, 0, 1));
      const out = room(2 * TILE);
      runOps(pool, [
        op("gatherF32", 1, { data, indices, out, rowsOut: 0, features: 2, rowStride: 0 }),
      ]);
      expect([...fromTiles(read(out, 2 * TILE), 2, 2)]).toEqual([3, 4, 0, 0]);
    });
  });
});
