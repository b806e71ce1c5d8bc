/**
 * The weight gradients of convolutions over planes of bf16, by whatever this CPU has for them:
 * vectors, or a matrix unit that takes sixteen channels and two positions at a time.
 */
import { describe, expect, test } from "vitest";
import type { ConvShape } from "../reference/conv.js";
import { convWeightGrad } from "../reference/conv.js";
import { firstDifference, maxError } from "../support/compare.js";
import {
  CONV_SHAPES,
  convProblem,
  forwardTaps,
  rounding,
  tapWords,
  weightGradGeometry,
  type ConvProblem,
} from "../support/conv-problem.js";
import { flatOp } from "../support/flat-op.js";
import { upperHalves } from "../support/image-tensors.js";
import type { Planes } from "../support/planes.js";
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";
import { TILE } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";

const shape = (
  [samples, inner, height, width]: readonly [number, number, number, number],
  rows: number,
  side = 3,
): ConvShape => ({
  samples,
  inner,
  rows,
  height,
  width,
  kernel: [side, side],
  stride: 1,
  pad: side >> 1,
});

const SHAPES: typeof CONV_SHAPES = [
  ...CONV_SHAPES,
  ["two blocks of channels and a bit", shape([17, 37, 6, 8], 43)],
  ["blocks that are full", shape([16, 32, 4, 4], 64)],
  ["outputs of one block, inputs of two", shape([16, 20, 4, 6], 16)],
  ["more positions than are done at once", shape([33, 2, 24, 30], 3)],
  ["a row longer than that", shape([2, 1, 2, 450], 2)],
  ["1x1 on single positions", shape([20, 18, 1, 1], 19, 1)],
];

/** The problem with numbers that bf16 has. */
function halved(p: ConvProblem): ConvProblem {
  const round = (numbers: Float32Array) => {
    const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    return new Float32Array(words.map((word) => word & 0xffff0000).buffer);
  };
  return { ...p, x: round(p.x), dy: round(p.dy) };
}

/** Images as planes of bf16, other numbers in lanes without a sample and in borders of x. */
function putHalf({ put }: Scope, planes: Planes, images: Float32Array, absent = 0) {
  const lanes = (planes.length / planes.plane) * planes.height * planes.width * TILE;
  const all = new Float32Array(lanes).fill(absent);
  all.set(images);
  const tensor = put(new Int32Array(upperHalves(planes.pack(all)).buffer));
  return { tensor, first: tensor + planes.interior * 2 };
}

function weightGrad(pool: Pool, p: ConvProblem, grain: number): Float32Array {
  return scoped(pool, (scope) => {
    const g = scope.room(p.w.length + 16, NaN);
    const words = {
      dy: putHalf(scope, p.yPlanes, p.dy).first,
      x: putHalf(scope, p.xPlanes, p.x, 3).tensor,
      g,
      taps: scope.put(tapWords(forwardTaps(p))),
      tapCount: p.taps,
      tiles: p.tiles,
      rows: p.shape.rows,
      inner: p.shape.inner,
      xPlane: p.xPlanes.plane,
      ...weightGradGeometry(p),
    };
    runOps(pool, [{ ...flatOp("convDenseWeightGrad", p.shape.rows, words, grain), half: true }]);
    const found = scope.read(g, p.w.length + 16);
    expect(found.subarray(p.w.length)).toEqual(new Float32Array(16).fill(NaN));
    return found.subarray(0, p.w.length);
  });
}

forEachBackend((name, pool) => {
  // The wasm kernels have no planes of bf16.
  describe.skipIf(name === "wasm").each(SHAPES)("%s", (_shape, given) => {
    const p = halved(convProblem(given, 1));

    test("all weights' gradients", () => {
      const sums = rounding(given.samples * p.out.height * p.out.width);
      expect(maxError(weightGrad(pool, p, 4), convWeightGrad(given, p.dy, p.x))).toBeLessThan(sums);
    });

    test("the same bits however the work is split", () => {
      expect(firstDifference(weightGrad(pool, p, 1024), weightGrad(pool, p, 3))).toBe(-1);
    });
  });
});
