/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
import { describe, expect, test } from "vitest";
import { TILE } from "#bregman/runtime/kernel-table.js";
import { convBiasGrad, convForward, convInputGrad, convWeightGrad } from "../reference/conv.js";
import { firstDifference, maxError } from "../support/compare.js";
import {
  borderOf,
  CONV_SHAPES,
  convProblem,
  forwardGeometry,
  forwardTaps,
  inputGradGeometry,
  imagesOf,
  inputGradPhases,
  putImage,
  roomForImage,
  rounding,
  tapWords,
  unitsOf,
  weightGradGeometry,
  type ConvProblem,
} from "../support/conv-problem.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";
import type { Pool } from "#bregman/runtime/pool.js";

interface Options {
  readonly bias?: boolean;
  readonly grain?: number;
  /** What the output holds before; then it is added to. */
  readonly before?: number;
}

/** y, with its border. */
function forward(
  pool: Pool,
  p: ConvProblem,
  { bias = true, grain = 1, before }: Options = {},
): Float32Array {
  return scoped(pool, (scope) => {
    const x = putImage(scope, p.xPlanes, p.x, 3);
    const y = roomForImage(scope, p.yPlanes, before ?? NaN);
    const args = {
      ...{
        w: scope.put(p.w),
        rowStride: p.cols,
        innerStride: p.taps,
        packed: 0,
        bias: bias ? scope.put(p.bias) : 0,
      },
      ...{ x: x.tensor, y: y.first, taps: scope.put(tapWords(forwardTaps(p))), tapCount: p.taps },
      ...{ tiles: p.tiles, rows: p.shape.rows, inner: p.shape.inner, xPlane: p.xPlanes.plane },
      accumulate: before === undefined ? 0 : 1,
    };
    runOps(pool, [
      flatOp(
        "convDense",
        unitsOf(p.tiles, p.shape.rows),
        { ...args, ...forwardGeometry(p) },
        grain,
      ),
    ]);
    return scope.read(y.tensor, p.yPlanes.length);
  });
}

/** dx, with its border. */
function inputGrad(pool: Pool, p: ConvProblem, { grain = 1, before }: Options = {}): Float32Array {
  return scoped(pool, (scope) => {
    const { rows, inner, stride } = p.shape;
    const dy = putImage(scope, p.yPlanes, p.dy);
    const dx = roomForImage(scope, p.xPlanes, before ?? NaN);
    const { row } = p.xPlanes;
    const w = scope.put(p.w);
    const ops = inputGradPhases(p).map((phase) => {
      const args = {
        ...{ w, rowStride: p.taps, innerStride: p.cols, packed: 0, bias: 0, x: dy.tensor },
        ...{
          y: dx.first + 4 * (phase.first[0] * row + phase.first[1] * TILE),
          accumulate: before === undefined ? 0 : 1,
        },
        ...{ taps: scope.put(tapWords(phase.taps)), tapCount: phase.taps.length },
        ...{ tiles: p.tiles, rows: inner, inner: rows, xPlane: p.yPlanes.plane },
      };
      return flatOp(
        "convDense",
        unitsOf(p.tiles, inner),
        { ...args, ...inputGradGeometry(p, phase) },
        grain,
      );
    });
    expect(ops).toHaveLength(stride ** 2);
    runOps(pool, ops);
    return scope.read(dx.tensor, p.xPlanes.length);
  });
}

function weightGrad(pool: Pool, p: ConvProblem, grain: number): Float32Array {
  return scoped(pool, (scope) => {
    const args = {
      ...{
        dy: putImage(scope, p.yPlanes, p.dy).first,
        x: putImage(scope, p.xPlanes, p.x, 3).tensor,
      },
      ...{
        g: scope.room(p.w.length + 16, NaN),
        taps: scope.put(tapWords(forwardTaps(p))),
        tapCount: p.taps,
      },
      ...{ tiles: p.tiles, rows: p.shape.rows, inner: p.shape.inner, xPlane: p.xPlanes.plane },
    };
    runOps(pool, [
      flatOp("convDenseWeightGrad", p.shape.rows, { ...args, ...weightGradGeometry(p) }, grain),
    ]);
    const g = scope.read(args.g, p.w.length + 16);
    expect(g.subarray(p.w.length)).toEqual(new Float32Array(16).fill(NaN));
    return g.subarray(0, p.w.length);
  });
}

function biasGrad(pool: Pool, p: ConvProblem, { put, room, read }: Scope): Float32Array {
  const { tile, plane, row } = p.yPlanes;
  const g = room(p.shape.rows, NaN);
  const args = {
    ...{
      dy: putImage({ put } as Scope, p.yPlanes, p.dy).first,
      g,
      tiles: p.tiles,
      rows: p.shape.rows,
      ...p.out,
    },
    ...{ dyTile: tile, dyPlane: plane, dyRow: row },
  };
  runOps(pool, [flatOp("convBiasGrad", p.shape.rows, args)]);
  return read(g, p.shape.rows);
}

forEachBackend((_name, pool) => {
  describe.each(CONV_SHAPES)("%s", (_shape, shape) => {
    const p = convProblem(shape, 1);
    const terms = p.cols;

    test("convDense: y, its border untouched", () => {
      const y = forward(pool, p);
      expect(
        maxError(imagesOf(p, p.yPlanes, y), convForward(shape, p.w, p.bias, p.x)),
      ).toBeLessThan(rounding(terms));
      expect(borderOf(p.yPlanes, y).every(Number.isNaN)).toBe(true);
    });

    test("convDense without bias, added to what is there", () => {
      const y = forward(pool, p, { bias: false, before: 2 });
      const expected = convForward(shape, p.w, undefined, p.x).map((v) => v + 2);
      expect(maxError(imagesOf(p, p.yPlanes, y), expected)).toBeLessThan(rounding(terms) * 2);
      expect(borderOf(p.yPlanes, y).every((v) => v === 2)).toBe(true);
    });

    test("convDense with mirrored taps: the input gradient", () => {
      const dx = inputGrad(pool, p);
      const sums = rounding(shape.rows * p.taps);
      const expected = convInputGrad(shape, p.w, p.dy);
      expect(maxError(imagesOf(p, p.xPlanes, dx), expected)).toBeLessThan(sums);
      expect(borderOf(p.xPlanes, dx).every(Number.isNaN)).toBe(true);
      const added = imagesOf(p, p.xPlanes, inputGrad(pool, p, { before: 2 }));
      expect(
        maxError(
          added,
          expected.map((v) => v + 2),
        ),
      ).toBeLessThan(sums * 2);
    });

    test("convDenseWeightGrad", () => {
      const expected = convWeightGrad(shape, p.dy, p.x);
      const sums = rounding(shape.samples * p.out.height * p.out.width);
      expect(maxError(weightGrad(pool, p, 4), expected)).toBeLessThan(sums);
    });

    test("convBiasGrad", () => {
      const expected = convBiasGrad(shape, p.dy);
      const sums = rounding(shape.samples * p.out.height * p.out.width);
      expect(
        maxError(
          scoped(pool, (scope) => biasGrad(pool, p, scope)),
          expected,
        ),
      ).toBeLessThan(sums);
    });

    test("the same bits however the work is split", () => {
      expect(firstDifference(forward(pool, p, { grain: 1024 }), forward(pool, p))).toBe(-1);
      expect(firstDifference(inputGrad(pool, p, { grain: 1024 }), inputGrad(pool, p))).toBe(-1);
      expect(firstDifference(weightGrad(pool, p, 1024), weightGrad(pool, p, 4))).toBe(-1);
    });
  });
});
