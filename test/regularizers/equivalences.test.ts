/** Regularizers that must coincide: each pair on random tensors, in value, prox and subgradient. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  box,
  elasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  sparseGroupLasso,
  type Regularizer,
} from "#bregman/regularizers/index.js";
import { distance, prox, subgradient } from "../support/regularizer-table.js";

const LAMBDA = 0.6;
const keep = (x: number): number => x;

/** [what, one, other, shape, restriction of the inputs] */
const pairs: readonly (readonly [
  string,
  Regularizer,
  Regularizer,
  readonly number[],
  (x: number) => number,
])[] = [
  ["l1 with lambda 0 is none", l1(0), none(), [4, 3], keep],
  ["group lasso with lambda 0 is none", groupLasso({ lambda: 0 }), none(), [4, 3], keep],
  [
    "sparse group lasso with lambda0 = 0 is l1",
    sparseGroupLasso({ lambda: LAMBDA, lambda0: 0 }),
    l1(LAMBDA),
    [4, 3],
    keep,
  ],
  [
    "sparse group lasso with lambda0 = 1 is the group lasso",
    sparseGroupLasso({ lambda: LAMBDA, lambda0: 1, groups: "columns" }),
    groupLasso({ lambda: LAMBDA, groups: "columns" }),
    [4, 3],
    keep,
  ],
  ["row groups of one element are l1", groupLasso({ lambda: LAMBDA }), l1(LAMBDA), [12, 1], keep],
  ["row groups of a bias are l1", groupLasso({ lambda: LAMBDA }), l1(LAMBDA), [12], keep],
  [
    "sparse row groups of a bias are l1",
    sparseGroupLasso({ lambda: LAMBDA, lambda0: 0.3 }),
    l1(LAMBDA),
    [12],
    keep,
  ],
  [
    "column groups of one element are l1",
    groupLasso({ lambda: LAMBDA, groups: "columns" }),
    l1(LAMBDA),
    [1, 12],
    keep,
  ],
  [
    "kernels of one weight are l1",
    groupLasso({ lambda: LAMBDA, groups: "kernels" }),
    l1(LAMBDA),
    [3, 4, 1, 1],
    keep,
  ],
  [
    "filters of one input channel are its kernels",
    groupLasso({ lambda: LAMBDA, groups: "filters" }),
    groupLasso({ lambda: LAMBDA, groups: "kernels" }),
    [3, 1, 2, 2],
    keep,
  ],
  [
    "input channels of one filter are its kernels",
    sparseGroupLasso({ lambda: LAMBDA, groups: "channels" }),
    sparseGroupLasso({ lambda: LAMBDA, groups: "kernels" }),
    [1, 3, 2, 2],
    keep,
  ],
  [
    "filters are rows",
    groupLasso({ lambda: LAMBDA, groups: "filters" }),
    groupLasso({ lambda: LAMBDA, groups: "rows" }),
    [2, 3, 1, 2],
    keep,
  ],
  [
    "channels are columns",
    groupLasso({ lambda: LAMBDA, groups: "channels" }),
    groupLasso({ lambda: LAMBDA, groups: "columns" }),
    [2, 3, 1, 2],
    keep,
  ],
  [
    "elastic net with mu = 0 is l1",
    elasticNet({ lambda: LAMBDA, mu: 0 }),
    l1(LAMBDA),
    [4, 3],
    keep,
  ],
  ["a box without bounds is none", box({}), none(), [4, 3], keep],
  [
    "a box from 0 on is non-negative l1 with lambda 0",
    box({ lower: 0 }),
    nonNegativeL1(0),
    [4, 3],
    keep,
  ],
  [
    "the nuclear norm of a row is the group lasso of one group",
    nuclear(LAMBDA * Math.sqrt(12)),
    groupLasso({ lambda: LAMBDA }),
    [1, 12],
    keep,
  ],
  [
    "the nuclear norm of a bias is that of a column",
    nuclear(LAMBDA * Math.sqrt(12)),
    groupLasso({ lambda: LAMBDA, groups: "columns" }),
    [12, 1],
    keep,
  ],
  [
    "non-negative l1 is l1 for non-negative weights",
    nonNegativeL1(LAMBDA),
    l1(LAMBDA),
    [4, 3],
    Math.abs,
  ],
];

describe.each(pairs)("%s", (_, one, other, shape, restrict) => {
  test("in value, prox and subgradient", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        (raw, step) => {
          // Below 1e-200 a group's lambda / |x| has no double.
          const x = raw.map((value) => restrict(Math.abs(value) < 1e-200 ? 0 : value));
          const array = Float64Array.from(x);
          const [value, same] = [one.value(array, shape), other.value(array, shape)];
          if (value !== same) expect(Math.abs(value - same)).toBeLessThan(1e-12); // Both may be infinite.
          expect(distance(prox(one, x, step, shape), prox(other, x, step, shape))).toBeLessThan(
            1e-12,
          );
          expect(distance(subgradient(one, x, shape), subgradient(other, x, shape))).toBeLessThan(
            1e-12,
          );
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });
});

test("columns of a matrix are the rows of its transpose", () => {
  const w = Float64Array.of(1, -2, 0.1, 3, 0.5, -0.2); // [2, 3]
  const transposed = Float64Array.of(1, 3, -2, 0.5, 0.1, -0.2); // [3, 2]
  groupLasso({ lambda: 0.5, groups: "columns" }).prox(w, 1, [2, 3], w);
  groupLasso({ lambda: 0.5, groups: "rows" }).prox(transposed, 1, [3, 2], transposed);
  for (let o = 0; o < 2; o++)
    for (let i = 0; i < 3; i++) expect(w[o * 3 + i]).toBe(transposed[i * 2 + o]);
  expect(w[2]).toBe(0);
});

test("l-infinity of a single weight is l1", () => {
  for (const x of [-3, -0.2, 0, 0.7, 2]) {
    expect(prox(lInfinity(0.5), [x], 1.5, [1])).toEqual(prox(l1(0.5), [x], 1.5, [1]));
    expect(subgradient(lInfinity(0.5), [x], [1])).toEqual(subgradient(l1(0.5), [x], [1]));
  }
});

test("the nuclear norm of a diagonal matrix is l1 of its diagonal", () => {
  const w = Float64Array.of(2, 0, 0, 0, -0.3, 0, 0, 0, 1); // [3, 3]
  nuclear(0.5).prox(w, 1, [3, 3], w);
  expect(distance(w, [1.5, 0, 0, 0, 0, 0, 0, 0, 0.5])).toBeLessThan(1e-12);
});
