/**
 * The sampled dual of convolutions: what is exact stays exact, what is estimated is so without
 * bias, by single weights and by kernel groups, and all follows from the seed.
 */
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { fromArrays } from "#bregman/data/dataset.js";
import type { StepSettings } from "#bregman/engine/step-settings.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { none } from "#bregman/regularizers/none.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { fit } from "#bregman/runs/fit.js";
import { describe, expect, test } from "vitest";
import { backward } from "../reference/network.js";
import { firstGradients } from "../support/first-gradients.js";
import { batchOf, randomProblem, relativeError, toFloat64 } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const COUNT = 120;
const BATCH = 60; // The last tile has lanes without a sample.
const TAU = 0.3;

/** The second convolution has inputs and outputs enough to be sampled, the first has not. */
const model = (stride: number) =>
  sequential(
    [3, 6, 7],
    [
      conv2d(40, { kernel: 3, padding: 1, bias: false }),
      batchNorm2d(),
      relu(),
      conv2d(33, { kernel: 3, padding: 1, stride, bias: false }),
      relu(),
      flatten(),
      linear(4),
    ],
  );
const SAMPLED = "conv2d2.weight";
const REGULARIZERS = {
  entries: (lambda: number) => l1(lambda),
  pairs: (lambda: number) => groupLasso({ lambda, groups: "kernels" }),
  dense: () => none(),
};
type Kind = keyof typeof REGULARIZERS;

interface Case extends Pick<StepSettings, "sampleDual" | "recompute" | "microBatches" | "seed"> {
  readonly kind: Kind;
  readonly stride?: number;
}

const STRIDES = [1, 2];
/** By stride. Masks drop whole kernels, so the same parameters serve both kinds of pattern. */
const problems = new Map(
  STRIDES.map((stride) => [stride, randomProblem(model(stride), COUNT, { density: 0.12 })]),
);
const problemOf = (stride: number) => problems.get(stride)!;
const indices = Int32Array.from({ length: BATCH }, (_, k) => (7 * k) % COUNT);

function trainerFor(pool: Pool, { kind, stride = 1, ...settings }: Case) {
  const plain = linBreg({ tau: TAU });
  return problemTrainer(pool, problemOf(stride), {
    batchSize: BATCH,
    optimizers: {
      weight: plain,
      bias: plain,
      conv: linBreg({ tau: TAU, regularizer: REGULARIZERS[kind](0.1) }),
    },
    ...settings,
  });
}

/** The gradient that LinBreg sees in the first step, by parameter. */
const gradients = (pool: Pool, given: Case) =>
  firstGradients(pool, () => trainerFor(pool, given), indices, TAU);

/** The same by the float64 twin, by stride. */
const references = new Map(
  STRIDES.map((stride) => {
    const problem = problemOf(stride);
    const parameters = toFloat64(problem.parameters);
    return [stride, backward(problem.model, parameters, batchOf(problem, indices)).gradients];
  }),
);

const squared = (x: Float64Array, y: Float64Array) =>
  x.reduce((sum, value, k) => sum + (value - y[k]) ** 2, 0);

const CASES: readonly Omit<Case, "sampleDual">[] = [
  { kind: "entries" },
  { kind: "pairs" },
  { kind: "pairs", stride: 2, recompute: true },
  { kind: "entries", stride: 2 },
];

forEachBackend((_name, pool) => {
  describe.each(CASES)("%o", (given) => {
    const exact = references.get(given.stride ?? 1)!;
    const theta = problemOf(given.stride ?? 1).parameters.get(SAMPLED)!;

    test("the non-zeros' gradient is that of float64, the mean of the others' over many draws too", () => {
      const all = exact.get(SAMPLED)!;
      const count = 40;
      const mean = new Float64Array(all.length);
      let variance = 0;
      for (let seed = 0; seed < count; seed++) {
        const sampled = gradients(pool, { ...given, sampleDual: 2, seed });
        const g = sampled.get(SAMPLED)!;
        const ofNonZeros = (x: Float64Array) => x.filter((_, k) => theta[k] !== 0);
        expect(relativeError(ofNonZeros(g), ofNonZeros(all))).toBeLessThan(1e-4);
        if (seed === 0)
          for (const [name, other] of sampled)
            if (name !== SAMPLED) expect(relativeError(other, exact.get(name)!)).toBeLessThan(1e-3);
        g.forEach((value, k) => (mean[k] += value / count));
        variance += squared(all, g) / count;
      }
      // The mean is as far off as the variance of a single draw says: not exact, and not biased.
      expect(variance).toBeGreaterThan(1e-6);
      expect(squared(all, mean) * count).toBeLessThan(1.8 * variance);
    });

    test("a tolerance that asks for every sample gives the exact gradient", () => {
      const sampled = gradients(pool, { ...given, sampleDual: 1e-6 });
      expect(relativeError(sampled.get(SAMPLED)!, exact.get(SAMPLED)!)).toBeLessThan(1e-4);
    });

    test("another trainer that goes on from a state has the same bits", () => {
      const mark = pool.memory.mark();
      const [first, second] = [0, 1].map(() => trainerFor(pool, { ...given, sampleDual: 2 }));
      for (let k = 0; k < 2; k++) first.step(indices);
      second.restore(first.state());
      for (let k = 0; k < 3; k++) for (const trainer of [first, second]) trainer.step(indices);
      expect(second.theta(SAMPLED)).toEqual(first.theta(SAMPLED));
      pool.memory.release(mark);
    });
  });

  test("without a regularizer nothing is sampled: the bits are those of exact steps", () => {
    const [exact, sampled] = [undefined, 2].map((sampleDual) =>
      gradients(pool, { kind: "dense", sampleDual }),
    );
    expect(sampled).toEqual(exact);
  });

  test("parts of a batch draw for themselves, and leave the non-zeros exact", () => {
    const given = { kind: "entries", microBatches: 2 } as const;
    const [exact, sampled] = [undefined, 2].map((sampleDual) =>
      gradients(pool, { ...given, sampleDual }).get(SAMPLED)!,
    );
    const theta = problemOf(1).parameters.get(SAMPLED)!;
    const at = (isThere: boolean, x: Float64Array) =>
      x.filter((_, k) => (theta[k] !== 0) === isThere);
    expect(relativeError(at(true, sampled), at(true, exact))).toBeLessThan(1e-4);
    expect(relativeError(at(false, sampled), at(false, exact))).toBeGreaterThan(1e-2);
  });
});

test("native and wasm draw the same samples, and agree to rounding", async () => {
  const native = await createPool({ backend: "native", threads: 1 }).catch(() => undefined);
  if (!native) return console.log("native is not tested: it is not built");
  const wasm = await createPool({ backend: "wasm", threads: 1 });
  for (const given of CASES) {
    const [one, other] = [native, wasm].map((pool) =>
      gradients(pool, { ...given, sampleDual: 2, seed: 3 }).get(SAMPLED)!,
    );
    expect(relativeError(other, one)).toBeLessThan(1e-4);
  }
  await Promise.all([native.close(), wasm.close()]);
});

/** Noise around an image for each of 4 classes. */
function data() {
  const random = stream(3, "data");
  const size = 3 * 6 * 7;
  const patterns = Array.from({ length: 4 * size }, () => random.normal());
  const part = (count: number) => ({
    labels: Uint8Array.from({ length: count }, (_, k) => k % 4),
    inputs: Float32Array.from(
      { length: count * size },
      (_, k) => patterns[size * (Math.floor(k / size) % 4) + (k % size)] + 2 * random.normal(),
    ),
  });
  return fromArrays({ shape: [3, 6, 7], train: part(320), test: part(120) });
}

const train = (kind: Kind, threads: number, backend: "native" | "wasm") =>
  fit(model(1), data(), {
    optimizer: {
      weights: linBreg({ tau: 0.1 }),
      convs: linBreg({ tau: 0.1, regularizer: REGULARIZERS[kind](0.02) }),
      biases: linBreg({ tau: 0.1 }),
    },
    init: { convs: { density: 0.1, mask: kind === "pairs" ? "kernel" : "entry" } },
    epochs: 4,
    freeze: kind === "pairs" ? 1 : undefined,
    sampleDual: 2,
    batchSize: 64,
    backend,
    threads,
  });

test.each(["native", "wasm"] as const)(
  "runs learn with it (chance: 25 %), to the same bits on 1, 2 and 3 threads (%s)",
  async (backend) => {
    const available = await createPool({ backend, threads: 1 }).then(
      (pool) => pool.close().then(() => true),
      () => false,
    );
    if (!available) return console.log(`${backend} is not tested: it is not built`);
    for (const kind of ["entries", "pairs"] as const) {
      const one = await train(kind, 1, backend);
      expect(one.final.testAccuracy).toBeGreaterThan(0.7);
      for (const threads of [2, 3]) {
        const other = await train(kind, threads, backend);
        expect(other.parameters).toEqual(one.parameters);
      }
    }
  },
);
