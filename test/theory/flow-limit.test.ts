/** Momentum is the inertial flow gamma v'' + v' = -grad L(theta) in steps, with beta = gamma / (tau + gamma). */
import { expect, test } from "vitest";
import { linBreg, type OptimizerState } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";
import { distance } from "../support/regularizer-table.js";

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
    const next = now.map((v, i) => ((tau + 2 * gamma) * v - gamma * before[i] - tau * tau * g[i]) / (tau + gamma));
    [before, now] = [now, next];
    expect(distance(state.v, now)).toBeLessThan(1e-12);
  }
});
