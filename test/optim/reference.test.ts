/**
 * The trajectories of the authors' optimizers, float64 and float32, and golden vectors worked out
 * from the formulas.
 */
import { describe, expect, test } from "vitest";
import { adaBreg, linBreg, proxSgd, type Optimizer } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import {
  fixtures,
  referenceOptimizer,
  referenceProblem,
  type ReferenceCase,
} from "../support/reference-fixtures.js";
import { distance } from "../support/regularizer-table.js";

const title = (c: ReferenceCase): string =>
  `${c.optimizer} ${JSON.stringify(c.hyper)} ${c.regularizer} ${c.lamda} on ${c.input}, ${c.dtype}`;

describe("the authors' code", () => {
  test("has 168 cases here", () => expect(fixtures.cases.length).toBe(168));

  test.each(fixtures.cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
    const optimizer = referenceOptimizer(c);
    const problem = referenceProblem(c);
    const Array64or32 = c.dtype === "float64" ? Float64Array : Float32Array;
    // Ten steps in float32, one rounding in ours where PyTorch has several: a few units in the last
    // place of numbers near 1.
    const tolerance = c.dtype === "float64" ? 1e-12 : 2e-6;
    const theta = Array64or32.from(problem.theta0);
    const state = optimizer.init(theta, problem.shape);
    if (c.v0) {
      // That code starts negative weights under non-negative l1 at theta / delta - lambda. J is
      // infinite there: take its word.
      if (c.regularizer === "l1_pos") {
        c.v0.forEach((value, i) => {
          if (theta[i] >= 0) expect(Math.abs(state.v[i] - value)).toBeLessThan(tolerance);
          else state.v[i] = value;
        });
      }
      expect(distance(state.v, c.v0)).toBeLessThan(tolerance);
    }
    const steps = c.steps ?? c.theta.map((__, k) => k + 1);
    for (let k = 1; k <= 10; k++) {
      if (c.loss_before_step)
        expect(problem.loss!(theta)).toBeCloseTo(
          c.loss_before_step[k - 1],
          tolerance < 1e-9 ? 11 : 4,
        );
      optimizer.step(state, theta, Array64or32.from(problem.gradient(theta, k - 1)), problem.shape);
      const at = steps.indexOf(k);
      if (at < 0) continue;
      expect(distance(theta, c.theta[at])).toBeLessThan(tolerance);
      if (c.v) expect(distance(state.v, c.v[at])).toBeLessThan(tolerance);
      // The value of that code's sparse group lasso is always 0.
      if (c.reg_value && c.regularizer !== "l1_l1_l2_rows") {
        const value = optimizer.regularizer.value(theta, problem.shape);
        expect(Math.abs(value - c.reg_value[at])).toBeLessThan(10 * tolerance);
      }
    }
  });
});

describe("golden vectors: L = 1/2 sum a_i (theta_i - c_i)^2, l1 with lambda 0.1, tau 0.1", () => {
  const a = [1, 2, 0.5, 4];
  const c = [1, -0.5, 0.02, 0.3];

  function run(
    optimizer: Optimizer,
    steps: number,
  ): { v: number[][]; theta: number[][]; m1: number[] } {
    const theta = Float64Array.of(0, -0.2, 0, 0);
    const state = optimizer.init(theta, [4]);
    const path = { v: [[...state.v]], theta: [[...theta]], m1: [] as number[] };
    for (let k = 0; k < steps; k++) {
      const g = Float64Array.from(a, (ai, i) => ai * (theta[i] - c[i]));
      optimizer.step(state, theta, g, [4]);
      path.v.push([...state.v]);
      path.theta.push([...theta]);
    }
    path.m1 = [...(state.m1 ?? [])];
    return path;
  }

  const regularizer = l1(0.1);
  const tau = 0.1;

  test("LinBreg", () => {
    const { v, theta } = run(linBreg({ tau, regularizer }), 3);
    const expectedV = [
      [0, -0.3, 0, 0],
      [0.1, -0.36, 0.001, 0.12],
      [0.2, -0.408, 0.002, 0.232],
      [0.29, -0.4464, 0.003, 0.2992],
    ];
    // Entry 1 reaches |v| = lambda exactly at step 1: at the threshold a weight is not yet born.
    const expectedTheta = [
      [0, -0.2, 0, 0],
      [0, -0.26, 0, 0.02],
      [0.1, -0.308, 0, 0.132],
      [0.19, -0.3464, 0, 0.1992],
    ];
    expectedV.forEach((row, k) => expect(distance(v[k], row)).toBeLessThan(1e-12));
    expectedTheta.forEach((row, k) => expect(distance(theta[k], row)).toBeLessThan(1e-12));
  });

  test("LinBreg, delta 2", () => {
    const { v, theta } = run(linBreg({ tau, delta: 2, regularizer }), 3);
    expect(distance(v[0], [0, -0.2, 0, 0])).toBeLessThan(1e-12);
    expect(distance(v[3], [0.28, -0.3176, 0.003, 0.2448])).toBeLessThan(1e-12);
    expect(distance(theta[3], [0.36, -0.4352, 0, 0.2896])).toBeLessThan(1e-12);
  });

  test("LinBreg with momentum 0.9", () => {
    const { v, theta, m1 } = run(linBreg({ tau, momentum: 0.9, regularizer }), 3);
    expect(distance(m1, [-0.0271, 0.0158064, -0.000271, -0.03252])).toBeLessThan(1e-12);
    expect(distance(v[3], [0.0561, -0.3330864, 0.000561, 0.06732])).toBeLessThan(1e-12);
    expect(distance(theta[3], [0, -0.2330864, 0, 0])).toBeLessThan(1e-12);
  });

  test("AdaBreg", () => {
    const { v, theta } = run(adaBreg({ tau, regularizer }), 3);
    expect(distance(v[1], [0.099999999, -0.3999999983, 0.0999999, 0.0999999992])).toBeLessThan(
      1e-9,
    );
    expect(distance(v[2], [0.199999998, -0.4970352093, 0.1999998, 0.1999999983])).toBeLessThan(
      1e-9,
    );
    expect(distance(v[3], [0.2995161036, -0.5867110287, 0.1655165289, 0.2971670248])).toBeLessThan(
      1e-9,
    );
    expect(
      distance(theta[3], [0.1995161036, -0.4867110287, 0.0655165289, 0.1971670248]),
    ).toBeLessThan(1e-9);
  });

  test("AdaBreg without correction of the first moment, as behind the paper's tables", () => {
    const { v, theta } = run(adaBreg({ tau, biasCorrectFirstMoment: false, regularizer }), 3);
    expect(distance(v[3], [0.0560999994, -0.355961292, 0.0560999439, 0.0560999995])).toBeLessThan(
      1e-9,
    );
    expect(distance(theta[3], [0, -0.255961292, 0, 0])).toBeLessThan(1e-9);
  });

  test("ProxSGD", () => {
    const { theta } = run(proxSgd({ tau, regularizer }), 3);
    expect(distance(theta[3], [0.2439, -0.322, 0, 0.2156])).toBeLessThan(1e-12);
  });
});
