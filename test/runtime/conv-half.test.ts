/**
 * Dense convolutions over planes of bf16, and all gradients of weights, by whatever this CPU has
 * for them: vectors, a dot product, or a matrix unit that takes sixteen channels, or thirty-two, at
 * a time.
 */
import { describe, expect, test } from "vitest";
import type { ConvShape } from "../reference/conv.js";
import { convForward, convInputGrad, convWeightGrad } from "../reference/conv.js";
import { firstDifference, maxError } from "../support/compare.js";
import {
  borderOf,
  CONV_SHAPES,
  convProblem,
  forwardGeometry,
  forwardTaps,
  imagesOf,
  inputGradGeometry,
  inputGradPhases,
  patternOf,
  rounding,
  tapWords,
  unitsOf,
  weightGradGeometry,
  type ConvProblem,
} from "../support/conv-problem.js";
import { flatOp } from "../support/flat-op.js";
import { floatsOf, upperHalves } from "../support/image-tensors.js";
import type { Planes } from "../support/planes.js";
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";
import { TILE } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";

const shape = (
  [samples, inner, height, width]: readonly [number, number, number, number],
  rows: number,
  side = 3,
  stride = 1,
): ConvShape => ({
  samples,
  inner,
  rows,
  height,
  width,
  kernel: [side, side],
  stride,
  pad: side >> 1,
});

const SHAPES: typeof CONV_SHAPES = [
  ...CONV_SHAPES,
  ["two blocks of channels and a bit", shape([17, 37, 6, 8], 43)],
  ["blocks that are full", shape([16, 32, 4, 4], 64)],
  ["outputs of one block, inputs of two", shape([16, 20, 4, 6], 16)],
  ["more positions than are done at once", shape([33, 2, 24, 30], 3)],
  ["a row longer than that", shape([2, 1, 2, 450], 2)],
  ["many channels, an odd width", shape([5, 40, 5, 7], 50)],
  ["many channels, stride 2", shape([17, 33, 7, 6], 40, 3, 2)],
  ["many channels, 1x1, stride 2", shape([3, 70, 6, 6], 33, 1, 2)],
  ["rows in parts", shape([16, 24, 21, 14], 20)],
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

const bf16 = (value: number) => floatsOf(upperHalves(Float32Array.of(value)))[0];

/** Images as planes of bf16, other numbers in lanes without a sample and in borders of x. */
function putHalf({ put }: Scope, planes: Planes, images: Float32Array, absent = 0) {
  const lanes = (planes.length / planes.plane) * planes.height * planes.width * TILE;
  const all = new Float32Array(lanes).fill(absent);
  all.set(images);
  const tensor = put(new Int32Array(upperHalves(planes.pack(all)).buffer));
  return { tensor, first: tensor + planes.interior * 2 };
}

interface Product {
  readonly w: number;
  readonly packed: number;
  readonly rows: number;
  readonly inner: number;
  readonly rowStride: number;
  readonly innerStride: number;
  readonly bias: number;
  readonly accumulate: number;
  readonly tiles: number;
}

/** A dense product and the packing of its weights, in that order. */
function productOps(product: Product, words: Record<string, number>, grain: number) {
  const { rows, tiles } = product;
  const all = { ...product, ...words };
  return [
    { ...flatOp("convPack", Math.ceil(rows / 16), all), half: true },
    { ...flatOp("convDense", unitsOf(tiles, rows), all, grain), half: true },
  ];
}

interface Options {
  readonly grain?: number;
  /** What the output holds before; then it is added to. */
  readonly before?: number;
}

/** y with its border, or dx. */
function product(
  pool: Pool,
  p: ConvProblem,
  transposed: boolean,
  { grain = 1, before }: Options = {},
): Float32Array {
  return scoped(pool, (scope) => {
    const { inner, rows, stride } = p.shape;
    const [from, to] = transposed ? [p.yPlanes, p.xPlanes] : [p.xPlanes, p.yPlanes];
    const x = putHalf(scope, from, transposed ? p.dy : p.x, 3);
    const filled = new Float32Array(to.length).fill(before ?? NaN);
    const y = scope.put(new Int32Array(upperHalves(filled).buffer));
    const most = Math.max(inner, rows);
    const given: Product = {
      w: scope.put(p.w),
      packed: scope.room(Math.ceil(most / 16) * Math.ceil(most / 32) * p.taps * 512, NaN),
      ...(transposed
        ? { rows: inner, inner: rows, rowStride: p.taps, innerStride: p.cols, bias: 0 }
        : { rows, inner, rowStride: p.cols, innerStride: p.taps, bias: scope.put(p.bias) }),
      accumulate: before === undefined ? 0 : 1,
      tiles: p.tiles,
    };
    const common = { x: x.tensor, xPlane: from.plane };
    const ops = transposed
      ? inputGradPhases(p).flatMap((phase) => {
          const { first, taps } = phase;
          const at = y + 2 * (to.interior + first[0] * to.row + first[1] * TILE);
          const words = { taps: scope.put(tapWords(taps)), tapCount: taps.length, y: at };
          return productOps(given, { ...common, ...words, ...inputGradGeometry(p, phase) }, grain);
        })
      : productOps(
          given,
          {
            ...common,
            taps: scope.put(tapWords(forwardTaps(p))),
            tapCount: p.taps,
            y: y + 2 * to.interior,
            ...forwardGeometry(p),
          },
          grain,
        );
    expect(ops).toHaveLength(2 * (transposed ? stride ** 2 : 1));
    runOps(pool, ops);
    const words = scope.readInts(y, Math.ceil(to.length / 2));
    return floatsOf(new Uint16Array(words.buffer)).subarray(0, to.length);
  });
}

const images = (p: ConvProblem, transposed: boolean, all: Float32Array) =>
  imagesOf(p, transposed ? p.xPlanes : p.yPlanes, all);

/** What tells where non-zeros are, and with it a kernel its weights' gradients. */
type Places = (scope: Scope, p: ConvProblem) => Record<string, number>;

const allTaps: Places = (scope, p) => ({
  taps: scope.put(tapWords(forwardTaps(p))),
  tapCount: p.taps,
  inner: p.shape.inner,
  xPlane: p.xPlanes.plane,
});

const singleWeights: Places = (scope, p) => {
  const { entries, counts } = patternOf(p);
  const { plane, row } = p.xPlanes;
  const [kernelHeight, kernelWidth] = p.shape.kernel;
  return {
    entries: scope.put(entries),
    counts: scope.put(counts),
    entryStride: p.cols,
    planeSize: plane / TILE,
    rowSize: row / TILE,
    kernelHeight,
    kernelWidth,
    cols: p.cols,
  };
};

const isPair = (o: number, c: number) => (o + c) % 3 !== 1;
const kernelPairs: Places = (scope, p) => {
  const { rows, inner } = p.shape;
  const entries = new Int32Array(2 * rows * inner).fill(-1);
  const counts = new Int32Array(rows);
  for (let o = 0; o < rows; o++)
    for (let c = 0; c < inner; c++)
      if (isPair(o, c)) entries[2 * (o * inner + counts[o]!++)] = 4 * c * p.xPlanes.plane;
  return {
    ...allTaps(scope, p),
    entries: scope.put(entries),
    counts: scope.put(counts),
    entryStride: inner,
  };
};

type WeightGrad = "convDenseWeightGrad" | "convSparseWeightGrad" | "convPairsWeightGrad";
/** What a gradient holds where nothing is written. */
const UNTOUCHED = 7;

function weightGrad(
  pool: Pool,
  kernel: WeightGrad,
  places: Places,
  p: ConvProblem,
  grain: number,
): Float32Array {
  return scoped(pool, (scope) => {
    const g = scope.room(p.w.length + 16, UNTOUCHED);
    const words = {
      dy: putHalf(scope, p.yPlanes, p.dy).first,
      x: putHalf(scope, p.xPlanes, p.x, 3).tensor,
      g,
      tiles: p.tiles,
      rows: p.shape.rows,
      ...places(scope, p),
      ...weightGradGeometry(p),
    };
    runOps(pool, [{ ...flatOp(kernel, p.shape.rows, words, grain), half: true }]);
    const found = scope.read(g, p.w.length + 16);
    expect(found.subarray(p.w.length)).toEqual(new Float32Array(16).fill(UNTOUCHED));
    return found.subarray(0, p.w.length);
  });
}

forEachBackend((name, pool) => {
  // The wasm kernels have no planes of bf16.
  describe.skipIf(name === "wasm").each(SHAPES)("%s", (_shape, given) => {
    const p = halved(convProblem(given, 1));

    describe.each<[string, WeightGrad, Places, (p: ConvProblem, k: number) => boolean]>([
      ["all weights' gradients", "convDenseWeightGrad", allTaps, () => true],
      [
        "single weights' gradients",
        "convSparseWeightGrad",
        singleWeights,
        ({ w }, k) => w[k] !== 0,
      ],
      [
        "gradients of pairs' kernels",
        "convPairsWeightGrad",
        kernelPairs,
        ({ cols, taps }, k) => isPair(Math.floor(k / cols), Math.floor((k % cols) / taps)),
      ],
    ])("%s", (_what, kernel, places, isThere) => {
      const q = halved(convProblem(given, 1, kernel === "convSparseWeightGrad" ? 0.4 : 1));

      test("where they belong", () => {
        const sums = rounding(given.samples * p.out.height * p.out.width);
        const expected = convWeightGrad(given, q.dy, q.x).map((value, k) =>
          isThere(q, k) ? value : UNTOUCHED,
        );
        expect(maxError(weightGrad(pool, kernel, places, q, 4), expected)).toBeLessThan(sums);
      });

      test("the same bits however the work is split", () => {
        const [one, other] = [1024, 3].map((grain) => weightGrad(pool, kernel, places, q, grain));
        expect(firstDifference(one, other)).toBe(-1);
      });
    });

    describe.each([
      ["y", false],
      ["dx", true],
    ] as const)("%s", (_name, transposed) => {
      const expected = transposed
        ? convInputGrad(given, p.w, p.dy)
        : convForward(given, p.w, p.bias, p.x);
      const planes = transposed ? p.xPlanes : p.yPlanes;
      const terms = transposed ? p.taps * given.rows : p.cols;
      const bound = (sums: ArrayLike<number>) =>
        rounding(terms) + 2 ** -8 * Math.max(...Array.from(sums, Math.abs));

      test("its border untouched", () => {
        const found = product(pool, p, transposed);
        expect(maxError(images(p, transposed, found), expected)).toBeLessThan(bound(expected));
        expect(borderOf(planes, found).every(Number.isNaN)).toBe(true);
      });

      test("added to what is there", () => {
        const sums = Float64Array.from(expected, (value) => value + 3);
        const found = product(pool, p, transposed, { before: 3 });
        expect(maxError(images(p, transposed, found), sums)).toBeLessThan(bound(sums));
      });

      test("the same bits however the work is split", () => {
        const [one, other] = [1024, 3].map((grain) =>
          images(p, transposed, product(pool, p, transposed, { grain })),
        );
        expect(firstDifference(one, other)).toBe(-1);
      });
    });
  });

  test.skipIf(name === "wasm")("weights count to a part in 2^17, not as bf16", () => {
    const p = convProblem(shape([16, 32, 4, 4], 16), 2);
    // Of each two channels the second one takes away what a bf16 has of the first one's weight.
    for (let k = 0; k < p.w.length; k += 18)
      for (let t = 0; t < 9; t++) p.w[k + 9 + t] = -Math.fround(bf16(p.w[k + t]));
    p.x.fill(1);
    p.bias.fill(0);
    const expected = convForward(p.shape, p.w, p.bias, p.x);
    const largest = Math.max(...Array.from(expected, Math.abs));
    expect(largest).toBeLessThan(1);
    expect(maxError(images(p, false, product(pool, p, false)), expected)).toBeLessThan(
      largest * 2 ** -8 + 32 * 9 * 2 ** -17,
    );
  });
});
