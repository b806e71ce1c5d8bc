/**
 * Nesterov's momentum of the dual variable: v is the point where the buffer alone would lead, and
 * the gradient is its.
 */
import { expect, test } from "vitest";
import { linBreg, sgd } from "#bregman/optim/index.js";
import { elasticNet, groupLasso, l1, type Regularizer } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";
import { distance } from "../support/regularizer-table.js";

const SHAPE = [4, 3];
const [TAU, BETA] = [0.1, 0.9];

/** Slope of a bowl that is 100 times as steep in its last direction as in its first. */
const gradient = (theta: ArrayLike<number>): Float64Array =>
  Float64Array.from(theta, (x, i) => 100 ** (i / 11) * (x - Math.sin(i)));

test.each<[string, Regularizer]>([
  ["l1", l1(0.3)],
  ["groupLasso", groupLasso({ lambda: 0.2, groups: "rows" })],
  ["elasticNet", elasticNet({ lambda: 0.3, mu: 0.5 })],
])(
  "%s: the same steps as momentum with the gradient at prox_{delta J}(delta (w - beta m))",
  (_, regularizer) => {
    const delta = 0.5;
    const optimizer = linBreg({ tau: TAU, delta, momentum: BETA, nesterov: true, regularizer });
    const theta = Float64Array.from(randomArray(randomFrom("nesterov"), 12));
    const state = optimizer.init(theta, SHAPE);
    const w = state.v.slice();
    const m = new Float64Array(12);
    for (let k = 0; k < 60; k++) {
      const ahead = w.map((value, i) => delta * (value - BETA * m[i]));
      regularizer.prox(ahead, delta, SHAPE, ahead);
      expect(distance(theta, ahead)).toBeLessThan(1e-12);
      const g = gradient(ahead).map((slope) => 0.1 * slope);
      optimizer.step(state, theta, g, SHAPE);
      for (let i = 0; i < 12; i++) {
        m[i] = BETA * m[i] + (1 - BETA) * TAU * g[i];
        w[i] -= m[i];
      }
    }
  },
);

test("with J = 0 it is the usual form, theta <- theta - tau' (g + beta b), b <- beta b + g, tau' = (1 - beta) tau", () => {
  const optimizer = sgd({ tau: TAU, momentum: BETA, nesterov: true });
  const theta = Float64Array.from(randomArray(randomFrom("nesterov sgd"), 12));
  const other = theta.slice();
  const state = optimizer.init(theta, SHAPE);
  const b = new Float64Array(12);
  for (let k = 0; k < 60; k++) {
    const g = gradient(other);
    optimizer.step(state, theta, gradient(theta), SHAPE);
    for (let i = 0; i < 12; i++) {
      b[i] = BETA * b[i] + g[i];
      other[i] -= (1 - BETA) * TAU * (g[i] + BETA * b[i]);
    }
    expect(distance(theta, other)).toBeLessThan(1e-12);
  }
});

test("on a long valley it damps what momentum lets swing", () => {
  /** Distance from the bottom of the bowl after so many steps. */
  const far = (nesterov: boolean): number => {
    const optimizer = sgd({ tau: TAU, momentum: BETA, nesterov });
    const theta = new Float64Array(12).fill(2);
    const state = optimizer.init(theta, SHAPE);
    for (let k = 0; k < 100; k++) optimizer.step(state, theta, gradient(theta), SHAPE);
    return distance(
      theta,
      theta.map((_, i) => Math.sin(i)),
    );
  };
  expect(far(true)).toBeLessThan(0.5 * far(false));
});
