/**
 * Small steps: LinBreg follows v' = -grad L(theta), with momentum the inertial flow gamma v'' + v'
 * = -grad L(theta) where beta = gamma / (tau + gamma); both to O(tau). With large delta that is the
 * inverse scale space flow.
 */
import { describe, expect, test } from "vitest";
import { linBreg, type OptimizerState } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";
import { distance } from "../support/regularizer-table.js";
import { births, flowErrors, TARGETS } from "./experiments/flow.js";

test("momentum is the two-step form of the inertial flow, beta = gamma / (tau + gamma)", () => {
  const [tau, gamma] = [0.1, 0.4];
  const optimizer = linBreg({ tau, momentum: gamma / (tau + gamma), regularizer: l1(0.2) });
  const random = randomFrom("inertial");
  const theta = Float64Array.from(randomArray(random, 6));
  const state: OptimizerState = optimizer.init(theta, [6]);
  let before = [...state.v];
  let now = [...state.v];
  for (let k = 0; k < 40; k++) {
    const g = randomArray(random, 6);
    optimizer.step(state, theta, Float64Array.from(g), [6]);
    const next = now.map(
      (v, i) => ((tau + 2 * gamma) * v - gamma * before[i] - tau * tau * g[i]) / (tau + gamma),
    );
    [before, now] = [now, next];
    expect(distance(state.v, now)).toBeLessThan(1e-12);
  }
});

describe.each([
  ["LinBreg", 0],
  ["LinBreg with momentum, gamma 0.4", 0.4],
])("%s", (_, gamma) => {
  test("half the step, half the distance to the flow", () => {
    const errors = flowErrors(gamma);
    errors.slice(1).forEach(({ error }, k) => {
      expect(errors[k].error / error).toBeGreaterThan(1.9);
      expect(errors[k].error / error).toBeLessThan(2.1);
    });
    expect(errors.at(-1)!.error).toBeLessThan(0.003);
  });
});

test("the two flows are not the same: momentum is late", () => {
  const [plain, inertial] = [0, 0.4].map((gamma) => flowErrors(gamma, 1)[0].error);
  expect(inertial).toBeGreaterThan(2 * plain);
});

test("inverse scale space: a weight is born at time lambda / |b|, and is b soon after", () => {
  const tau = 1e-3;
  const { born, theta, times } = births(100, tau, 2.5);
  TARGETS.forEach((b, i) => {
    const expected = 1 / Math.abs(b);
    if (expected > 2.5) return expect(born[i]).toBe(Infinity);
    expect(Math.abs(born[i] - expected)).toBeLessThan(1.5 * tau);
    // e^(-delta t) of the way is left.
    const late = times.findIndex((time) => time > expected + 0.1);
    expect(Math.abs(theta[i][late] - b)).toBeLessThan(1e-3);
  });
});
