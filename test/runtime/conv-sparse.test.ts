/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
import { describe, expect, test } from "vitest";
import { TILE, WHOLE_SHARES } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { convForward, convInputGrad, convWeightGrad } from "../reference/conv.js";
import { firstDifference, maxError } from "../support/compare.js";
import {
  borderOf,
  CONV_SHAPES,
  convProblem,
  forwardGeometry,
  inputGradGeometry,
  imagesOf,
  inputGradPhases,
  patternOf,
  putImage,
  roomForImage,
  rounding,
  unitsOf,
  weightGradGeometry,
  type ConvProblem,
} from "../support/conv-problem.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";

interface Options {
  readonly bias?: boolean;
  readonly grain?: number;
  /** What the output holds before; then it is added to. */
  readonly before?: number;
}

function forward(
  pool: Pool,
  p: ConvProblem,
  { bias = true, grain = 1, before }: Options = {},
): Float32Array {
  return scoped(pool, (scope) => {
    const { entries, counts } = patternOf(p);
    const y = roomForImage(scope, p.yPlanes, before ?? NaN);
    const args = {
      ...{ entries: scope.put(entries), counts: scope.put(counts), entryStride: p.cols },
      ...{
        bias: bias ? scope.put(p.bias) : 0,
        x: putImage(scope, p.xPlanes, p.x, 3).tensor,
        y: y.first,
      },
      ...{ tiles: p.tiles, rows: p.shape.rows, accumulate: before === undefined ? 0 : 1 },
    };
    runOps(pool, [
      flatOp(
        "convSparse",
        unitsOf(p.tiles, p.shape.rows),
        { ...args, ...forwardGeometry(p) },
        grain,
      ),
    ]);
    return scope.read(y.tensor, p.yPlanes.length);
  });
}

/** The pattern and its transpose in memory, and the op that makes the second from the first. */
function transposed({ put, room }: Scope, p: ConvProblem) {
  const { rows, inner, stride, kernel } = p.shape;
  const { entries, counts } = patternOf(p);
  const x = p.xPlanes;
  const dy = p.yPlanes;
  const phases = inputGradPhases(p);
  const table = new Int32Array(2 * p.taps);
  phases.forEach(({ taps }, phase) =>
    taps.forEach(({ index, offset }) => table.set([phase, 4 * offset], 2 * index)),
  );
  const entryStride = rows * p.taps;
  const args = {
    ...{ entries: put(entries), counts: put(counts), changed: put(new Int32Array(rows).fill(1)) },
    ...{
      tEntries: room(2 * stride ** 2 * inner * entryStride),
      tCounts: put(new Int32Array(stride ** 2 * inner).fill(-1)),
    },
    ...{
      source: room(stride ** 2 * inner * entryStride),
      rows,
      cols: p.cols,
      inner,
      phases: stride ** 2,
      entryStride,
    },
    ...{
      tapTable: put(table),
      rowBytes: dy.plane * 4,
      planeSize: x.plane / TILE,
      rowSize: x.row / TILE,
    },
    ...{ kernelHeight: kernel[0], kernelWidth: kernel[1], force: put(Int32Array.of(0)) },
  };
  return { args, phases, transpose: flatOp("transposeConv", inner, args) };
}

/**
 * dx by the transposed pattern of `p`; `after`: values of the same pattern that are put in its
 * place afterwards.
 */
function inputGrad(
  pool: Pool,
  p: ConvProblem,
  { grain = 1, before, after }: Options & { after?: ConvProblem } = {},
) {
  return scoped(pool, (scope) => {
    const { inner } = p.shape;
    const { args, phases, transpose } = transposed(scope, p);
    const dy = putImage(scope, p.yPlanes, p.dy);
    const dx = roomForImage(scope, p.xPlanes, before ?? NaN);
    const { row } = p.xPlanes;
    runOps(pool, [transpose]);
    if (after) {
      pool.memory.i32(args.changed, p.shape.rows).fill(0);
      pool.memory.i32(args.entries, 2 * p.w.length).set(patternOf(after).entries);
      runOps(pool, [transpose]);
    }
    const ops = phases.map((phase, k) => {
      const rest = {
        ...{
          entries: args.tEntries + 8 * k * inner * args.entryStride,
          counts: args.tCounts + 4 * k * inner,
        },
        ...{ entryStride: args.entryStride, bias: 0, x: dy.tensor, tiles: p.tiles, rows: inner },
        ...{
          y: dx.first + 4 * (phase.first[0] * row + phase.first[1] * TILE),
          accumulate: before === undefined ? 0 : 1,
        },
      };
      return flatOp(
        "convSparse",
        unitsOf(p.tiles, inner),
        { ...rest, ...inputGradGeometry(p, phase) },
        grain,
      );
    });
    runOps(pool, ops);
    return scope.read(dx.tensor, p.xPlanes.length);
  });
}

function weightGrad(pool: Pool, p: ConvProblem, grain = 1): Float32Array {
  return scoped(pool, (scope) => {
    const { entries, counts } = patternOf(p);
    const x = p.xPlanes;
    const args = {
      ...{ entries: scope.put(entries), counts: scope.put(counts), entryStride: p.cols },
      ...{
        dy: putImage(scope, p.yPlanes, p.dy).first,
        x: putImage(scope, p.xPlanes, p.x, 3).tensor,
      },
      ...{ g: scope.room(p.w.length, 7), tiles: p.tiles, rows: p.shape.rows, cols: p.cols },
      ...{ planeSize: x.plane / TILE, rowSize: x.row / TILE },
      ...{ kernelHeight: p.shape.kernel[0], kernelWidth: p.shape.kernel[1] },
    };
    runOps(pool, [
      flatOp("convSparseWeightGrad", p.shape.rows, { ...args, ...weightGradGeometry(p) }, grain),
    ]);
    return scope.read(args.g, p.w.length);
  });
}

forEachBackend((_name, pool) => {
  describe.each(CONV_SHAPES)("%s", (_shape, shape) => {
    describe.each([0.15, 1])("density %d", (density) => {
      const p = convProblem(shape, 2, density);
      const sums = rounding(p.cols);

      test("convSparse: y, its border untouched", () => {
        const y = forward(pool, p);
        expect(
          maxError(imagesOf(p, p.yPlanes, y), convForward(shape, p.w, p.bias, p.x)),
        ).toBeLessThan(sums);
        expect(borderOf(p.yPlanes, y).every(Number.isNaN)).toBe(true);
      });

      test("convSparse without bias, added to what is there", () => {
        const y = forward(pool, p, { bias: false, before: 2 });
        const expected = convForward(shape, p.w, undefined, p.x).map((v) => v + 2);
        expect(maxError(imagesOf(p, p.yPlanes, y), expected)).toBeLessThan(sums * 2);
        expect(borderOf(p.yPlanes, y).every((v) => v === 2)).toBe(true);
      });

      test("convSparse by the pattern of transposeConv: the input gradient", () => {
        const expected = convInputGrad(shape, p.w, p.dy);
        const bound = rounding(shape.rows * p.taps);
        const dx = inputGrad(pool, p);
        expect(maxError(imagesOf(p, p.xPlanes, dx), expected)).toBeLessThan(bound);
        expect(borderOf(p.xPlanes, dx).every(Number.isNaN)).toBe(true);
        const added = imagesOf(p, p.xPlanes, inputGrad(pool, p, { before: 2 })).map((v) => v - 2);
        expect(maxError(added, expected)).toBeLessThan(bound * 2);
      });

      test("transposeConv: new values on the old pattern", () => {
        const after = { ...p, w: p.w.map((value, k) => value && value * (1 + (k % 3))) };
        const dx = inputGrad(pool, p, { after });
        expect(firstDifference(dx, inputGrad(pool, after))).toBe(-1);
      });

      test("convSparseWeightGrad: at the pattern's places only", () => {
        const g = weightGrad(pool, p);
        const expected = convWeightGrad(shape, p.dy, p.x).map((v, k) => (p.w[k] === 0 ? 7 : v));
        expect(maxError(g, expected)).toBeLessThan(
          rounding(shape.samples * p.out.height * p.out.width),
        );
      });

      test("the same bits however the work is split", () => {
        expect(firstDifference(forward(pool, p, { grain: 1024 }), forward(pool, p))).toBe(-1);
        expect(firstDifference(inputGrad(pool, p, { grain: 1024 }), inputGrad(pool, p))).toBe(-1);
        expect(firstDifference(weightGrad(pool, p, 1024), weightGrad(pool, p))).toBe(-1);
        expect(firstDifference(weightGrad(pool, p, WHOLE_SHARES), weightGrad(pool, p))).toBe(-1);
      });
    });
  });

  test("transposeConv: every weight once, in rows of its phase and channel, ordered by output channel and tap", () => {
    const p = convProblem(CONV_SHAPES.find(([name]) => name === "3x3, stride 2, odd")![1], 3, 0.3);
    scoped(pool, (scope) => {
      const { args, phases, transpose } = transposed(scope, p);
      runOps(pool, [transpose]);
      const counts = scope.readInts(args.tCounts, args.phases * args.inner);
      const found: number[][] = [];
      counts.forEach((count, r) => {
        const entries = scope.readInts(args.tEntries + 8 * r * args.entryStride, 2 * count);
        const values = scope.read(args.tEntries + 8 * r * args.entryStride, 2 * count);
        for (let k = 0; k < count; k++) found.push([r, entries[2 * k]!, values[2 * k + 1]!]);
      });
      const expected = phases.flatMap(({ taps }, phase) =>
        Array.from({ length: args.inner }, (_, c) =>
          Array.from({ length: args.rows }, (_o, o) =>
            taps.map(({ index, offset }) => [
              phase * args.inner + c,
              o * args.rowBytes + 4 * offset,
              p.w[o * p.cols + c * p.taps + index]!,
            ]),
          ),
        ).flat(2),
      );
      expect(found).toEqual(expected.filter(([, , value]) => value !== 0));
    });
  });

  test("convSparseWeightGrad of more weights than are summed together, the same bits however they are split", () => {
    const sizes = { samples: 3, inner: 6, height: 5, width: 9, rows: 140 };
    const shape = { ...sizes, kernel: [3, 3], stride: 1, pad: 1 } as const;
    const p = convProblem(shape, 3, 1);
    const g = weightGrad(pool, p, WHOLE_SHARES);
    expect(maxError(g, convWeightGrad(shape, p.dy, p.x))).toBeLessThan(rounding(3 * 5 * 9));
    for (const grain of [1, 50]) expect(firstDifference(weightGrad(pool, p, grain), g)).toBe(-1);
  });
});
