/** Optimizer x wrong arguments, and what the state is. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  adaBreg,
  adam,
  lassoSgd,
  linBreg,
  proxSgd,
  sgd,
  type Optimizer,
} from "#bregman/optim/index.js";
import { box, groupLasso, l1, nonNegativeL1 } from "#bregman/regularizers/index.js";

const makers: Record<string, (options: { tau?: number; delta?: number }) => Optimizer> = {
  linBreg,
  adaBreg,
  sgd,
  adam,
  proxSgd,
  lassoSgd: (options) => lassoSgd({ ...options, regularizer: l1(1) }),
};

describe.each(Object.entries(makers))("%s", (kind, make) => {
  test.each([0, -0.1, Number.NaN, Infinity])("refuses tau %s", (tau) => {
    expect(() => make({ tau })).toThrow(InputError);
    expect(() => make({ tau })).toThrow(
      `${kind}: tau must be a finite number above 0, found ${tau}`,
    );
  });
  test("names itself and has a tau", () =>
    expect(make({})).toMatchObject({ kind, tau: expect.any(Number) }));
  test("refuses arrays that are not of the shape, and a bad tau of a step", () => {
    const optimizer = make({});
    const theta = new Float32Array(6);
    expect(() => optimizer.init(theta, [2, 2])).toThrow(InputError);
    const state = optimizer.init(theta, [2, 3]);
    expect(() => optimizer.step(state, theta, new Float32Array(5), [2, 3])).toThrow(
      "shape [2, 3] means 6 elements",
    );
    expect(() => optimizer.step(state, theta, theta, [2, 3], -1)).toThrow(InputError);
    expect(() => optimizer.step(state, theta, theta, [2, 3], Number.NaN)).toThrow("found NaN");
    // Refused steps are not counted.
    expect(state.step).toBe(0);
  });
  test("a NaN in the gradient reaches the weight", () => {
    const optimizer = make({});
    const theta = Float64Array.of(0, 1);
    const state = optimizer.init(theta, [2]);
    optimizer.step(state, theta, Float64Array.of(Number.NaN, 0), [2]);
    expect(theta[0]).toBeNaN();
    expect(theta[1]).not.toBeNaN();
  });
  test("a step whose tau is given is the step of an optimizer with that tau", () => {
    const [a, b] = [make({ tau: 0.5 }), make({ tau: 0.125 })];
    const [x, y] = [Float64Array.of(0.3, -2), Float64Array.of(0.3, -2)];
    const g = Float64Array.of(-1, 2);
    a.step(a.init(x, [2]), x, g, [2], 0.125);
    b.step(b.init(y, [2]), y, g, [2]);
    expect(x).toEqual(y);
  });
});

test.each([0, -1, Number.NaN, Infinity])("linBreg and adaBreg refuse delta %s", (delta) => {
  expect(() => linBreg({ delta })).toThrow(
    `linBreg: delta must be a finite number above 0, found ${delta}`,
  );
  expect(() => adaBreg({ delta })).toThrow(InputError);
});

test.each([-0.1, 1, Number.NaN])("decays of %s are refused", (beta) => {
  expect(() => linBreg({ momentum: beta })).toThrow(
    `linBreg: momentum must be in [0, 1), found ${beta}`,
  );
  expect(() => sgd({ momentum: beta })).toThrow(InputError);
  expect(() => adaBreg({ beta1: beta })).toThrow(`adaBreg: beta1 must be in [0, 1), found ${beta}`);
  expect(() => adam({ beta2: beta })).toThrow(`adam: beta2 must be in [0, 1), found ${beta}`);
});

test("nesterov without momentum is refused", () => {
  expect(() => linBreg({ nesterov: true })).toThrow(InputError);
  expect(() => sgd({ nesterov: true, momentum: 0 })).toThrow(
    "sgd: nesterov needs a momentum above 0, found 0",
  );
});

test.each([0, -1e-8, Infinity])("eps %s is refused", (eps) => {
  expect(() => adam({ eps })).toThrow(`adam: eps must be a finite number above 0, found ${eps}`);
});

test("lassoSgd refuses what is no penalty", () => {
  expect(() => lassoSgd({ regularizer: nonNegativeL1(1) })).toThrow(InputError);
  expect(() => lassoSgd({ regularizer: nonNegativeL1(1) })).toThrow(
    "must be finite everywhere; nonNegativeL1 is not, or does not say so (finite: true)",
  );
  expect(() => lassoSgd({ regularizer: box({ lower: 0 }) })).toThrow("box is not");
  expect(() => lassoSgd({ regularizer: l1(1), inner: "sgd" as "plain" })).toThrow(
    '"plain" or "adam", found sgd',
  );
});

test("column groups of a bias are refused when the state is made", () => {
  const optimizer = linBreg({ regularizer: groupLasso({ lambda: 1, groups: "columns" }) });
  expect(() => optimizer.init(new Float64Array(3), [3])).toThrow("found [3]");
});

test("moments are there where the move has them", () => {
  const theta = Float64Array.of(1, 0);
  expect(Object.keys(linBreg().init(theta, [2]))).toEqual(["v", "step"]);
  expect(Object.keys(linBreg({ momentum: 0.9 }).init(theta, [2]))).toEqual(["v", "m1", "step"]);
  expect(Object.keys(adaBreg().init(theta, [2]))).toEqual(["v", "m1", "m2", "step"]);
  expect(linBreg({ momentum: 0 }).move.kind).toBe("plain");
});

test("stopping and going on from a copy of the state gives the same bits", () => {
  const optimizer = adaBreg({ tau: 0.1, regularizer: l1(0.2) });
  const run = (stop: number): Float32Array => {
    let theta = Float32Array.of(0.5, 0, -1);
    let state = optimizer.init(theta, [3]);
    for (let k = 0; k < 20; k++) {
      if (k === stop) [theta, state] = [theta.slice(), structuredClone(state)];
      optimizer.step(state, theta, Float32Array.of(Math.sin(k), -1, 0.1 * k), [3]);
    }
    return theta;
  };
  expect(run(7)).toEqual(run(-1));
});

test("what is no regularizer or no number is refused when it is given, also in JavaScript", () => {
  const loose = linBreg as (options: object) => Optimizer;
  expect(() => loose({ regularizer: l1 })).toThrow(
    new InputError(
      "linBreg: regularizer must be one such as l1(0.1), found a function that was not called",
    ),
  );
  for (const regularizer of ["l1", {}, null])
    expect(() => loose({ regularizer })).toThrow(InputError);
  expect(() => loose({ tau: "0.1" })).toThrow(InputError);
  expect(() => (l1 as (lambda: unknown) => unknown)("0.1")).toThrow(InputError);
});
