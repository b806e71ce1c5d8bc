/** Patterns: from dense and back, and their transposes. */
import { describe, expect, test } from "vitest";
import { TILE, op } from "#bregman/runtime/kernel-table.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import {
  columns,
  compressed,
  decoded,
  encoded,
  offsetsOf,
  transposed,
  type Rows,
} from "../reference/pattern.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const SHAPES = [
  [1, 1],
  [17, 10],
  [9, 131],
  [64, 33],
] as const;

function sparse(rows: number, cols: number, density: number, seed = 1): Float32Array {
  const random = seeded(seed + rows * 1000 + cols);
  return random.floats(rows * cols).map((v) => (random.next() < density ? v : 0));
}

/** Compresses theta over an old pattern. */
function compress(
  pool: Pool,
  theta: Float32Array,
  before: Rows,
  cols: number,
): { pattern: Rows; changed: number[] } {
  const rows = before.length;
  return scoped(pool, ({ put, readInts }) => {
    const old = encoded(before, cols);
    const [entries, counts] = [put(old.entries), put(old.counts)];
    const changed = put(new Int32Array(rows).fill(-1));
    runOps(pool, [
      op("compress", rows, { theta: put(theta), entries, counts, changed, rows, cols, columns: 0 }),
    ]);
    const pattern = decoded(readInts(entries, 2 * rows * cols), readInts(counts, rows), cols);
    return { pattern, changed: [...readInts(changed, rows)] };
  });
}

interface Transpose {
  readonly entries: Int32Array;
  readonly counts: Int32Array;
  readonly source: Int32Array;
}

/** Transposes a pattern, given what was there before. */
function transpose(
  pool: Pool,
  pattern: Rows,
  cols: number,
  {
    changed = 0,
    force = 1,
    before,
    grain = 1,
  }: { changed?: number; force?: number; before?: Transpose; grain?: number } = {},
): Transpose {
  const rows = pattern.length;
  return scoped(pool, ({ put, room, readInts }) => {
    const { entries, counts } = encoded(pattern, cols);
    const flags = new Int32Array(rows);
    flags[rows - 1] = changed;
    const out = {
      tEntries: before ? put(before.entries) : room(2 * rows * cols, NaN),
      tCounts: before ? put(before.counts) : room(cols, NaN),
      source: before ? put(before.source) : room(rows * cols, NaN),
    };
    const inputs = {
      entries: put(entries),
      counts: put(counts),
      changed: put(flags),
      force: put(Int32Array.of(force)),
    };
    runOps(pool, [op("transpose", cols, { ...inputs, ...out, rows, cols }, grain)]);
    return {
      entries: readInts(out.tEntries, 2 * rows * cols),
      counts: readInts(out.tCounts, cols),
      source: readInts(out.source, rows * cols),
    };
  });
}

forEachBackend((_name, pool) => {
  describe.each(SHAPES)("%i x %i", (rows, cols) => {
    test.each([0, 0.05, 0.5, 1])("density %d: compress, expand, transpose, and back", (density) => {
      const theta = sparse(rows, cols, density);
      const expected = compressed(theta, rows, cols);
      const { pattern } = compress(
        pool,
        theta,
        Array.from({ length: rows }, () => []),
        cols,
      );
      expect(pattern).toEqual(expected);

      scoped(pool, ({ put, room, read }) => {
        const { entries, counts } = encoded(pattern, cols);
        const back = room(rows * cols, NaN);
        runOps(pool, [
          op("expand", rows, {
            entries: put(entries),
            counts: put(counts),
            theta: back,
            rows,
            cols,
            columns: 0,
          }),
        ]);
        expect(read(back, rows * cols)).toEqual(theta);
      });

      const turned = transpose(pool, pattern, cols);
      const turnedRows = decoded(turned.entries, turned.counts, rows);
      expect(turnedRows).toEqual(transposed(expected, cols));
      const again = transpose(pool, turnedRows, rows);
      expect(decoded(again.entries, again.counts, cols)).toEqual(expected);
    });

    test("compress and expand by a table of columns", () => {
      const table = offsetsOf(cols);
      for (const density of [0.3, 1]) {
        const theta = sparse(rows, cols, density);
        scoped(pool, ({ put, room, read, readInts }) => {
          const [entries, counts, changed] = [room(2 * rows * cols), room(rows), room(rows)];
          const args = { entries, counts, rows, cols, columns: put(table) };
          const back = room(rows * cols, NaN);
          for (const flag of [1, 0]) {
            runOps(pool, [op("compress", rows, { ...args, theta: put(theta), changed })]);
            const pattern = compressed(theta, rows, cols);
            const wanted = pattern.map((row) =>
              row.map(([c, value]) => [table[c]! / (TILE * 4), value]),
            );
            expect(
              decoded(readInts(entries, 2 * rows * cols), readInts(counts, rows), cols),
            ).toEqual(wanted);
            expect([...readInts(changed, rows)]).toEqual(
              pattern.map((row) => (row.length > 0 ? flag : 0)),
            );
          }
          runOps(pool, [op("expand", rows, { ...args, theta: back })]);
          expect(read(back, rows * cols)).toEqual(theta);
        });
      }
    });

    test("a transpose's source is each entry's index in the pattern", () => {
      const pattern = compressed(sparse(rows, cols, 0.4), rows, cols);
      const { entries } = encoded(pattern, cols);
      const values = new Float32Array(entries.buffer);
      const { source, ...turned } = transpose(pool, pattern, cols);
      decoded(turned.entries, turned.counts, rows).forEach((row, c) =>
        row.forEach(([r, value], k) => {
          const index = source[c * rows + k]!;
          expect(Math.floor(index / cols)).toBe(r);
          expect(values[2 * index + 1]).toBe(value);
        }),
      );
    });

    test("new values: refreshed when the pattern stays, rebuilt when a row changed or by force", () => {
      const first = compressed(sparse(rows, cols, 0.4), rows, cols);
      const before = transpose(pool, first, cols);
      const doubled = first.map((row) => row.map(([c, value]) => [c, 2 * value] as const));
      const refreshed = transpose(pool, doubled, cols, { force: 0, before });
      expect(decoded(refreshed.entries, refreshed.counts, rows)).toEqual(transposed(doubled, cols));

      const other = compressed(sparse(rows, cols, 0.5, 2), rows, cols);
      for (const cause of [{ changed: 1, force: 0 }, { force: 1 }]) {
        const rebuilt = transpose(pool, other, cols, { ...cause, before });
        expect(decoded(rebuilt.entries, rebuilt.counts, rows)).toEqual(transposed(other, cols));
      }
    });
  });

  test("compress says which rows have another set of columns", () => {
    const cols = 50;
    const old = compressed(sparse(6, cols, 0.3), 6, cols);
    const theta = sparse(6, cols, 0.3).map((v) => 3 * v);
    const [gone, born] = [old[2]![0]![0], columns(old)[4]!];
    theta[2 * cols + gone] = 0;
    theta[4 * cols + [...Array(cols).keys()].find((c) => !born.includes(c))!] = 1;
    theta[5 * cols + old[5]!.at(-1)![0]] = 0;
    expect(compress(pool, theta, old, cols).changed).toEqual([0, 0, 1, 0, 1, 1]);
  });

  test("a row as full as before, one column further left, has changed", () => {
    const cols = 80;
    const theta = (from: number): Float32Array =>
      Float32Array.from({ length: 2 * cols }, (_, i) =>
        i >= cols + from && i < cols + from + 64 ? i : 0,
      );
    const old = compressed(theta(1), 2, cols);
    expect(compress(pool, theta(1), old, cols).changed).toEqual([0, 0]);
    const after = compress(pool, theta(0), old, cols);
    expect(after.changed).toEqual([0, 1]);
    expect(after.pattern).toEqual(compressed(theta(0), 2, cols));
  });

  test("a NaN is an entry, -0 is none", () => {
    const theta = Float32Array.of(0, NaN, -0, 1e-45, 0);
    expect(columns(compress(pool, theta, [[]], 5).pattern)).toEqual([[1, 3]]);
  });

  test("a transpose does not depend on how it is split over threads", async () => {
    const pattern = compressed(sparse(40, 61, 0.2), 40, 61);
    const expected = transposed(pattern, 61);
    const isa = pool.backend === "native" ? pool.isa : undefined;
    for (const threads of [1, 3]) {
      const other = await createPool({ backend: pool.backend, isa, threads });
      for (const grain of [1, 7, 16]) {
        const { entries, counts } = transpose(other, pattern, 61, { grain });
        expect(decoded(entries, counts, 40)).toEqual(expected);
      }
      await other.close();
    }
  });
});
