/**
 * Prox, subgradient and value as the authors' code computes them, and golden vectors worked out
 * from the formulas.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  box,
  elasticNet,
  groupLasso,
  lInfinity,
  nuclear,
  sparseGroupLasso,
} from "#bregman/regularizers/index.js";
import { referenceRegularizer } from "../support/reference-fixtures.js";
import { distance, prox, subgradient } from "../support/regularizer-table.js";

interface ProxCase {
  readonly regularizer: string;
  readonly lamda: number;
  readonly delta: number;
  readonly shape: number[];
  readonly x: number[];
  readonly prox: number[];
  readonly sub_grad: number[];
  readonly value: number;
}

const { prox: cases } = JSON.parse(readFileSync("test/fixtures/prox.json", "utf8")) as {
  prox: ProxCase[];
};

describe("the authors' code, float64", () => {
  test.each(cases.map((c) => [`${c.regularizer}, lambda ${c.lamda}, step ${c.delta}`, c] as const))(
    "%s",
    (_, c) => {
      const J = referenceRegularizer(c.regularizer, c.lamda);
      expect(distance(prox(J, c.x, c.delta, c.shape), c.prox)).toBeLessThan(1e-12);
      // For non-negative l1 that code gives negative weights the subgradient -lambda; there J is
      // infinite and has none.
      const feasible = (p: readonly number[]): number[] =>
        p.map((value, i) => (c.regularizer === "l1_pos" && c.x[i] < 0 ? 0 : value));
      expect(distance(subgradient(J, c.x, c.shape), feasible(c.sub_grad))).toBeLessThan(1e-12);
      // The value of its sparse group lasso is always 0, and that of non-negative l1 leaves the
      // constraint out.
      if (c.regularizer === "l1_pos")
        expect(J.value(Float64Array.from(c.x), c.shape)).toBe(Infinity);
      else if (c.value !== 0)
        expect(J.value(Float64Array.from(c.x), c.shape)).toBeCloseTo(c.value, 12);
    },
  );

  test("every regularizer that it has is among the cases", () => {
    expect([...new Set(cases.map((c) => c.regularizer))].sort()).toEqual([
      "l1",
      "l1_l1_l2_rows",
      "l1_l2_conv",
      "l1_l2_rows",
      "l1_pos",
    ]);
  });
});

describe("golden vectors", () => {
  const W = [3, 4, 0, 0.1, 0.2, 0.2, 0, 0, 0]; // [3, 3]
  const shape = [3, 3];

  test("row group lasso", () => {
    const J = groupLasso({ lambda: 0.5 });
    expect(
      distance(prox(J, W, 1, shape), [2.4803847577, 3.307179677, 0, 0, 0, 0, 0, 0, 0]),
    ).toBeLessThan(1e-9);
    expect(J.value(Float64Array.from(W), shape)).toBeCloseTo(4.58993464, 8);
    const p = [0.5196152423, 0.692820323, 0, 0.2886751346, 0.5773502692, 0.5773502692, 0, 0, 0];
    expect(distance(subgradient(J, W, shape), p)).toBeLessThan(1e-9);
  });

  test("sparse group lasso", () => {
    const J = sparseGroupLasso({ lambda: 0.5, lambda0: 0.5 });
    expect(
      distance(prox(J, W, 1, shape), [2.4939320222, 3.4008163939, 0, 0, 0, 0, 0, 0, 0]),
    ).toBeLessThan(1e-9);
  });

  test("sparse group lasso: l1 shrink first is the optimum", () => {
    // Thresholds 0.4 on entries and 0.5 on the norm: lambda (1 - lambda0) = 0.4 and lambda lambda0
    // sqrt(3) = 0.5.
    const lambda = 0.4 + 0.5 / Math.sqrt(3);
    const J = sparseGroupLasso({ lambda, lambda0: 0.5 / Math.sqrt(3) / lambda });
    const x = [2, -0.7, 0.3];
    const z = prox(J, x, 1, [1, 3]);
    expect(distance(z, [1.10856391, -0.20785573, 0])).toBeLessThan(1e-8);
    const objective =
      z.reduce((sum, value, i) => sum + (value - x[i]) ** 2 / 2, 0) +
      J.value(Float64Array.from(z), [1, 3]);
    expect(objective).toBeCloseTo(1.65394103, 8);
  });

  test("nuclear norm", () => {
    const M = [2, 1, 1, 3];
    const J = nuclear(1);
    expect(J.value(Float64Array.from(M), [2, 2])).toBeCloseTo(3.6180339887 + 1.3819660113, 9);
    expect(distance(prox(J, M, 1, [2, 2]), [1, 1, 1, 2])).toBeLessThan(1e-12);
    expect(distance(subgradient(J, M, [2, 2]), [1, 0, 0, 1])).toBeLessThan(1e-12);
    // Of rank 1 the compact subgradient is u v^T, and leaves the other direction at 0.
    expect(
      distance(subgradient(nuclear(0.5), [1, 2, 2, 4], [2, 2]), [0.1, 0.2, 0.2, 0.4]),
    ).toBeLessThan(1e-12);
    // A convolution is the matrix [out, in kh kw].
    expect(distance(prox(J, M, 1, [2, 1, 2, 1]), [1, 1, 1, 2])).toBeLessThan(1e-12);
  });

  test("l-infinity", () => {
    const x = [3, -1, 0.5, 2.5];
    expect(distance(prox(lInfinity(1), x, 1, [4]), [2.25, -1, 0.5, 2.25])).toBeLessThan(1e-12);
    expect(distance(prox(lInfinity(1), x, 2, [4]), [1.75, -1, 0.5, 1.75])).toBeLessThan(1e-12);
    expect(prox(lInfinity(1), x, 7, [4])).toEqual([0, 0, 0, 0]);
    expect(subgradient(lInfinity(0.5), [1, -2, 0, 2], [4])).toEqual([0, -0.25, 0, 0.25]);
  });

  test("box and elastic net", () => {
    expect(prox(box({ lower: -1, upper: 2 }), [-3, -1, 0.5, 5], 0.1, [4])).toEqual([
      -1, -1, 0.5, 2,
    ]);
    const J = elasticNet({ lambda: 0.5, mu: 2 });
    expect(distance(prox(J, [3, -1, 0.2], 1, [3]), [2.5 / 3, -0.5 / 3, 0])).toBeLessThan(1e-12);
    expect(J.value(Float64Array.of(1, -2), [2])).toBe(1.5 + 5);
    expect(subgradient(J, [1, -2, 0], [3])).toEqual([2.5, -4.5, 0]);
  });
});
