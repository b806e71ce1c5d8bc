/**
 * J = 0 is an optimizer everyone knows: SGD, SGD with dampened momentum and Adam, written here on
 * their own, bit for bit.
 */
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
import { l1, none, type Floats } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";

const LENGTH = 50;
const STEPS = 40;
const TAU = 0.07;

type Rule = (theta: Floats, memory: Floats[], g: Floats, k: number) => void;

const plainSgd: Rule = (theta, _, g) => {
  for (let i = 0; i < theta.length; i++) theta[i] = theta[i] - TAU * g[i];
};
const dampenedSgd: Rule = (theta, [m], g) => {
  for (let i = 0; i < theta.length; i++) {
    m[i] = 0.9 * m[i] + (1 - 0.9) * TAU * g[i];
    theta[i] = theta[i] - m[i];
  }
};
const nesterovSgd: Rule = (theta, [m], g) => {
  for (let i = 0; i < theta.length; i++) {
    m[i] = 0.9 * m[i] + (1 - 0.9) * TAU * g[i];
    theta[i] = theta[i] - (0.9 * m[i] + (1 - 0.9) * TAU * g[i]);
  }
};
const plainAdam: Rule = (theta, [m, s], g, k) => {
  for (let i = 0; i < theta.length; i++) {
    m[i] = 0.9 * m[i] + (1 - 0.9) * g[i];
    s[i] = 0.999 * s[i] + (1 - 0.999) * g[i] * g[i];
    const mean = m[i] / (1 - 0.9 ** k);
    const square = s[i] / (1 - 0.999 ** k);
    theta[i] = theta[i] - (TAU * mean) / (Math.sqrt(square) + 1e-8);
  }
};

const table: readonly (readonly [string, Optimizer, Rule])[] = [
  ["sgd", sgd({ tau: TAU }), plainSgd],
  ["linBreg with J = 0", linBreg({ tau: TAU, regularizer: none() }), plainSgd],
  ["linBreg with lambda = 0", linBreg({ tau: TAU, regularizer: l1(0) }), plainSgd],
  ["proxSgd with J = 0", proxSgd({ tau: TAU }), plainSgd],
  ["lassoSgd with J = 0", lassoSgd({ tau: TAU, regularizer: none() }), plainSgd],
  ["sgd with momentum", sgd({ tau: TAU, momentum: 0.9 }), dampenedSgd],
  ["linBreg with momentum and J = 0", linBreg({ tau: TAU, momentum: 0.9 }), dampenedSgd],
  ["sgd, Nesterov", sgd({ tau: TAU, momentum: 0.9, nesterov: true }), nesterovSgd],
  ["linBreg, Nesterov, J = 0", linBreg({ tau: TAU, momentum: 0.9, nesterov: true }), nesterovSgd],
  ["adam", adam({ tau: TAU }), plainAdam],
  ["adaBreg with J = 0", adaBreg({ tau: TAU }), plainAdam],
  [
    "lassoSgd with adam and J = 0",
    lassoSgd({ tau: TAU, regularizer: none(), inner: "adam" }),
    plainAdam,
  ],
];

describe.each([
  ["float64", Float64Array],
  ["float32", Float32Array],
] as const)("%s", (_, FloatArray) => {
  test.each(table)("%s", (__, optimizer, rule) => {
    const random = randomFrom("equivalents");
    const theta = FloatArray.from(randomArray(random, LENGTH));
    const expected = theta.slice();
    const memory = [new FloatArray(LENGTH), new FloatArray(LENGTH)];
    const state = optimizer.init(theta, [LENGTH]);
    for (let k = 1; k <= STEPS; k++) {
      const g = FloatArray.from(randomArray(random, LENGTH));
      optimizer.step(state, theta, g, [LENGTH]);
      rule(expected, memory, g, k);
      expect(theta).toEqual(expected);
    }
    expect(state.step).toBe(STEPS);
    expect(state.v).toBeInstanceOf(FloatArray);
  });
});

test("delta scales the learning rate: LinBreg with J = 0 is SGD with delta tau", () => {
  const random = randomFrom("delta tau");
  const start = Float64Array.from(randomArray(random, LENGTH));
  const [one, other] = [start.slice(), start.slice()];
  const breg = linBreg({ tau: TAU, delta: 4 });
  const plain = sgd({ tau: 4 * TAU });
  const [a, b] = [breg.init(one, [LENGTH]), plain.init(other, [LENGTH])];
  for (let k = 0; k < STEPS; k++) {
    const g = Float64Array.from(randomArray(random, LENGTH));
    breg.step(a, one, g, [LENGTH]);
    plain.step(b, other, g, [LENGTH]);
    expect(one).toEqual(other);
  }
});

test("float32 follows float64 to rounding", () => {
  for (const [, optimizer] of table) {
    const random = randomFrom("twin");
    const start = Float32Array.from(randomArray(random, LENGTH));
    const exact = Float64Array.from(start);
    const single = start.slice();
    const [a, b] = [optimizer.init(exact, [LENGTH]), optimizer.init(single, [LENGTH])];
    for (let k = 0; k < STEPS; k++) {
      const g = Float32Array.from(randomArray(random, LENGTH));
      optimizer.step(a, exact, Float64Array.from(g), [LENGTH]);
      optimizer.step(b, single, g, [LENGTH]);
    }
    for (let i = 0; i < LENGTH; i++) expect(Math.abs(exact[i] - single[i])).toBeLessThan(1e-5);
  }
});
