/**
 * Convolution by kernel groups: lists of pairs, products, gradients; on every backend, against
 * float64.
 */
/* oxlint-disable unicorn/no-useless-spread -- keeps several arguments on a line */
import { describe, expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import {
  convForward,
  convInputGrad,
  convWeightGrad,
  outputLength,
  type ConvSizes,
} from "../reference/conv-pairs.js";
import { planes, type Planes } from "../support/planes.js";
import { seeded, type Random } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped, tilesOf, type Scope } from "../support/run-op.js";

const shape = (
  [batch, inner, rows]: readonly [number, number, number],
  [height, width]: readonly [number, number],
  size: number,
  stride = 1,
  pad = (size - 1) / 2,
): ConvSizes => ({ batch, inner, rows, height, width, size, stride, pad });

const SHAPES: readonly (readonly [string, ConvSizes])[] = [
  ["one channel", shape([1, 1, 1], [3, 5], 3)],
  ["two tiles, odd plane", shape([17, 3, 9], [7, 11], 3)],
  ["three tiles, wide rows", shape([40, 5, 10], [5, 21], 3)],
  ["width 4", shape([3, 6, 9], [4, 4], 3)],
  ["width 8", shape([3, 6, 9], [8, 8], 3)],
  ["width 1", shape([3, 4, 5], [6, 1], 3)],
  ["width 2", shape([3, 4, 5], [3, 2], 3)],
  ["no border", shape([2, 4, 8], [9, 9], 3, 1, 0)],
  ["border 2", shape([2, 4, 8], [5, 6], 3, 1, 2)],
  ["5x5", shape([17, 3, 9], [12, 12], 5, 1, 0)],
  ["5x5 with border", shape([2, 3, 9], [5, 7], 5)],
  ["7x7", shape([2, 2, 3], [8, 9], 7)],
  ["2x2", shape([2, 3, 4], [6, 7], 2, 1, 0)],
  ["1x1", shape([2, 6, 9], [5, 7], 1)],
  ["1x1, stride 2", shape([2, 6, 9], [8, 7], 1, 2)],
  ["3x3, stride 2", shape([17, 5, 9], [8, 8], 3, 2)],
  ["3x3, stride 2, odd plane", shape([2, 5, 9], [9, 7], 3, 2)],
  ["3x3, stride 3", shape([2, 2, 3], [10, 9], 3, 3)],
];

interface Case extends ConvSizes {
  readonly w: Float32Array;
  readonly x: Float32Array;
  readonly dy: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Numbers for a convolution; about `density` of its kernels are not zero. Row 1, if there is one,
 * has none.
 */
function numbers(s: ConvSizes, random: Random, density: number): Case {
  const w = random.floats(s.rows * s.inner * s.size ** 2);
  for (let k = 0; k < s.rows * s.inner; k++)
    if (random.next() > density || Math.floor(k / s.inner) === 1)
      w.fill(0, k * s.size ** 2, (k + 1) * s.size ** 2);
  const dy = random.floats(s.batch * s.rows * outputLength(s.height, s) * outputLength(s.width, s));
  return {
    ...s,
    w,
    dy,
    x: random.floats(s.batch * s.inner * s.height * s.width),
    bias: random.floats(s.rows),
  };
}

/** Room for the pairs of [rows][inner], and the op that fills it. */
function pairsOf({ room }: Scope, s: ConvSizes, theta: number, plane: number) {
  const lists = {
    entries: room(s.rows * s.inner * 2),
    pairCounts: room(s.rows),
    counts: room(s.rows),
    changed: room(s.rows),
  };
  const { rows, inner } = s;
  return {
    ...lists,
    compress: op("compressPairs", rows, {
      theta,
      ...lists,
      rows,
      inner,
      taps: s.size ** 2,
      planeBytes: plane * 4,
    }),
  };
}

/** The table of all taps, in row-major order or as `order` sorts it. */
function tapTable(
  s: ConvSizes,
  layout: Planes,
  order: (taps: [number, number][]) => void = () => {},
): Int32Array {
  const taps: [number, number][] = [];
  for (let kh = 0; kh < s.size; kh++)
    for (let kw = 0; kw < s.size; kw++) taps.push([kh * s.size + kw, kh * layout.row + kw * TILE]);
  order(taps);
  return Int32Array.from(taps.flat());
}

/** What a forward op needs: x, y and taps in memory, pairs made by compressPairs. */
function forward(
  scope: Scope,
  c: Case,
  run: (ops: ReturnType<typeof op>[]) => void,
  table?: Int32Array,
) {
  const { put, room } = scope;
  const layout = planes(c.batch, c.inner, c.height, c.width, c.pad);
  const out = planes(c.batch, c.rows, outputLength(c.height, c), outputLength(c.width, c), 1);
  const pairs = pairsOf(scope, c, put(c.w), layout.plane);
  run([pairs.compress]);
  const y = room(out.length, NaN);
  const taps = table ?? tapTable(c, layout);
  const args = {
    ...{
      entries: pairs.entries,
      counts: pairs.pairCounts,
      entryStride: c.inner,
      bias: put(c.bias),
    },
    ...{
      x: put(layout.pack(c.x)),
      y: y + out.interior * 4,
      taps: put(taps),
      tapCount: taps.length / 2,
    },
    ...{ tiles: tilesOf(c.batch), rows: c.rows, height: out.height, width: out.width },
    ...{ xTile: layout.tile, xRow: layout.row * c.stride, xCol: TILE * c.stride },
    ...{ yTile: out.tile, yPlane: out.plane, yRow: out.row, yCol: TILE, accumulate: 0 },
  };
  return { layout, out, pairs, y, args, units: tilesOf(c.batch) * Math.ceil(c.rows / 8) };
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, scale: number): void {
  expect(got.length).toBe(want.length);
  let worst = 0;
  for (let k = 0; k < want.length; k++) {
    const error = Math.abs(got[k]! - want[k]!);
    if (!(error <= worst)) worst = error; // a NaN is the worst
  }
  expect(worst).toBeLessThan(scale);
}

/** Bound on rounding errors of sums of n products of numbers below 1. */
const rounding = (n: number): number => 2e-7 * (n + 4);

forEachBackend((_name, pool) => {
  const run = (ops: ReturnType<typeof op>[]): void => runOps(pool, ops);

  describe.each(SHAPES)("%s", (name, s) => {
    const c = numbers(s, seeded(name.length * 131 + s.height), 0.6);
    const terms = s.inner * s.size ** 2;

    test("convPairs: y, with bias; its border stays as it was", () => {
      scoped(pool, (scope) => {
        const { y, args, out, units } = forward(scope, c, run);
        run([flatOp("convPairs", units, args)]);
        const got = scope.read(y, out.length);
        expectClose(out.unpack(got), convForward(c, c.w, c.x, c.bias), rounding(terms));
        // Lanes beyond the batch are written too: what was never written is the border, and only
        // that.
        const untouched = got.filter(Number.isNaN).length;
        expect(untouched).toBe(
          out.length - tilesOf(c.batch) * TILE * c.rows * out.height * out.width,
        );
      });
    });

    test("convPairs: added to y, without bias", () => {
      scoped(pool, (scope) => {
        const { y, args, out, units } = forward(scope, c, run);
        run([flatOp("convPairs", units, args)]);
        run([flatOp("convPairs", units, { ...args, bias: 0, accumulate: 1 })]);
        const want = convForward(
          c,
          c.w,
          c.x,
          c.bias.map((b) => b / 2),
        ).map((value) => 2 * value);
        expectClose(out.unpack(scope.read(y, out.length)), want, 2 * rounding(terms));
      });
    });

    test("convPairs: taps may come in any order", () => {
      scoped(pool, (scope) => {
        const { y, args, out, units, layout } = forward(scope, c, run);
        const table = tapTable(c, layout, (taps) =>
          taps.sort(([a], [b]) => ((a * 7) % 11) - ((b * 7) % 11)),
        );
        run([flatOp("convPairs", units, { ...args, taps: scope.put(table) })]);
        expectClose(
          out.unpack(scope.read(y, out.length)),
          convForward(c, c.w, c.x, c.bias),
          rounding(terms),
        );
      });
    });

    test("convPairs: the bits of an element do not depend on the block it is computed in", () => {
      scoped(pool, (scope) => {
        const { y, args, out, units } = forward(scope, c, run);
        run([flatOp("convPairs", units, args)]);
        const want = scope.read(y, out.length);
        const part = { ...args, y: 0 };
        for (const [row, col] of [
          [0, 1],
          [1, 0],
          [2, 2],
          [1, 3],
        ] as const) {
          if (row >= out.height || col >= out.width) continue;
          // Everything from (row, col) on, and the last row and column left out if there are
          // others.
          const height = Math.max(1, out.height - row - 1);
          const width = Math.max(1, out.width - col - 1);
          const z = scope.room(out.length, NaN);
          const start = z + (out.interior + row * out.row + col * TILE) * 4;
          const x = args.x + (row * args.xRow + col * args.xCol) * 4;
          run([flatOp("convPairs", units, { ...part, x, y: start, height, width })]);
          const got = scope.read(z, out.length);
          expect(got.every((value, k) => Number.isNaN(value) || Object.is(value, want[k]))).toBe(
            true,
          );
          expect(got.filter((value) => !Number.isNaN(value)).length).toBe(
            tilesOf(c.batch) * TILE * c.rows * height * width,
          );
        }
      });
    });

    test("convPairs over transposePairs: the input gradient", () => {
      scoped(pool, (scope) => {
        const { put, room } = scope;
        const { pairs, layout: x, out } = forward(scope, c, run);
        // dy's border is wide enough for every tap of every phase.
        const dy = planes(c.batch, c.rows, out.height, out.width, s.size);
        const transposed = { entries: room(c.inner * c.rows * 2), counts: room(c.inner) };
        const force = put(Int32Array.of(1));
        const { entries, pairCounts, changed } = pairs;
        const lists = {
          entries,
          pairCounts,
          changed,
          tEntries: transposed.entries,
          tCounts: transposed.counts,
        };
        const sizes = {
          rows: c.rows,
          inner: c.inner,
          planeBytes: x.plane * 4,
          rowBytes: dy.plane * 4,
        };
        run([op("transposePairs", c.inner, { ...lists, ...sizes, force })]);

        const dx = planes(c.batch, c.inner, c.height, c.width, 1);
        const result = room(dx.length, NaN);
        const from = put(dy.pack(c.dy)) + dy.interior * 4;
        for (let a = 0; a < s.stride; a++) {
          for (let b = 0; b < s.stride; b++) {
            const height = Math.ceil((c.height - a) / s.stride);
            const width = Math.ceil((c.width - b) / s.stride);
            const taps: number[] = [];
            for (let kh = 0; kh < s.size; kh++)
              for (let kw = 0; kw < s.size; kw++)
                if ((a + s.pad - kh) % s.stride === 0 && (b + s.pad - kw) % s.stride === 0)
                  taps.push(
                    kh * s.size + kw,
                    ((a + s.pad - kh) / s.stride) * dy.row + ((b + s.pad - kw) / s.stride) * TILE,
                  );
            run([
              flatOp("convPairs", tilesOf(c.batch) * Math.ceil(c.inner / 8), {
                ...{ ...transposed, entryStride: c.rows, bias: 0, x: from },
                ...{ y: result + (dx.interior + a * dx.row + b * TILE) * 4 },
                ...{
                  taps: taps.length ? put(Int32Array.from(taps)) : 0,
                  tapCount: taps.length / 2,
                },
                ...{ tiles: tilesOf(c.batch), rows: c.inner, height, width },
                ...{ xTile: dy.tile, xRow: dy.row, xCol: TILE },
                ...{
                  yTile: dx.tile,
                  yPlane: dx.plane,
                  yRow: dx.row * s.stride,
                  yCol: TILE * s.stride,
                  accumulate: 0,
                },
              }),
            ]);
          }
        }
        const want = convInputGrad(c, c.w, c.dy);
        expectClose(dx.unpack(scope.read(result, dx.length)), want, rounding(c.rows * s.size ** 2));
      });
    });

    test("convPairsWeightGrad: all taps of the pairs, and nothing else", () => {
      scoped(pool, (scope) => {
        const { put, room } = scope;
        const { pairs, args, layout, out } = forward(scope, c, run);
        const g = room(c.w.length, -7);
        const order = (taps: [number, number][]) => taps.reverse();
        for (const taps of [args.taps, put(tapTable(c, layout, order))]) {
          pool.memory.f32(g, c.w.length).fill(-7);
          run([
            flatOp("convPairsWeightGrad", c.rows, {
              ...{ entries: pairs.entries, counts: pairs.pairCounts, entryStride: c.inner },
              ...{
                dy: put(out.pack(c.dy)) + out.interior * 4,
                x: args.x,
                g,
                taps,
                tapCount: s.size ** 2,
              },
              ...{
                tiles: tilesOf(c.batch),
                rows: c.rows,
                inner: c.inner,
                height: out.height,
                width: out.width,
              },
              ...{
                dyTile: out.tile,
                dyPlane: out.plane,
                dyRow: out.row,
                xTile: layout.tile,
                xPlane: layout.plane,
              },
              ...{ xRow: args.xRow, xCol: args.xCol },
            }),
          ]);
          const want = convWeightGrad(c, c.dy, c.x).map((value, k) => (c.w[k] === 0 ? -7 : value));
          expectClose(scope.read(g, c.w.length), want, rounding(c.batch * out.height * out.width));
        }
      });
    });
  });

  test("compressPairs: kernels with a non-zero weight, in ascending order; changed where the set is another", () => {
    scoped(pool, (scope) => {
      const s = shape([1, 4, 4], [1, 1], 3);
      const w = new Float32Array(4 * 4 * 9);
      const at = (o: number, c: number, t: number): number => (o * 4 + c) * 9 + t;
      w[at(0, 1, 8)] = 1;
      w[at(0, 3, 0)] = -1;
      w[at(0, 3, 4)] = 2;
      w[at(2, 0, 2)] = NaN;
      w.fill(0.5, at(3, 0, 0), at(3, 3, 8) + 1);
      const theta = scope.put(w);
      const pairs = pairsOf(scope, s, theta, 10);
      const rowOf = (o: number) => Array.from(scope.readInts(pairs.entries + o * 32, 8));
      const pair = (o: number, c: number) => [c * 40, theta + at(o, c, 0) * 4];
      const memory = pool.memory.f32(theta, w.length);

      run([pairs.compress]);
      expect(Array.from(scope.readInts(pairs.pairCounts, 4))).toEqual([2, 0, 1, 4]);
      expect(Array.from(scope.readInts(pairs.counts, 4))).toEqual([3, 0, 1, 36]);
      expect(Array.from(scope.readInts(pairs.changed, 4))).toEqual([1, 0, 1, 1]);
      expect(rowOf(0).slice(0, 4)).toEqual([...pair(0, 1), ...pair(0, 3)]);
      expect(rowOf(2).slice(0, 2)).toEqual(pair(2, 0));
      expect(rowOf(3)).toEqual([0, 1, 2, 3].flatMap((c) => pair(3, c)));

      // Other values, the same pairs.
      memory[at(0, 1, 8)] = 0;
      memory[at(0, 1, 2)] = 5;
      memory[at(3, 0, 0)] = 0;
      run([pairs.compress]);
      expect(Array.from(scope.readInts(pairs.changed, 4))).toEqual([0, 0, 0, 0]);
      expect(Array.from(scope.readInts(pairs.counts, 4))).toEqual([3, 0, 1, 35]);

      // A pair moves, one is born, one dies.
      memory[at(0, 1, 2)] = 0;
      memory[at(0, 2, 2)] = 1;
      memory[at(1, 3, 3)] = 1;
      memory.fill(0, at(3, 3, 0), at(3, 3, 8) + 1);
      run([pairs.compress]);
      expect(Array.from(scope.readInts(pairs.changed, 4))).toEqual([1, 1, 0, 1]);
      expect(Array.from(scope.readInts(pairs.pairCounts, 4))).toEqual([2, 1, 1, 3]);
      expect(rowOf(0).slice(0, 4)).toEqual([...pair(0, 2), ...pair(0, 3)]);
    });
  });

  test("transposePairs: pairs by inner channel, rebuilt where a row has changed or by force", () => {
    scoped(pool, (scope) => {
      const [rows, inner] = [5, 7];
      const random = seeded(4);
      const s = shape([1, inner, rows], [1, 1], 1);
      const theta = scope.room(rows * inner);
      const pairs = pairsOf(scope, s, theta, 6);
      const force = scope.put(Int32Array.of(0));
      const [tEntries, tCounts] = [scope.room(rows * inner * 2), scope.room(inner)];
      const { entries, pairCounts, changed } = pairs;
      const args = {
        entries,
        pairCounts,
        changed,
        tEntries,
        tCounts,
        rows,
        inner,
        planeBytes: 24,
        rowBytes: 12,
        force,
      };
      const transpose = op("transposePairs", inner, args);
      const fill = (): void =>
        void pool.memory.f32(theta, rows * inner).forEach((_, k, w) => (w[k] = random.int(2)));
      const expectTransposed = (): void => {
        const w = pool.memory.f32(theta, rows * inner);
        for (let c = 0; c < inner; c++) {
          const want: number[] = [];
          for (let o = 0; o < rows; o++)
            if (w[o * inner + c]) want.push(o * 12, theta + (o * inner + c) * 4);
          expect(scope.readInts(tCounts, inner)[c]).toBe(want.length / 2);
          expect(Array.from(scope.readInts(tEntries + c * rows * 8, want.length))).toEqual(want);
        }
      };
      for (let round = 0; round < 3; round++) {
        fill();
        run([pairs.compress, transpose]);
        expectTransposed();
      }
      pool.memory.i32(tCounts, inner).fill(-1);
      run([pairs.compress, transpose]);
      expect(Array.from(scope.readInts(tCounts, inner))).toEqual(Array<number>(inner).fill(-1)); // nothing changed
      pool.memory.i32(force, 1)[0] = 1;
      run([pairs.compress, transpose]);
      expectTransposed();
    });
  });
});
