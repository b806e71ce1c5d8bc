/** The products of a linear layer, dense and sparse, against float64. */
import { afterAll, describe, expect, test } from "vitest";
import { EPILOGUE } from "#bregman/runtime/contract/linear.js";
import { op, type Op } from "#bregman/runtime/kernel-table.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { biasGrad, forward, inputGrad, weightGrad } from "../reference/linear.js";
import { compressed, encoded, transposed } from "../reference/pattern.js";
import { firstDifference } from "../support/compare.js";
import { seeded } from "../support/random.js";
import {
  forEachBackend,
  fromTiles,
  runOps,
  scoped,
  tilesOf,
  toTiles,
  type Scope,
} from "../support/run-op.js";

/** [rows, cols, samples]: single elements, primes, a full batch, many tiles. */
const SHAPES = [
  [1, 1, 1],
  [10, 17, 16],
  [17, 10, 47],
  [7, 784, 33],
  [100, 80, 128],
  [5, 31, 1003],
] as const;
const DENSITIES = [1, 0.3, 0.02];

interface Layer {
  readonly rows: number;
  readonly cols: number;
  readonly samples: number;
  readonly tiles: number;
  /** Zero at 1 - density of its places; its first row is zero if there is more than one. */
  readonly w: Float32Array; // [rows, cols]
  readonly bias: Float32Array; // [rows]
  readonly x: Float32Array; // [samples, cols]
  readonly dy: Float32Array; // [samples, rows]
  readonly mask: Float32Array; // [samples, cols]
}

function layer(rows: number, cols: number, samples: number, density = 1): Layer {
  const random = seeded(rows * 1000 + cols + samples);
  const w = random.floats(rows * cols).map((v) => (random.next() < density ? v : 0));
  if (rows > 1 && density < 1) w.fill(0, 0, cols);
  const [bias, x] = [random.floats(rows), random.floats(samples * cols)];
  const [dy, mask] = [
    random.floats(samples * rows),
    random.floats(samples * cols).map((v) => (v < -0.5 ? 0 : v)),
  ];
  return { rows, cols, samples, tiles: tilesOf(samples), w, bias, x, dy, mask };
}

/**
 * An op's outputs, as plain matrices. A sum of n products in float32 is off by at most (n + 1)
 * 2^-24 times the sum of the products' magnitudes, whatever the order: `magnitudes` is the
 * reference on absolute values.
 */
function expectNear(
  found: Float32Array,
  exact: Float64Array,
  magnitudes: Float64Array,
  n: number,
): void {
  expect(found.length).toBe(exact.length);
  const bad = found.findIndex(
    (v, i) => !(Math.abs(v - exact[i]!) <= (n + 3) * 2 ** -24 * magnitudes[i]! + 1e-30),
  );
  expect(bad === -1 ? "near" : `${found[bad]} at ${bad}, not ${exact[bad]}`).toBe("near");
}

const abs = (a: Float32Array): Float32Array => a.map(Math.abs);

/**
 * Each product, as a function that puts a layer into memory and says which op to run and where its
 * result is.
 */
type Product = (l: Layer, s: Scope, grain?: number) => { step: Op; out: number; length: number };

const denseForward: Product = (
  { rows, cols, tiles, samples, w, bias, x },
  { put, room },
  grain,
) => {
  const y = room(tiles * rows * 16, NaN);
  const args = {
    w: put(w),
    bias: put(bias),
    x: put(toTiles(x, samples, cols)),
    y,
    tiles,
    rows,
    cols,
  };
  return {
    step: op("denseForward", rows, { ...args, epilogue: EPILOGUE.none }, grain),
    out: y,
    length: tiles * rows * 16,
  };
};

const sparseForward: Product = (
  { rows, cols, tiles, samples, w, bias, x },
  { put, room },
  grain,
) => {
  const y = room(tiles * rows * 16, NaN);
  const { entries, counts } = encoded(compressed(w, rows, cols), cols);
  const pattern = { entries: put(entries), counts: put(counts), rows, cols, entryStride: cols };
  const args = {
    ...pattern,
    bias: put(bias),
    x: put(toTiles(x, samples, cols)),
    y,
    mask: 0,
    tiles,
  };
  return {
    step: op("sparseForward", rows, { ...args, epilogue: EPILOGUE.none }, grain),
    out: y,
    length: tiles * rows * 16,
  };
};

const denseInputGrad: Product = (
  { rows, cols, tiles, samples, w, dy, mask },
  { put, room },
  grain,
) => {
  const dx = room(tiles * cols * 16, NaN);
  const args = {
    w: put(w),
    dy: put(toTiles(dy, samples, rows)),
    dx,
    mask: put(toTiles(mask, samples, cols)),
  };
  return {
    step: op("denseInputGrad", cols, { ...args, tiles, rows, cols }, grain),
    out: dx,
    length: tiles * cols * 16,
  };
};

const sparseInputGrad: Product = (
  { rows, cols, tiles, samples, w, dy, mask },
  { put, room },
  grain,
) => {
  const dx = room(tiles * cols * 16, NaN);
  const { entries, counts } = encoded(transposed(compressed(w, rows, cols), cols), rows);
  const pattern = {
    entries: put(entries),
    counts: put(counts),
    rows: cols,
    cols: rows,
    entryStride: rows,
  };
  const tensors = {
    bias: 0,
    x: put(toTiles(dy, samples, rows)),
    y: dx,
    mask: put(toTiles(mask, samples, cols)),
  };
  const step = op(
    "sparseForward",
    cols,
    { ...pattern, ...tensors, tiles, epilogue: EPILOGUE.none },
    grain,
  );
  return { step, out: dx, length: tiles * cols * 16 };
};

const denseWeightGrad: Product = ({ rows, cols, tiles, samples, dy, x }, { put, room }, grain) => {
  const rowStride = Math.ceil(cols / 16) * 16;
  const xRows = new Float32Array(tiles * 16 * rowStride).fill(7); // padding and absent samples: finite rubbish
  for (let b = 0; b < samples; b++) xRows.set(x.subarray(b * cols, (b + 1) * cols), b * rowStride);
  const g = room(rows * cols + 16, NaN);
  const args = {
    dy: put(toTiles(dy, samples, rows)),
    xRows: put(xRows),
    g,
    columns: 0,
    tiles,
    rows,
    cols,
    rowStride,
  };
  return { step: op("denseWeightGrad", rows, args, grain), out: g, length: rows * cols };
};

const sparseWeightGrad: Product = (
  { rows, cols, tiles, samples, w, dy, x },
  { put, room },
  grain,
) => {
  const { entries, counts } = encoded(compressed(w, rows, cols), cols);
  const g = room(rows * cols + 16, NaN);
  const tensors = { dy: put(toTiles(dy, samples, rows)), x: put(toTiles(x, samples, cols, 7)), g };
  const args = { entries: put(entries), counts: put(counts), ...tensors, tiles, rows, cols };
  return { step: op("sparseWeightGrad", rows, args, grain), out: g, length: rows * cols };
};

const biasGradient: Product = ({ rows, tiles, samples, dy }, { put, room }, grain) => {
  const g = room(rows + 16, NaN);
  const step = op("biasGrad", rows, { dy: put(toTiles(dy, samples, rows)), g, tiles, rows }, grain);
  return { step, out: g, length: rows };
};

const PRODUCTS = Object.entries({
  denseForward,
  sparseForward,
  denseInputGrad,
  sparseInputGrad,
  denseWeightGrad,
  sparseWeightGrad,
  biasGradient,
});

function run(pool: Pool, product: Product, l: Layer, grain?: number): Float32Array {
  return scoped(pool, (scope) => {
    const { step, out, length } = product(l, scope, grain);
    runOps(pool, [step]);
    return scope.read(out, length);
  });
}

forEachBackend((_name, pool) => {
  describe.each(SHAPES)("%i x %i, %i samples", (rows, cols, samples) => {
    test("dense and sparse forward: W x + bias", () => {
      for (const density of DENSITIES) {
        const l = layer(rows, cols, samples, density);
        const exact = forward(l.w, l.bias, l.x, rows, cols);
        const magnitudes = forward(abs(l.w), abs(l.bias), abs(l.x), rows, cols);
        for (const product of [denseForward, sparseForward])
          expectNear(fromTiles(run(pool, product, l), samples, rows), exact, magnitudes, cols);
      }
    });

    test("dense and sparse input gradient: W^T dy, 0 where the mask is not positive", () => {
      for (const density of DENSITIES) {
        const l = layer(rows, cols, samples, density);
        const exact = inputGrad(l.w, l.dy, rows, cols).map((v, i) => (l.mask[i]! > 0 ? v : 0));
        const magnitudes = inputGrad(abs(l.w), abs(l.dy), rows, cols).map((v, i) =>
          l.mask[i]! > 0 ? v : 0,
        );
        for (const product of [denseInputGrad, sparseInputGrad])
          expectNear(fromTiles(run(pool, product, l), samples, cols), exact, magnitudes, rows);
      }
    });

    test("dense weight gradient: dy x^T, and nothing is written behind the last row", () => {
      const l = layer(rows, cols, samples);
      const exact = weightGrad(l.dy, l.x, rows, cols);
      expectNear(
        run(pool, denseWeightGrad, l),
        exact,
        weightGrad(abs(l.dy), abs(l.x), rows, cols),
        samples,
      );
      scoped(pool, (scope) => {
        const { step, out, length } = denseWeightGrad(l, scope);
        runOps(pool, [step]);
        expect(scope.read(out + 4 * length, 16).every(Number.isNaN)).toBe(true);
      });
    });

    test("sparse weight gradient: the same at the pattern's places, and nowhere else", () => {
      for (const density of DENSITIES) {
        const l = layer(rows, cols, samples, density);
        const found = run(pool, sparseWeightGrad, l);
        const places = [...l.w.keys()].filter((i) => l.w[i] !== 0);
        const pick = (a: Float64Array): Float64Array => Float64Array.from(places, (i) => a[i]!);
        const magnitudes = weightGrad(abs(l.dy), abs(l.x), rows, cols);
        const exact = weightGrad(l.dy, l.x, rows, cols);
        expectNear(
          Float32Array.from(places, (i) => found[i]!),
          pick(exact),
          pick(magnitudes),
          samples,
        );
        expect(found.every((v, i) => l.w[i] !== 0 || Number.isNaN(v))).toBe(true);
      }
    });

    test("bias gradient: the sum of dy", () => {
      const l = layer(rows, cols, samples);
      expectNear(
        run(pool, biasGradient, l),
        biasGrad(l.dy, rows),
        biasGrad(abs(l.dy), rows),
        samples,
      );
    });
  });

  test("a bias of 0 is no bias, and a row without non-zeros gives its bias", () => {
    const l = layer(6, 20, 40, 0.3);
    const exact = forward(l.w, undefined, l.x, 6, 20);
    const magnitudes = forward(abs(l.w), undefined, abs(l.x), 6, 20);
    for (const product of [denseForward, sparseForward])
      scoped(pool, (scope) => {
        const { step, out, length } = product(l, scope);
        runOps(pool, [{ ...step, args: { ...step.args, bias: 0 } }]);
        expectNear(fromTiles(scope.read(out, length), 40, 6), exact, magnitudes, 20);
      });
    const y = fromTiles(run(pool, sparseForward, l), 40, 6);
    expect(y.every((v, i) => i % 6 !== 0 || v === l.bias[0])).toBe(true);
  });

  test("the ReLU epilogue: max(y, 0), and NaN stays NaN", () => {
    const l = layer(9, 12, 20);
    l.x[0] = NaN;
    for (const product of [denseForward, sparseForward]) {
      const plain = run(pool, product, l);
      const rectified = scoped(pool, (scope) => {
        const { step, out, length } = product(l, scope);
        runOps(pool, [{ ...step, args: { ...step.args, epilogue: EPILOGUE.relu } }]);
        return scope.read(out, length);
      });
      expect(plain.some(Number.isNaN)).toBe(true);
      expect(
        firstDifference(
          rectified,
          plain.map((v) => Math.max(v, 0)),
        ),
      ).toBe(-1);
    }
  });

  test("a non-finite input reaches only the rows with a weight for it", () => {
    const l = layer(8, 30, 16, 0.3);
    l.x[3] = Infinity; // feature 3 of sample 0
    const y = fromTiles(run(pool, sparseForward, l), 16, 8);
    for (let r = 0; r < 8; r++)
      expect(Number.isFinite(y[r]), `row ${r}`).toBe(l.w[r * 30 + 3] === 0);
  });

  describe("same bits however the rows are split", () => {
    const options = {
      backend: pool.backend,
      isa: pool.backend === "native" ? pool.isa : undefined,
    };
    const pools = Promise.all([1, 3].map((threads) => createPool({ ...options, threads })));
    afterAll(async () => {
      for (const other of await pools) await other.close();
    });

    test.each(PRODUCTS)("%s", async (_product, product) => {
      for (const [rows, cols, samples] of [[29, 45, 150] as const, [13, 784, 16] as const]) {
        const l = layer(rows, cols, samples, 0.4);
        const bits = (found: Float32Array): Int32Array => new Int32Array(found.buffer);
        const expected = bits(run(pool, product, l));
        for (const other of await pools)
          for (const grain of [1, 5, 8])
            expect(firstDifference(bits(run(other, product, l, grain)), expected)).toBe(-1);
      }
    });
  });
});
