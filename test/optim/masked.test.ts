/** Magnitude pruning, SET, RigL and the cut after Lasso-SGD: what the mask does, step by step. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  adam,
  lassoSgd,
  magnitudePruning,
  rigL,
  sgd,
  sparseEvolution,
  type Optimizer,
  type OptimizerState,
} from "#bregman/optim/index.js";
import { scaleLambda } from "#bregman/optim/scale-lambda.js";
import { largest } from "#bregman/optim/top.js";
import { l1 } from "#bregman/regularizers/index.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";

const SHAPE = [20, 10];
const N = 200;
const support = (values: ArrayLike<number>) =>
  Array.from(values).flatMap((value, i) => (value === 0 ? [] : [i]));

/** Runs an optimizer on gradients of noise and calls back after each step. */
function run(
  optimizer: Optimizer,
  start: ArrayLike<number>,
  steps: number,
  after: (
    state: OptimizerState,
    theta: Float64Array,
    g: Float64Array,
    before: Float64Array,
  ) => void = () => {},
) {
  const random = randomFrom("masked gradients");
  const theta = Float64Array.from(start);
  const state = optimizer.init(theta, SHAPE, { steps, seed: 3, name: "weight", shapes: [SHAPE] });
  for (let k = 0; k < steps; k++) {
    const g = Float64Array.from(randomArray(random, N, 1));
    const before = theta.slice();
    optimizer.step(state, theta, g, SHAPE);
    after(state, theta, g, before);
  }
  return { state, theta };
}
const dense = randomArray(randomFrom("dense start"), N, 1);
const sparse = randomArray(randomFrom("sparse start"), N, 0.25);

describe("between changes of the mask", () => {
  test.each([
    ["plain", rigL({ tau: 0.1 }), sgd({ tau: 0.1 })],
    ["momentum", sparseEvolution({ tau: 0.1, momentum: 0.9 }), sgd({ tau: 0.1, momentum: 0.9 })],
    ["adam", rigL({ inner: "adam" }), adam()],
  ])("%s: the weights on the mask move as without one, the others stay zero", (_, masked, free) => {
    const theta = Float64Array.from(sparse);
    const state = free.init(theta, SHAPE);
    const kept = support(sparse);
    run(masked, sparse, 30, ({ mask }, now, g) => {
      free.step(state, theta, g, SHAPE);
      expect(support(mask!)).toEqual(kept);
      expect(support(now)).toEqual(kept);
      for (const i of kept) expect(now[i]).toBe(theta[i]);
    });
  });
});

describe("magnitude pruning", () => {
  test("at once: in the middle only the largest stay, with the values of the step, and no other comes back", () => {
    const prune = magnitudePruning({ tau: 0.01, density: 0.1, start: 0.5, end: 0.5 });
    const free = sgd({ tau: 0.01 });
    const theta = Float64Array.from(dense);
    const state = free.init(theta, SHAPE);
    let kept: number[] = [];
    let k = 0;
    run(prune, dense, 20, ({ mask }, now, g) => {
      k++;
      free.step(state, theta, g, SHAPE);
      if (k < 10) expect(now).toEqual(theta);
      if (k === 10) {
        const sizes = Array.from(theta, Math.abs).sort((a, b) => b - a);
        kept = support(Array.from(theta, (w) => (Math.abs(w) >= sizes[19] ? w : 0)));
        for (const i of kept) expect(now[i]).toBe(theta[i]);
      }
      if (k >= 10) expect([support(now), support(mask!)]).toEqual([kept, kept]);
    });
    expect(kept).toHaveLength(20);
  });

  test("gradually: the cubic law, and masks within masks", () => {
    const prune = magnitudePruning({ tau: 0.01, density: 0.1, start: 0.1, end: 0.8, every: 10 });
    let before = support(dense);
    let k = 0;
    run(prune, dense, 100, ({ mask }) => {
      k++;
      const now = support(mask!);
      const last = Math.min(80, 10 * Math.floor(k / 10));
      const law = k < 10 ? 1 : 0.1 + 0.9 * (1 - (last - 10) / 70) ** 3;
      expect(now).toHaveLength(Math.round(law * N));
      expect(before).toEqual(expect.arrayContaining(now));
      before = now;
    });
    expect(before).toHaveLength(20);
  });

  test("the density is that of all tensors together, spread as asked", () => {
    const prune = magnitudePruning({ density: 0.08, spread: "erdosRenyi", start: 1, end: 1 });
    const shapes = [
      [200, 784],
      [80, 200],
      [10, 80],
    ];
    const kept = shapes.map((shape) => {
      const theta = Float32Array.from({ length: shape[0] * shape[1] }, (_, k) => Math.sin(k + 1));
      prune.step(
        prune.init(theta, shape, { steps: 1, shapes }),
        theta,
        new Float32Array(theta.length),
        shape,
      );
      return support(theta).length;
    });
    expect(kept).toEqual([10189, 2899, 800]);
  });
});

describe.each([
  ["rigL", rigL],
  ["sparseEvolution", sparseEvolution],
] as const)("%s", (name, make) => {
  const optimizer = make({ tau: 0.01, momentum: 0.5, share: 0.4, every: 5, until: 0.75 });

  test("exchanges the share of a cosine at its steps and nothing else; what grows starts at zero, without a past", () => {
    const size = support(sparse).length;
    let mask = support(sparse);
    let k = 0;
    let exchanged = 0;
    run(optimizer, sparse, 100, (state, theta, g, before) => {
      k++;
      const now = support(state.mask!);
      expect(now).toHaveLength(size);
      const grown = now.filter((i) => !mask.includes(i));
      const dropped = mask.filter((i) => !now.includes(i));
      if (k % 5 !== 0 || k >= 75) expect(grown).toEqual([]);
      else {
        const drop = Math.floor(size * 0.2 * (1 + Math.cos((Math.PI * k) / 75)));
        const bySize = [...mask].sort((a, b) => Math.abs(before[a]) - Math.abs(before[b]));
        const out = bySize.slice(0, drop);
        expect(out).toEqual(expect.arrayContaining(dropped));
        for (const i of grown) expect([theta[i], state.v[i], state.m1![i]]).toEqual([0, 0, 0]);
        // The others have not moved, also those that were dropped and grew at once.
        for (const i of now) if (!grown.includes(i)) expect(theta[i]).toBe(before[i]);
        if (name === "rigL") {
          const stay = mask.filter((i) => !out.includes(i));
          const best = Array.from({ length: N }, (_, i) => i)
            .filter((i) => !stay.includes(i))
            .sort((a, b) => Math.abs(g[b]) - Math.abs(g[a]));
          expect(now).toEqual([...stay, ...best.slice(0, drop)].sort((a, b) => a - b));
        }
        exchanged += grown.length;
      }
      for (let i = 0; i < N; i++)
        if (!now.includes(i)) expect([theta[i], state.m1![i]]).toEqual([0, 0]);
      mask = now;
    });
    expect(exchanged).toBeGreaterThan(50);
  });

  test("a copy of the state goes on with the same bits", () => {
    const whole = run(optimizer, sparse, 60).theta;
    const random = randomFrom("masked gradients");
    let theta = Float64Array.from(sparse);
    let state = optimizer.init(theta, SHAPE, {
      steps: 60,
      seed: 3,
      name: "weight",
      shapes: [SHAPE],
    });
    for (let k = 0; k < 60; k++) {
      if (k === 31) [theta, state] = [theta.slice(), structuredClone(state)];
      optimizer.step(state, theta, Float64Array.from(randomArray(random, N, 1)), SHAPE);
    }
    expect(theta).toEqual(whole);
  });
});

test("SET draws by seed, name and step, each weight as likely as the other", () => {
  const optimizer = sparseEvolution({ share: 1, every: 1, until: 1 });
  const grownWith = (facts: { seed?: number; name?: string }) => {
    const theta = Float64Array.from({ length: N }, (_, i) => (i < 50 ? 1 : 0));
    const state = optimizer.init(theta, SHAPE, { steps: 1000, ...facts });
    optimizer.step(state, theta, new Float64Array(N), SHAPE);
    return support(state.mask!);
  };
  expect(grownWith({ seed: 1, name: "a" })).toEqual(grownWith({ seed: 1, name: "a" }));
  expect(grownWith({ seed: 1, name: "a" })).not.toEqual(grownWith({ seed: 2, name: "a" }));
  expect(grownWith({ seed: 1, name: "a" })).not.toEqual(grownWith({ seed: 1, name: "b" }));
  // The cosine of the first step is a little below 1: one stays, the first of equal ones, and 49 of
  // the other 199 are drawn.
  const times = Array.from({ length: N }, () => 0);
  for (let seed = 0; seed < 400; seed++) for (const i of grownWith({ seed })) times[i]++;
  expect(times.shift()).toBe(400);
  const share = 49 / 199;
  const deviation = Math.sqrt(400 * share * (1 - share));
  for (const count of times) expect(Math.abs(count - 400 * share)).toBeLessThan(4.5 * deviation);
});

test("Lasso-SGD is cut in its last step, and is plain Lasso-SGD before", () => {
  const cut = lassoSgd({ tau: 0.05, regularizer: l1(0.1), density: 0.25 });
  const free = lassoSgd({ tau: 0.05, regularizer: l1(0.1) });
  const theta = Float64Array.from(dense);
  const state = free.init(theta, SHAPE);
  let k = 0;
  const { theta: last } = run(cut, dense, 12, (_, now, g) => {
    free.step(state, theta, g, SHAPE);
    if (++k < 12) expect(now).toEqual(theta);
  });
  expect(support(last)).toHaveLength(50);
  for (const i of support(last)) expect(last[i]).toBe(theta[i]);
  expect(cut.regularizer.lambda).toBe(0.1);
});

test("another lambda leaves the mask's rule as it is", () => {
  const scaled = scaleLambda(lassoSgd({ tau: 0.05, regularizer: l1(0.1), density: 0.25 }), 3);
  const other = lassoSgd({ tau: 0.05, regularizer: l1(3 * 0.1), density: 0.25 });
  expect(run(scaled, dense, 12).theta).toEqual(run(other, dense, 12).theta);
});

test("the k largest: of equal ones the first, in the order of the places", () => {
  const values = Float64Array.of(3, -5, 1, 3, -3, 0);
  const places = Int32Array.of(0, 1, 2, 3, 4, 5);
  expect([...largest(values, places, 3)]).toEqual([0, 1, 3]);
  expect([...largest(values, Int32Array.of(5, 4, 0), 1)]).toEqual([4]);
  expect([...largest(values, places, 0)]).toEqual([]);
  expect([...largest(values, places, 9)]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the k largest are those of a sort, also with many equal ones", () => {
  const random = randomFrom("largest");
  for (let round = 0; round < 300; round++) {
    const n = 1 + random.integer(60);
    const values = Float64Array.from({ length: n }, () => random.integer(round % 3 ? 5 : 1000) - 2);
    const places = Int32Array.from({ length: n }, (_, i) => i).filter(() => random.bernoulli(0.7));
    const k = random.integer(places.length + 1);
    const sorted = [...places]
      .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
      .slice(0, k);
    expect([...largest(values, places, k)]).toEqual(sorted.sort((a, b) => a - b));
  }
});

describe("told wrong", () => {
  test.each([
    [
      () => magnitudePruning({ density: 0 }),
      "magnitudePruning: density must be in (0, 1], found 0",
    ],
    [
      () => magnitudePruning({ density: 0.1, start: 0.6, end: 0.5 }),
      "end must be at least start (0.6), found 0.5",
    ],
    [
      () => magnitudePruning({ density: 0.1, start: -1 }),
      "magnitudePruning: start must be in [0, 1], found -1",
    ],
    [
      () => magnitudePruning({ density: 0.1, spread: "all" as "uniform" }),
      "spread must be one of uniform, ",
    ],
    [() => rigL({ share: 1.5 }), "rigL: share must be in [0, 1], found 1.5"],
    [() => rigL({ every: 0 }), "rigL: every must be an integer of at least 1, found 0"],
    [
      () => rigL({ momentum: 0.9, inner: "adam" }),
      'rigL: momentum must be 0 with inner "adam", found 0.9',
    ],
    [() => rigL({ tau: 0 }), "rigL: tau must be a finite number above 0, found 0"],
    [
      () => sparseEvolution({ until: Number.NaN }),
      "sparseEvolution: until must be in [0, 1], found NaN",
    ],
    [
      () => lassoSgd({ regularizer: l1(1), density: 2 }),
      "lassoSgd: density must be in (0, 1], found 2",
    ],
  ])("case %#", (make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });

  test("inner, biases, and a training of unknown length", () => {
    expect(() => rigL({ inner: "sgd" as "plain" })).toThrow(
      new InputError('rigL: inner must be "plain" or "adam", found sgd'),
    );
    expect(() => rigL().init(new Float64Array(4), [4], { steps: 9 })).toThrow(
      new InputError("rigL: a mask is for weights [out, in, ...], found the shape [4]"),
    );
    expect(() => rigL().init(new Float64Array(4), [2, 2])).toThrow(
      new InputError("rigL: init must be told the steps of the training, found undefined"),
    );
  });
});
