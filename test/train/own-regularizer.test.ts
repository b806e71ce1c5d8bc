/**
 * A regularizer of one's own: its name means nothing, and what it says of itself decides what it
 * can be used for.
 */
import { fromArrays } from "#bregman/data/dataset.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { lassoSgd } from "#bregman/optim/lasso-sgd.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { elasticNet, groupLasso, l1, none, type Regularizer } from "#bregman/regularizers/index.js";
import { fit, type FitInMemoryOptions } from "#bregman/train/fit-in-memory.js";
import { expect, test } from "vitest";
import { expectWarnings } from "../support/warnings.js";

const random = stream(4, "own");
const data = fromArrays({
  shape: [1, 6, 6],
  train: {
    inputs: Float32Array.from({ length: 60 * 36 }, () => random.normal()),
    labels: Uint8Array.from({ length: 60 }, (_, k) => k % 3),
  },
});
const MODEL = sequential([1, 6, 6], [conv2d(5, { kernel: 3 }), flatten(), linear(3)]);

/** Density control that is done within few steps. */
const CONTROL = { targets: { net: 0.3 }, every: 2, gain: 1, ramp: 0 };

/** Names that the library gives to others. */
const NAMES = [
  "mine",
  "none",
  "l1",
  "nonNegativeL1",
  "elasticNet",
  "groupLasso",
  "nuclear",
  "lInfinity",
  "box",
];

/** What is left of a regularizer without what it says of itself. */
const silent = ({ kind, lambda, value, prox, subgradient }: Regularizer): Regularizer => ({
  kind,
  lambda,
  value: (...args) => value(...args),
  prox: (...args) => prox(...args),
  subgradient: (...args) => subgradient(...args),
});

const named = (J: Regularizer, kind: string): Regularizer => ({ ...J, kind });

/** All weights after two epochs, and what is measured of them. */
async function trained(regularizer: Regularizer, options: Partial<FitInMemoryOptions> = {}) {
  const result = await fit(MODEL, data, {
    optimizer: { weights: linBreg({ tau: 0.2, regularizer }), biases: linBreg() },
    init: { weights: { density: 0.5 } },
    epochs: 2,
    batchSize: 12,
    threads: 1,
    ...options,
  });
  return {
    weights: [...result.parameters].map(([name, { data: values }]) => [name, [...values]]),
    regularizer: result.epochs.map((epoch) => epoch.regularizer),
    density: result.final.density,
  };
}

test("a silent one trains the same under any name, in TypeScript", async () => {
  const runs = await Promise.all(NAMES.map((kind) => trained(named(silent(l1(0.02)), kind))));
  for (const run of runs) expect(run).toEqual(runs[0]);
  expect(runs[0].density).toBeLessThan(1);
  expect(runs[0].regularizer.every((value) => value > 0)).toBe(true);
});

test.each<[string, Regularizer]>([
  ["none", none()],
  ["l1", l1(0.02)],
  ["elastic net", elasticNet({ lambda: 0.02, mu: 0.5 })],
  ["kernel groups", groupLasso({ lambda: 0.02, groups: "kernels" })],
])(
  "one that has the standard form of %s trains to the same bits, under any name, frozen steps too",
  async (_, J) => {
    // Kernel groups are of convolutions: those of a linear layer are refused.
    const optimizer = {
      weights: linBreg({ tau: 0.2, regularizer: l1(0.02) }),
      convs: linBreg({ tau: 0.2, regularizer: J }),
      biases: linBreg(),
    };
    for (const freeze of [0, 2]) {
      const theirs = await trained(J, { optimizer, freeze });
      for (const kind of ["mine", "none", "nuclear"]) {
        const convs = linBreg({ tau: 0.2, regularizer: named(J, kind) });
        expect(await trained(J, { optimizer: { ...optimizer, convs }, freeze })).toEqual(theirs);
      }
    }
  },
);

/**
 * J(x) = lambda sum_i |x_i| + mu / 2 sum_i x_i^2, written anew, with only what a step in C needs.
 */
function own(lambda: number, mu: number): Regularizer {
  return {
    kind: "own",
    lambda,
    mu,
    groups: "entries",
    standardForm: { entries: 1 },
    withLambda: (other) => own(other, mu),
    value: (x) =>
      Array.from(x).reduce((sum, w) => sum + lambda * Math.abs(w) + (mu / 2) * w * w, 0),
    prox(x, step, _, out) {
      for (let i = 0; i < x.length; i++) {
        out[i] = (Math.sign(x[i]) * Math.max(Math.abs(x[i]) - step * lambda, 0)) / (1 + step * mu);
      }
    },
    subgradient(x, _, out) {
      for (let i = 0; i < x.length; i++) out[i] = lambda * Math.sign(x[i]) + mu * x[i];
    },
  };
}

test("one's own with a standard form runs in C: the steps of the library's elastic net, frozen and controlled", async () => {
  const run = (regularizer: Regularizer) =>
    trained(regularizer, { epochs: 30, freeze: 1, targetDensity: CONTROL });
  const mine = await run(own(0.02, 0.5));
  const theirs = await run(elasticNet({ lambda: 0.02, mu: 0.5 }));
  expect(mine.weights).toEqual(theirs.weights);
  expect(Math.abs(mine.density - 0.3)).toBeLessThan(0.1);
});

test("a mu that scales along with lambda: theta stays a fixed point when lambda is divided", async () => {
  // With v in dJ_delta(theta) before and after, nothing moves at a learning rate of 0.
  const { withLambda: _, ...J } = own(0.02, 0.5);
  const still = { tau: 1e-30, regularizer: J };
  const optimizer = { weights: linBreg(still), biases: linBreg() };
  const [exact, frozen] = [
    await trained(J, { optimizer }),
    await trained(J, { optimizer, freeze: 3 }),
  ];
  const differences = exact.weights.flatMap(([, values], k) => {
    const others = frozen.weights[k][1] as readonly number[];
    return (values as readonly number[]).map((w, i) => Math.abs(w - others[i]));
  });
  expect(Math.max(...differences.slice(0, 45))).toBeLessThan(1e-6);
  expectWarnings(/^no weight was born in 2 epochs: no gradient reaches the weights/);
});

test("without a word, what needs one is refused, and says which", async () => {
  const J = named(silent(l1(0.02)), "mine");
  expect(() => lassoSgd({ regularizer: J })).toThrow(
    "mine is not, or does not say so (finite: true)",
  );
  lassoSgd({ regularizer: { ...J, finite: true } });
  await expect(trained(J, { freeze: 2 })).rejects.toThrow(
    "could not freeze conv2d1.weight: expected LinBreg or AdaBreg with a regularizer that has a standard form of single weights, rows, filters or kernels (l1, groupLasso, ...), found linBreg with mine",
  );
  await expect(trained(J, { targetDensity: 0.2 })).rejects.toThrow(
    "expected a regularizer of weights with a lambda above 0 and groups, so that some of them are zero, found linBreg with mine",
  );
  const { density } = await trained(
    { ...J, groups: "entries" },
    { targetDensity: CONTROL, epochs: 30 },
  );
  expect(Math.abs(density - 0.3)).toBeLessThan(0.1);
  expectWarnings(/^the density of the net came to .*, its target is 30.0 %: in 75 looks/);
});
