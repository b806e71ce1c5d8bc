/**
 * Theorems every regularizer obeys, on random inputs: convexity's identities tie value, prox and
 * subgradient together.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "#bregman/random.js";
import {
  box,
  groupLasso,
  nonNegativeL1,
  nuclear,
  type Shape,
} from "#bregman/regularizers/index.js";
import { dot } from "../support/naive-regularizers.js";
import { mapNaive } from "../support/naive-svd.js";
import {
  dimensionsOf,
  distance,
  inDomain,
  prox,
  ROWS,
  subgradient,
  type Spec,
} from "../support/regularizer-table.js";

const SEED = { seed: 20220405, numRuns: 150 };

/** Numbers of all sizes that matter, many of them exact zeros. */
const number = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  // Nothing between 0 and 1e-200: there lambda / |x| has no double.
  {
    weight: 4,
    arbitrary: fc
      .double({ min: -5, max: 5, noNaN: true })
      .filter((x) => x === 0 || Math.abs(x) > 1e-200),
  },
);
const shapes: readonly Shape[] = [
  [4, 3],
  [3, 4],
  [1, 5],
  [5, 1],
  [2, 3, 2, 1],
  [2, 2, 3, 3],
  [3, 1, 1, 2],
];
const step = fc.double({ min: 0.05, max: 4, noNaN: true });

/** A shape that has the groups of a spec, and `count` tensors of it. */
const tensorsFor = (spec: Spec, count: number): fc.Arbitrary<{ shape: Shape; x: number[][] }> =>
  fc
    .constantFrom(...shapes.filter((shape) => shape.length >= dimensionsOf(spec)))
    .chain((shape) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const tensor = fc.array(number, { minLength: length, maxLength: length });
      return fc.record({
        shape: fc.constant(shape),
        x: fc.array(tensor, { minLength: count, maxLength: count }),
      });
    });

describe.each(ROWS)("%s", (_, spec) => {
  const J = spec.make(1);
  const tensors = (count: number) => tensorsFor(spec, count);

  test("prox and value agree with the naive twins", () => {
    fc.assert(
      fc.property(tensors(1), step, ({ shape, x: [x] }, s) => {
        expect(distance(prox(J, x, s, shape), spec.prox(x, s, shape))).toBeLessThan(1e-9);
        const at = inDomain(spec, x);
        expect(J.value(Float64Array.from(at), shape)).toBeCloseTo(spec.value(at, shape), 10);
      }),
      { ...SEED, numRuns: spec.conjugate ? 150 : 40 },
    );
  });

  test("optimality: (x - prox(x)) / s is a subgradient at prox(x)", () => {
    fc.assert(
      fc.property(tensors(1), step, ({ shape, x: [x] }, s) => {
        const z = prox(J, x, s, shape);
        const residual = x.map((value, i) => (value - z[i]) / s);
        expect(spec.error(residual, z, shape)).toBeLessThan(1e-11);
      }),
      SEED,
    );
  });

  test("Moreau: prox_{sJ}(x) + s prox_{J*/s}(x / s) = x", () => {
    const { conjugate } = spec;
    if (!conjugate) return;
    fc.assert(
      fc.property(tensors(1), step, ({ shape, x: [x] }, s) => {
        const dual = conjugate(
          x.map((value) => value / s),
          s,
          shape,
        );
        const sum = prox(J, x, s, shape).map((value, i) => value + s * dual[i]);
        expect(distance(sum, x)).toBeLessThan(1e-12);
      }),
      SEED,
    );
  });

  test("firm non-expansiveness: |Px - Py|^2 <= <x - y, Px - Py>", () => {
    fc.assert(
      fc.property(tensors(2), step, ({ shape, x: [x, y] }, s) => {
        const px = prox(J, x, s, shape);
        const py = prox(J, y, s, shape);
        const moved = px.map((value, i) => value - py[i]);
        const apart = x.map((value, i) => value - y[i]);
        expect(dot(moved, moved)).toBeLessThanOrEqual(dot(apart, moved) + 1e-12);
      }),
      SEED,
    );
  });

  test("subgradient inequality: J(y) >= J(x) + <p, y - x>, and 0 where x is 0 if J is a sum over entries or groups", () => {
    fc.assert(
      fc.property(tensors(2), ({ shape, x }) => {
        const [a, b] = x.map((point) => inDomain(spec, point));
        const p = subgradient(J, a, shape);
        const apart = b.map((value, i) => value - a[i]);
        const gap =
          J.value(Float64Array.from(b), shape) -
          J.value(Float64Array.from(a), shape) -
          dot(p, apart);
        expect(gap).toBeGreaterThanOrEqual(-1e-11);
        expect(spec.error(p, a, shape)).toBeLessThan(1e-12);
        if (!spec.mixes) a.forEach((value, i) => value === 0 && expect(Math.abs(p[i])).toBe(0));
      }),
      SEED,
    );
  });

  test("homogeneity: J(a x) = a J(x), and J(x) = <p, x> for a subgradient p", () => {
    if (!spec.says.homogeneous) {
      // Then prox_{2J}(2x) is not 2 prox_J(x), and nothing may take it for that.
      const x = [3, -3, 3, 3];
      const shape = [2, 2, 1, 1].slice(0, Math.max(dimensionsOf(spec), 2));
      const doubled = prox(J, [6, -6, 6, 6], 2, shape);
      return expect(
        distance(
          doubled,
          prox(J, x, 1, shape).map((value) => 2 * value),
        ),
      ).toBeGreaterThan(0.1);
    }
    fc.assert(
      fc.property(
        tensors(1),
        fc.double({ min: 0, max: 10, noNaN: true }),
        ({ shape, x: [x] }, a) => {
          const at = inDomain(spec, x);
          const value = J.value(Float64Array.from(at), shape);
          const scaled = J.value(
            Float64Array.from(at, (entry) => a * entry),
            shape,
          );
          expect(Math.abs(scaled - a * value)).toBeLessThanOrEqual(1e-12 * (1 + a * value));
          expect(Math.abs(dot(subgradient(J, at, shape), at) - value)).toBeLessThanOrEqual(
            1e-12 * (1 + value),
          );
        },
      ),
      SEED,
    );
  });

  test("in place and in float32: the same up to the rounding of the array", () => {
    fc.assert(
      fc.property(tensors(1), step, ({ shape, x: [x] }, s) => {
        const single = Float32Array.from(x);
        const exact = prox(J, [...single], s, shape);
        const inPlace = Float64Array.from(single);
        J.prox(inPlace, s, shape, inPlace);
        expect([...inPlace]).toEqual(exact);
        J.prox(single, s, shape, single);
        expect(distance(single, exact)).toBeLessThan(2e-6);

        const p = subgradient(J, exact, shape);
        const over = Float64Array.from(exact);
        J.subgradient(over, shape, over);
        expect([...over]).toEqual(p);
      }),
      SEED,
    );
  });

  test("zeros are +0, and a NaN stays a NaN", () => {
    const shape = [2, 2, 1, 1].slice(0, Math.max(dimensionsOf(spec), 2));
    const zeros = prox(J, [-1e-9, 1e-9, -0, 0], 1, shape);
    if (J.lambda > 0) for (const zero of zeros) expect(Object.is(zero, 0)).toBe(true);
    expect(prox(J, [Number.NaN, 1, 1, 1], 1, shape)[0]).toBeNaN();
    expect(J.value(Float64Array.of(Number.NaN, 1, 1, 1), shape) === 0).toBe(
      spec.says.trivial ?? false,
    );
    // Nor does an infinite weight become finite, but by a bound.
    expect(prox(J, [1, 1, 1, Infinity], 1, shape).every(Number.isFinite)).toBe(
      inDomain(spec, [Infinity])[0] < Infinity,
    );
  });
});

test("the norm of a group neither overflows nor underflows", () => {
  const J = groupLasso({ lambda: 1 });
  expect(J.value(Float64Array.of(3e200, 4e200), [1, 2])).toBeCloseTo(Math.SQRT2 * 5e200, -190);
  expect(J.value(Float64Array.of(3e-200, 4e-200), [1, 2]) / 1e-200).toBeCloseTo(Math.SQRT2 * 5, 10);
});

test("non-negative l1 is a constraint even with lambda 0", () => {
  const J = nonNegativeL1(0);
  expect(J.value(Float64Array.of(1, -1), [2])).toBe(Infinity);
  expect(J.value(Float64Array.of(1, 2), [2])).toBe(0);
  expect(prox(J, [1, -1], 1, [2])).toEqual([1, 0]);
});

test("a float32 weight at a bound is in the box, whichever way the bound is rounded", () => {
  for (const bound of [0.1, 0.3, 1 / 3, 0.7]) {
    const J = box({ lower: -bound, upper: bound });
    const x = Float32Array.of(1, -1);
    J.prox(x, 1, [2], x);
    expect(J.value(x, [2])).toBe(0);
    expect(J.value(Float32Array.of(bound * 1.001, 0), [2])).toBe(Infinity);
  }
});

describe("singular values in float32, by the eigenvalues of the smaller Gram matrix", () => {
  const random = stream(5, "nuclear");
  const matrix = (rows: number, cols: number): Float32Array =>
    Float32Array.from({ length: rows * cols }, () => random.normal());
  test.each([
    [3, 40],
    [40, 3],
    [12, 12],
  ])("%i x %i, wide or tall, at thresholds of every size", (rows, cols) => {
    const x = matrix(rows, cols);
    for (const t of [1e-9, 1e-4, 0.1, 3, 100]) {
      const out = new Float32Array(x.length);
      nuclear(t).prox(x, 1, [rows, cols], out);
      const exact = mapNaive([...x], [rows, cols], (sigma) => Math.max(sigma - t, 0));
      expect(distance(out, exact)).toBeLessThan(1e-6);
    }
  });

  test("the subgradient of a float32 matrix of rank 2 knows that its rank is 2", () => {
    const [a, b] = [matrix(12, 2), matrix(2, 20)];
    const x = Float32Array.from({ length: 240 }, (_, at) => {
      const [row, col] = [Math.floor(at / 20), at % 20];
      return a[2 * row] * b[col] + a[2 * row + 1] * b[20 + col];
    });
    const p = new Float32Array(240);
    nuclear(0.5).subgradient(x, [12, 20], p);
    // lambda U_2 V_2^T has two singular values of lambda: its squares add up to 2 lambda^2.
    expect(dot(p, p)).toBeCloseTo(0.5, 5);
  });
});
