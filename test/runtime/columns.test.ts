/**
 * Columns that are the same number in a whole batch: left out of the weight gradient, which keeps
 * its bits.
 */
import { expect, test } from "vitest";
import { op, type Op } from "#bregman/runtime/kernel-table.js";
import { firstDifference } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped, tilesOf, toTiles, type Scope } from "../support/run-op.js";

/**
 * [rows, cols, samples, share of columns that rest, their number]. (Absent samples are 0: a part of
 * a batch rests at 0 only.)
 */
const CASES: readonly (readonly [number, number, number, number, number])[] = [
  [7, 784, 128, 0.35, -0.4242],
  [13, 100, 33, 0.5, 0],
  [3, 17, 16, 0.9, 1],
  [2, 5, 16, 1, 0.5],
  [6, 64, 48, 0, 0],
  [6, 64, 48, 0.05, 0],
];

function problem([rows, cols, samples, share, resting]: (typeof CASES)[number]) {
  const random = seeded(cols + samples);
  const rests = Array.from({ length: cols }, () => random.next() < share);
  // One more column is constant, but another number.
  const other = rests.lastIndexOf(false);
  const x = random.floats(samples * cols).map((v, i) => {
    const c = i % cols;
    return rests[c] ? resting : c === other && share > 0 ? 3 : v;
  });
  const differ = rests.filter((rest) => !rest).length;
  const packed = differ < cols && differ + 1 < cols - Math.floor(cols / 8) ? differ + 1 : 0;
  // Rows of dy that are zero are left out, too (zero-rows.test.ts).
  const dy = random.floats(samples * rows).map((v, i) => ((i % rows) % 3 === 1 ? 0 : v));
  return { rows, cols, samples, x, dy, packed };
}

function gradientOps(
  { rows, cols, samples, x, dy }: ReturnType<typeof problem>,
  { put, room }: Scope,
  packs: boolean,
) {
  const tiles = tilesOf(samples);
  const rowStride = Math.ceil(cols / 16) * 16;
  // Absent samples hold zeros, as the gathering leaves them.
  const batch = new Float32Array(tiles * 16 * rowStride).fill(7);
  for (let b = 0; b < tiles * 16; b++) {
    batch.set(
      b < samples ? x.subarray(b * cols, (b + 1) * cols) : new Float32Array(cols),
      b * rowStride,
    );
  }
  const [xRows, g] = [put(batch), room(rows * cols + 16, NaN)];
  const columns = packs ? put(new Int32Array(1 + cols + 1 + Math.ceil(cols / 16))) : 0;
  const find = { x: put(toTiles(x, samples, cols)), columns, tiles, cols };
  const args = {
    dy: put(toTiles(dy, samples, rows)),
    xRows,
    g,
    columns,
    tiles,
    rows,
    cols,
    rowStride,
  };
  const ops: Op[] = [
    ...(packs
      ? [
          op("findColumns", 1, find),
          op("packColumns", tiles * 16, { xRows, columns, cols, rowStride }, 16),
        ]
      : []),
    op("denseWeightGrad", rows, args, 6),
  ];
  return { ops, g, columns };
}

forEachBackend((_, pool) => {
  test.each(CASES)("%i x %i, %i samples, %d of the columns rest", (...shape) => {
    const at = problem(shape);
    const { rows, cols } = at;
    const gradient = (packs: boolean) =>
      scoped(pool, (scope) => {
        const { ops, g, columns } = gradientOps(at, scope, packs);
        runOps(pool, ops);
        const packed = packs ? pool.memory.i32(columns, 1)[0]! : 0;
        return { packed, found: pool.memory.f32(g, rows * cols + 16).slice() };
      });
    const [plain, packed] = [gradient(false), gradient(true)];
    expect(packed.packed).toBe(at.packed);
    expect(firstDifference(packed.found, plain.found)).toBe(-1);
  });
});
