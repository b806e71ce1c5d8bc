/**
 * No bias: LinBreg solves argmin { J_delta : A theta = b }, for large delta the l1-minimiser; a
 * penalty keeps an error.
 */
import { describe, expect, test } from "vitest";
import {
  LAMBDA,
  bregmanRecovery,
  measurements,
  penaltyRecovery,
} from "./experiments/exact-recovery.js";
import { minus, square, times, transposedTimes } from "./support/problems.js";

const { problem, truth } = measurements();

describe.each([0.1, 1, 10, 100])("delta %s", (delta) => {
  const { end, errors, counts, most } = bregmanRecovery(delta);

  test("the equations are solved: the loss goes to zero", () => {
    expect(problem.loss(end.theta)).toBeLessThan(1e-20);
  });

  test("the optimality conditions of argmin { J_delta : A theta = b } hold", () => {
    // v in dJ_delta(theta)
    end.theta.forEach((theta, i) => {
      const p = end.v[i] - theta / delta;
      if (theta === 0) expect(Math.abs(p)).toBeLessThanOrEqual(LAMBDA + 1e-12);
      else expect(p).toBeCloseTo(LAMBDA * Math.sign(theta), 10);
    });
    // v in the range of A^T: what is left of v when its best A^T y is taken away (gradient descent
    // on y) is nothing.
    let y = new Float64Array(problem.b.length);
    const rest = (): Float64Array => minus(end.v, transposedTimes(problem.A, y));
    const slope = 1 / problem.lipschitz;
    for (let k = 0; k < 3000; k++)
      y = times(problem.A, rest()).map((value, i) => y[i] + slope * value);
    expect(square(rest()) / square(end.v)).toBeLessThan(1e-16);
  });

  if (delta >= 1)
    test("it is the sparse truth", () => {
      expect(errors.at(-1)).toBeLessThan(1e-10);
      // Weights born by mistake fade, though not to an exact 0: v comes back to lambda, and that
      // takes for ever.
      end.theta.forEach((value, i) => expect(Math.abs(value) < 1e-10).toBe(truth[i] === 0));
    });
  else
    test("delta is too small: not the sparse truth", () => {
      expect(errors.at(-1)).toBeGreaterThan(0.1);
      expect(counts.at(-1)).toBeGreaterThan(40);
    });

  if (delta === 100)
    test("and never more than its 5 weights were alive on the way", () => {
      expect(most).toBe(5);
    });
});

test.each([
  [0.05, 0.02],
  [0.005, 0.002],
])(
  "ISTA with lambda %s finds something near and stays more than %s away: its minimum is biased",
  (lambda, least) => {
    const { errors, most } = penaltyRecovery(lambda);
    expect(errors.at(-1)).toBeGreaterThan(least);
    expect(errors.at(-1)).toBeLessThan(5 * least);
    expect(most).toBeGreaterThan(50);
  },
);

test("v in the range of A^T is no empty condition: a random v is far from it", () => {
  const v = Float64Array.from(truth, (_, i) => Math.sin(i));
  let y = new Float64Array(problem.b.length);
  for (let k = 0; k < 3000; k++) {
    const step = times(problem.A, minus(v, transposedTimes(problem.A, y)));
    y = y.map((value, i) => value + step[i] / problem.lipschitz);
  }
  expect(square(minus(v, transposedTimes(problem.A, y))) / square(v)).toBeGreaterThan(0.1);
});
