/** Optimizer x toy problem: each reaches the minimum it is for. A newcomer adds a row. */
import { describe, expect, test } from "vitest";
import {
  adaBreg,
  adam,
  lassoSgd,
  linBreg,
  proxSgd,
  sgd,
  type Optimizer,
} from "#bregman/optim/index.js";
import {
  groupLasso,
  l1,
  sparseGroupLasso,
  type Floats,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";

interface Problem {
  readonly shape: Shape;
  loss(theta: Floats): number;
  gradient(theta: Floats): Float64Array;
}

/**
 * |A theta - b|^2 / 2 of a random A [m, n] with columns of length about 1, b from a sparse theta.
 */
function leastSquares(m: number, shape: Shape): Problem {
  const n = shape.reduce((a, b) => a * b, 1);
  const random = randomFrom(`least squares ${m}`);
  const A = Array.from({ length: m * n }, () => random.normal() / Math.sqrt(m));
  // One of three columns and one of four rows are zero, and some entries of the others.
  const truth = Array.from({ length: n }, (_, i) =>
    i % 3 === 1 || Math.floor(i / 3) === 2 || i === 5 ? 0 : (-1) ** i * (1 + i / 8),
  );
  const apply = (theta: ArrayLike<number>, i: number): number => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += A[i * n + j] * theta[j];
    return sum;
  };
  const b = Array.from({ length: m }, (_, i) => apply(truth, i));
  const residual = (theta: Floats): number[] => b.map((value, i) => apply(theta, i) - value);
  return {
    shape,
    loss: (theta) => residual(theta).reduce((sum, r) => sum + (r * r) / 2, 0),
    gradient(theta) {
      const r = residual(theta);
      return Float64Array.from({ length: n }, (_, j) =>
        r.reduce((sum, value, i) => sum + A[i * n + j] * value, 0),
      );
    },
  };
}

/** Mean logistic loss of separable labels, with a small ridge so that the minimum is attained. */
function logistic(m: number, shape: Shape): Problem {
  const n = shape.reduce((a, b) => a * b, 1);
  const random = randomFrom("logistic");
  const x = Array.from({ length: m }, () => randomArray(random, n, 1));
  const y = x.map((row) => (row[0] - row[1] + 0.5 * random.normal() > 0 ? 1 : -1));
  const margin = (theta: Floats, i: number): number =>
    y[i] * x[i].reduce((sum, value, j) => sum + value * theta[j], 0);
  return {
    shape,
    loss: (theta) =>
      x.reduce((sum, _, i) => sum + Math.log1p(Math.exp(-margin(theta, i))), 0) / m +
      0.05 * [...theta].reduce((sum, value) => sum + value * value, 0),
    gradient: (theta) =>
      Float64Array.from({ length: n }, (_, j) => {
        const data = x.reduce(
          (sum, row, i) => sum - (y[i] * row[j]) / (1 + Math.exp(margin(theta, i))),
          0,
        );
        return data / m + 0.1 * theta[j];
      }),
  };
}

const problems: readonly (readonly [string, Problem])[] = [
  ["least squares, more equations than weights", leastSquares(30, [4, 3])],
  ["least squares, more weights than equations", leastSquares(8, [4, 3])],
  ["logistic regression", logistic(40, [4, 3])],
];

function train(optimizer: Optimizer, problem: Problem, steps: number): Float64Array {
  const theta = new Float64Array(12);
  const state = optimizer.init(theta, problem.shape);
  // Adam's step does not shrink with the gradient, so its tau falls as 1 / sqrt(k).
  for (let k = 0; k < steps; k++) {
    const tau =
      optimizer.move.kind === "adam" ? optimizer.tau / Math.sqrt(1 + k / 20) : optimizer.tau;
    optimizer.step(state, theta, problem.gradient(theta), problem.shape, tau);
  }
  return theta;
}

const rows: Regularizer = groupLasso({ lambda: 0.1, groups: "rows" });
const columns: Regularizer = groupLasso({ lambda: 0.1, groups: "columns" });
const sparse: Regularizer = sparseGroupLasso({ lambda: 0.1, groups: "rows" });

describe.each(problems)("%s", (_, problem) => {
  // The plain truth: gradient descent until nothing moves.
  const minimum = problem.loss(train(sgd({ tau: 0.3 }), problem, 4000));

  // Bregman iterations do not bias the minimum: with any J they end at the minimum of the loss
  // alone.
  test.each([
    ["sgd", sgd({ tau: 0.3 })],
    ["sgd, momentum", sgd({ tau: 0.3, momentum: 0.9 })],
    ["sgd, Nesterov", sgd({ tau: 0.3, momentum: 0.9, nesterov: true })],
    ["adam", adam({ tau: 0.1 })],
    ["linBreg, l1", linBreg({ tau: 0.3, regularizer: l1(0.5) })],
    [
      "linBreg, Nesterov, l1",
      linBreg({ tau: 0.2, momentum: 0.9, nesterov: true, regularizer: l1(0.5) }),
    ],
    ["linBreg, momentum, l1", linBreg({ tau: 0.2, momentum: 0.9, regularizer: l1(0.5) })],
    ["linBreg, rows", linBreg({ tau: 0.3, regularizer: rows })],
    ["linBreg, columns", linBreg({ tau: 0.3, regularizer: columns })],
    ["linBreg, sparse rows", linBreg({ tau: 0.3, regularizer: sparse })],
    ["adaBreg, l1", adaBreg({ tau: 0.1, regularizer: l1(0.5) })],
    ["adaBreg, rows", adaBreg({ tau: 0.1, regularizer: rows })],
  ] as const)("%s ends at the minimum of the loss", (__, optimizer) => {
    const start = problem.loss(new Float64Array(12));
    const end = problem.loss(train(optimizer, problem, 2000));
    expect(start - minimum).toBeGreaterThan(0.1);
    expect(end - minimum).toBeLessThan(1e-3 * (start - minimum));
  });

  // The others minimise loss + J.
  test.each([
    ["l1", l1(0.1)],
    ["rows", groupLasso({ lambda: 0.1, groups: "rows" })],
    ["columns", groupLasso({ lambda: 0.1, groups: "columns" })],
    ["sparse rows", sparseGroupLasso({ lambda: 0.1, groups: "rows" })],
  ] as const)("proxSgd and lassoSgd end at the minimum of loss + J, %s", (__, J) => {
    const total = (theta: Floats): number => problem.loss(theta) + J.value(theta, problem.shape);
    const best = train(proxSgd({ tau: 0.3, regularizer: J }), problem, 4000);
    // Optimality: best = prox_{tau J}(best - tau g) for another tau than the one it was found with.
    const moved = problem.gradient(best).map((g, i) => best[i] - 0.05 * g);
    J.prox(moved, 0.05, problem.shape, moved);
    moved.forEach((value, i) => expect(Math.abs(value - best[i])).toBeLessThan(1e-8));
    if (J.kind !== "groupLasso")
      expect(best.filter((value) => value === 0).length).toBeGreaterThan(0);

    for (const inner of ["plain", "adam"] as const) {
      const theta = train(
        lassoSgd({ tau: inner === "plain" ? 0.01 : 0.03, regularizer: J, inner }),
        problem,
        3000,
      );
      expect(total(theta) - total(best)).toBeLessThan(
        0.02 * (total(new Float64Array(12)) - total(best)),
      );
      expect(total(theta) - total(best)).toBeGreaterThan(-1e-9);
      // A penalty comes near zero but not to it: this is why it needs cutting afterwards.
      expect(theta.filter((value) => value === 0).length).toBe(0);
    }
  });
});

test.each([
  ["l1", l1(0.3)],
  ["rows", groupLasso({ lambda: 0.3 })],
  ["sparse columns", sparseGroupLasso({ lambda: 0.3, lambda0: 0.4, groups: "columns" })],
])("the penalty of lassoSgd is the gradient of J (finite differences), %s", (_, J) => {
  const shape = [4, 3];
  const theta = Float64Array.from(randomArray(randomFrom("penalty"), 12, 1));
  const tau = 1e-3;
  const optimizer = lassoSgd({ tau, regularizer: J });
  const g = Float64Array.from(randomArray(randomFrom("loss gradient"), 12, 1));
  const kept = g.slice();
  const after = theta.slice();
  optimizer.step(optimizer.init(after, shape), after, g, shape);
  expect(g).toEqual(kept);
  for (let i = 0; i < 12; i++) {
    const h = 1e-6;
    const at = (shift: number): number =>
      J.value(
        theta.map((value, j) => (j === i ? value + shift : value)),
        shape,
      );
    const slope = (at(h) - at(-h)) / (2 * h);
    expect((theta[i] - after[i]) / tau - g[i]).toBeCloseTo(slope, 7);
    expect(Math.abs(slope)).toBeGreaterThan(1e-3);
  }
});
