/**
 * Frozen steps: only the weights of the pattern move, by the same formulas; all others keep v;
 * lambda follows m.
 *
 * The reference takes the library's own float64 step on the weights of the pattern, all others put
 * back as they were.
 */
import { fromArrays } from "#bregman/data/dataset.js";
import { UnusableFileError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import { checkFreeze, coarseSteps } from "#bregman/optim/freeze.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import type { Optimizer } from "#bregman/optim/optimizer.js";
import { proxSgd } from "#bregman/optim/prox-sgd.js";
import { rigL } from "#bregman/optim/rig-l.js";
import { scaleLambda } from "#bregman/optim/scale-lambda.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import type { Regularizer } from "#bregman/regularizers/regularizer.js";
import { elasticNet } from "#bregman/regularizers/elastic-net.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { nonNegativeL1 } from "#bregman/regularizers/non-negative-l1.js";
import { sparseGroupLasso } from "#bregman/regularizers/sparse-group-lasso.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { fit } from "#bregman/runs/fit.js";
import type { Trainer } from "#bregman/engine/trainer.js";
import { describe, expect, test } from "vitest";
import { backward } from "../reference/network.js";
import {
  batchOf,
  randomProblem,
  relativeError,
  toFloat64,
  type Problem,
} from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { forEachBackend } from "../support/run-op.js";

const FLAT = mlp([30, 24, 17, 5]);
const IMAGES = sequential(
  [2, 8, 8],
  [
    conv2d(6, { kernel: 3, padding: 1 }),
    relu(),
    conv2d(7, { kernel: 3, stride: 2, padding: 1 }),
    relu(),
    flatten(),
    linear(5),
  ],
);
/** A kernel of one weight: its group is the weight alone. */
const POINTS = sequential(
  [2, 6, 6],
  [conv2d(9, { kernel: 1 }), relu(), conv2d(8, { kernel: 1 }), relu(), flatten(), linear(5)],
);
const COUNT = 120;
const BATCH = 40;

const rows = groupLasso({ lambda: 0.02, groups: "rows" });
const filters = groupLasso({ lambda: 0.02, groups: "filters" });
const kernels = groupLasso({ lambda: 0.02, groups: "kernels" });
const sparseKernels = sparseGroupLasso({ lambda: 0.03, lambda0: 0.5, groups: "kernels" });

/**
 * Optimizers of weights and of convolutions. Step sizes are large, so that weights come to rest and
 * wake up.
 */
const OPTIMIZERS: Record<string, readonly [Model, Optimizer, Optimizer?]> = {
  "LinBreg l1": [FLAT, linBreg({ tau: 0.3, regularizer: l1(0.2) })],
  "LinBreg l1, delta 2": [FLAT, linBreg({ tau: 0.2, delta: 2, regularizer: l1(0.1) })],
  "momentum l1": [FLAT, linBreg({ tau: 0.3, momentum: 0.9, regularizer: l1(0.2) })],
  "LinBreg elastic net": [
    FLAT,
    linBreg({ tau: 0.3, regularizer: elasticNet({ lambda: 0.2, mu: 0.5 }) }),
  ],
  "Nesterov l1": [FLAT, linBreg({ tau: 0.3, momentum: 0.9, nesterov: true, regularizer: l1(0.2) })],
  "AdaBreg l1": [FLAT, adaBreg({ tau: 0.05, regularizer: l1(0.3) })],
  "LinBreg non-negative": [FLAT, linBreg({ tau: 0.3, regularizer: nonNegativeL1(0.1) })],
  "LinBreg rows": [FLAT, linBreg({ tau: 0.3, regularizer: rows })],
  "AdaBreg sparse rows": [
    FLAT,
    adaBreg({
      tau: 0.02,
      regularizer: sparseGroupLasso({ lambda: 0.05, lambda0: 0.5, groups: "rows" }),
    }),
  ],
  "convolutions, LinBreg l1": [IMAGES, linBreg({ tau: 0.3, regularizer: l1(0.2) })],
  "convolutions, AdaBreg kernel groups": [
    IMAGES,
    adaBreg({ tau: 0.02, regularizer: l1(0.1) }),
    adaBreg({ tau: 0.02, regularizer: kernels }),
  ],
  "convolutions, Nesterov, sparse kernel groups": [
    IMAGES,
    linBreg({ tau: 0.3, momentum: 0.8, nesterov: true, regularizer: l1(0.1) }),
    linBreg({ tau: 0.3, momentum: 0.8, nesterov: true, regularizer: sparseKernels }),
  ],
  "LinBreg l1, weight decay": [FLAT, linBreg({ tau: 0.3, weightDecay: 0.1, regularizer: l1(0.2) })],
  "AdaBreg rows, weight decay": [FLAT, adaBreg({ tau: 0.02, weightDecay: 0.1, regularizer: rows })],
  "convolutions, LinBreg l1, weight decay": [
    IMAGES,
    linBreg({ tau: 0.3, weightDecay: 0.1, regularizer: l1(0.2) }),
  ],
  "convolutions, momentum, sparse kernel groups, weight decay": [
    IMAGES,
    linBreg({ tau: 0.3, momentum: 0.8, weightDecay: 0.1, regularizer: l1(0.1) }),
    linBreg({ tau: 0.3, momentum: 0.8, weightDecay: 0.1, regularizer: sparseKernels }),
  ],
  "1 x 1 convolutions, LinBreg kernel groups": [
    POINTS,
    linBreg({ tau: 0.3, regularizer: l1(0.2) }),
    linBreg({ tau: 0.3, regularizer: groupLasso({ lambda: 0.2, groups: "kernels" }) }),
  ],
  "convolutions, LinBreg filters": [
    IMAGES,
    linBreg({ tau: 0.3, regularizer: l1(0.2) }),
    linBreg({ tau: 0.3, regularizer: filters }),
  ],
  "convolutions, AdaBreg sparse rows": [
    IMAGES,
    adaBreg({ tau: 0.02, regularizer: l1(0.1) }),
    adaBreg({
      tau: 0.01,
      regularizer: sparseGroupLasso({ lambda: 0.05, lambda0: 0.5, groups: "rows" }),
    }),
  ],
  "1 x 1 convolutions, momentum filters": [
    POINTS,
    linBreg({ tau: 0.3, regularizer: l1(0.2) }),
    linBreg({
      tau: 0.3,
      momentum: 0.8,
      regularizer: groupLasso({ lambda: 0.05, groups: "filters" }),
    }),
  ],
  "convolutions, momentum, sparse kernel groups": [
    IMAGES,
    linBreg({ tau: 0.3, momentum: 0.8, regularizer: l1(0.1) }),
    linBreg({ tau: 0.3, momentum: 0.8, regularizer: sparseKernels }),
  ],
};

function trainerFor(pool: Pool, problem: Problem, weight: Optimizer, conv?: Optimizer): Trainer {
  return problemTrainer(pool, problem, {
    batchSize: BATCH,
    optimizers: { weight, conv, bias: linBreg({ tau: 0.1 }) },
  });
}

function batchesOf(steps: number): Int32Array[] {
  const random = stream(5, "batches");
  return Array.from({ length: steps }, () =>
    Int32Array.from({ length: BATCH }, () => random.integer(COUNT)),
  );
}

/**
 * The method in float64. The pattern is that of the non-zeros: zero weights of a live kernel stay
 * as they are, too.
 */
function reference(problem: Problem, weight: Optimizer, conv = weight) {
  const theta = toFloat64(problem.parameters);
  let fineDone = 0;
  const members = problem.model.nodes.flatMap(({ name: layer, parameters }) =>
    parameters.map(({ name: own, role, shape }) => {
      const name = `${layer}.${own}`;
      const sparse = role === "weight" || role === "conv";
      const full = role === "conv" ? conv : sparse ? weight : linBreg({ tau: 0.1 });
      const pattern = new Uint8Array(theta.get(name)!.length);
      return {
        name,
        shape,
        sparse,
        full,
        pattern,
        state: full.init(theta.get(name)!, shape),
        method: full,
      };
    }),
  );
  return {
    theta,
    members,
    freeze(coarse: number) {
      for (const member of members.filter(({ sparse }) => sparse)) {
        const { state, full, name } = member;
        const values = theta.get(name)!;
        member.method = scaleLambda(full, 1 / (coarse + 1));
        const { mu = 0 } = full.regularizer as { mu?: number };
        for (let i = 0; i < values.length; i++) {
          const primal = values[i] / full.delta + mu * values[i];
          state.v[i] = primal + (state.v[i] - primal) / (coarse + 1);
        }
      }
    },
    step(indices: Int32Array, frozen: boolean) {
      const { gradients } = backward(problem.model, theta, batchOf(problem, indices));
      const fineSteps = fineDone;
      if (!frozen) fineDone++;
      for (const { name, shape, sparse, method, state, pattern } of members) {
        const values = theta.get(name)!;
        const g = gradients.get(name)!;
        const moments = [state.m1, state.m2].filter((array) => array !== undefined);
        const before = moments.map((array) => array.slice());
        // Without gradient and moments v stays, and so a group's norm knows nothing of a weight
        // outside the pattern.
        const outside = frozen && sparse ? [...pattern.keys()].filter((i) => !pattern[i]) : [];
        for (const i of outside) for (const array of [g, ...moments]) array[i] = 0;
        // Bias corrections count what the moments have seen: those of zero weights fine steps only.
        const steps = state.step + 1;
        if (!frozen && sparse) state.step = fineSteps;
        method.step(state, values, g, shape);
        state.step = steps;
        if (!sparse) continue;
        if (!frozen) {
          for (let i = 0; i < values.length; i++) pattern[i] = Number(values[i] !== 0);
          continue;
        }
        for (const i of outside) {
          // (A lambda that was lowered would let it be born.)
          values[i] = 0;
          moments.forEach((array, k) => (array[i] = before[k][i]));
        }
      }
    },
  };
}

forEachBackend((_name, pool) => {
  describe.each([
    ["sparse", 0.12],
    ["dense", 0.95],
  ] as const)("from %s kernels", (kernel, density) => {
    test.each(Object.entries(OPTIMIZERS))(
      "%s: 13 steps with m = 3",
      (_optimizer, [model, weight, conv]) => {
        const mark = pool.memory.mark();
        const problem = randomProblem(model, COUNT, { density });
        const trainer = trainerFor(pool, problem, weight, conv);
        expect(
          trainer.updaters.some(
            ({ parameter }) => parameter.pattern && parameter.kernel === kernel,
          ),
        ).toBe(true);
        const exact = reference(problem, weight, conv);
        trainer.freeze(3);
        exact.freeze(3);
        let resting = 0;
        batchesOf(13).forEach((indices, k) => {
          const frozen = k % 4 !== 0;
          trainer.step(indices);
          exact.step(indices, frozen);
          for (const { name, pattern, sparse } of exact.members) {
            const theta = trainer.theta(name);
            expect(relativeError(theta, exact.theta.get(name)!), `${name}, step ${k}`).toBeLessThan(
              5e-4,
            );
            if (!sparse) continue;
            theta.forEach((w, i) => {
              if (!pattern[i] && w !== 0) throw new Error(`${name}[${i}] was born in step ${k}`);
              if (frozen && pattern[i] && w === 0) resting++;
            });
          }
        });
        // Otherwise nothing was tested of weights that rest. (A whole row comes to rest by chance
        // only.)
        const wholeRows = weight.regularizer === rows || conv?.regularizer === filters;
        if (kernel === "sparse" && !wholeRows) expect(resting).toBeGreaterThan(0);
        pool.memory.release(mark);
      },
    );
  });
});

/** Every regularizer that can be frozen with every optimizer, on convolutions. */
const GRID = (["kernels", "filters", "rows"] as const)
  .flatMap((groups): [string, Regularizer][] => [
    [`group lasso of ${groups}`, groupLasso({ lambda: 0.03, groups })],
    ...[0, 0.3, 0.8].map((lambda0): [string, Regularizer] => [
      `sparse group lasso of ${groups}, lambda0 ${lambda0}`,
      sparseGroupLasso({ lambda: 0.05, lambda0, groups }),
    ]),
  ])
  .concat([
    ["l1", l1(0.1)],
    ["non-negative l1", nonNegativeL1(0.1)],
    ["elastic net", elasticNet({ lambda: 0.1, mu: 0.5 })],
  ])
  .flatMap(([J, regularizer]) =>
    Object.entries({
      LinBreg: linBreg({ tau: 0.3, regularizer }),
      "LinBreg, delta 2, weight decay": linBreg({
        tau: 0.2,
        delta: 2,
        weightDecay: 0.05,
        regularizer,
      }),
      momentum: linBreg({ tau: 0.3, momentum: 0.8, regularizer }),
      Nesterov: linBreg({ tau: 0.3, momentum: 0.8, nesterov: true, regularizer }),
      AdaBreg: adaBreg({ tau: 0.02, regularizer }),
      "AdaBreg, first moment uncorrected": adaBreg({
        tau: 0.02,
        biasCorrectFirstMoment: false,
        regularizer,
      }),
    }).map(([name, optimizer]) => [`${name}, ${J}`, optimizer] as const),
  );
/** Kernels of 9, 1 and 35 taps. */
const SHAPES = sequential(
  [2, 7, 7],
  [
    conv2d(3, { kernel: 3, padding: 1 }),
    relu(),
    conv2d(4, { kernel: 1 }),
    relu(),
    conv2d(3, { kernel: [7, 5] }),
    flatten(),
    linear(5),
  ],
);

forEachBackend((_name, pool) => {
  test.each(GRID)(
    "%s: zero weights keep v and moments in frozen steps, the others move as the rule says",
    (_, conv) => {
      const mark = pool.memory.mark();
      const problem = randomProblem(SHAPES, COUNT, { density: 0.6 });
      // Taps that are zero within kernels that are not.
      const random = stream(7, "taps");
      for (const [name, theta] of problem.parameters) {
        if (!name.startsWith("conv") || !name.endsWith("weight")) continue;
        theta.forEach((_w, i) => random.bernoulli(0.3) && (theta[i] = 0));
      }
      const weight = linBreg({ tau: 0.3, regularizer: l1(0.1) });
      const trainer = trainerFor(pool, problem, weight, conv);
      const exact = reference(problem, weight, conv);
      trainer.freeze(2);
      exact.freeze(2);
      const duals = () =>
        new Map(
          trainer.updaters.map(({ parameter: { name }, state: { v, m1, m2 } }) => [
            name,
            [v, m1, m2].map((x) => x?.slice()),
          ]),
        );
      batchesOf(6).forEach((batch, k) => {
        const indices = batch.subarray(0, 16);
        const frozen = k % 3 !== 0;
        const before = duals();
        trainer.step(indices);
        exact.step(indices, frozen);
        for (const { name, pattern, state } of exact.members) {
          expect(
            relativeError(trainer.theta(name), exact.theta.get(name)!),
            `${name}, step ${k}`,
          ).toBeLessThan(5e-4);
          const { state: own } = trainer.updaters.find(({ parameter }) => parameter.name === name)!;
          expect(relativeError(own.v, state.v), `v of ${name}, step ${k}`).toBeLessThan(5e-4);
          if (!frozen || name.endsWith("bias")) continue;
          const kept = [own.v, own.m1, own.m2].every(
            (now, n) =>
              now?.every((x, i) => pattern[i] || Object.is(x, before.get(name)![n]![i])) ?? true,
          );
          expect(kept, `v and moments of ${name} beside the pattern, step ${k}`).toBe(true);
        }
      });
      pool.memory.release(mark);
    },
  );

  test("one kernel with one zero tap: it keeps v in the frozen step, and is born in the next fine one", () => {
    const mark = pool.memory.mark();
    const model = sequential([1, 7, 7], [conv2d(2, { kernel: 7 }), flatten()]);
    const problem = randomProblem(model, COUNT);
    problem.parameters.get("conv2d1.weight")![24] = 0;
    const [indices] = batchesOf(1);
    const tau = 0.001;
    const withLambda = (lambda: number) => {
      const conv = linBreg({
        tau,
        regularizer: sparseGroupLasso({ lambda, lambda0: 0.5, groups: "kernels" }),
      });
      return trainerFor(pool, problem, conv, conv);
    };
    const dualOf = ({ updaters: [{ state }] }: Trainer) => state.v[24];
    // By how much a step moves v of the tap. Its threshold is lambda / 4: half of lambda, over two
    // steps of a cycle.
    const probe = withLambda(1);
    probe.step(indices);
    const moved = Math.abs(dualOf(probe));
    expect(moved).toBeGreaterThan(0);
    const trainer = withLambda(4 * 1.5 * moved);
    trainer.freeze(1);
    const found = Array.from({ length: 3 }, () => {
      trainer.step(indices);
      const theta = trainer.theta("conv2d1.weight");
      return {
        v: Math.abs(dualOf(trainer)) / moved,
        zeros: [...theta.keys()].filter((i) => theta[i] === 0),
      };
    });
    const near = (v: number) => expect.closeTo(v, 1) as number;
    expect(found).toEqual([
      { v: near(1), zeros: [24] },
      { v: found[0].v, zeros: [24] },
      { v: near(2), zeros: [] },
    ]);
    pool.memory.release(mark);
  });
});

describe("freezing", () => {
  test("m = 0 has the bits of a run that knows nothing of it, and so has one that was frozen before its first step", async () => {
    const pool = await createPool({ threads: 2 });
    const thetas = [false, true].map((frozen) => {
      const problem = randomProblem(FLAT, COUNT, { density: 0.1 });
      const trainer = trainerFor(pool, problem, adaBreg({ tau: 0.02, regularizer: l1(0.1) }));
      if (frozen) trainer.freeze(0);
      for (const indices of batchesOf(20)) trainer.step(indices);
      return trainer.updaters.map(({ parameter: { name } }) => [...trainer.theta(name)]);
    });
    expect(thetas[1]).toEqual(thetas[0]);
    await pool.close();
  });

  test("same bits for 1, 2 and 3 threads", async () => {
    const results = [];
    for (const threads of [1, 2, 3]) {
      const pool = await createPool({ threads });
      const problem = randomProblem(IMAGES, COUNT, { density: 0.2 });
      const [, weight, conv] = OPTIMIZERS["convolutions, AdaBreg kernel groups"];
      const trainer = trainerFor(pool, problem, weight, conv);
      trainer.freeze(4);
      for (const indices of batchesOf(11)) trainer.step(indices);
      results.push(trainer.updaters.map(({ parameter: { name } }) => [...trainer.theta(name)]));
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test.each([
    ["l1", l1(0.3), 0],
    ["the elastic net", elasticNet({ lambda: 0.3, mu: 0.5 }), 0.5],
  ])(
    "%s: a change of m leaves theta as it is, and v in the subdifferential for the new lambda",
    async (...[, J, mu]) => {
      const pool = await createPool({ threads: 1 });
      const problem = randomProblem(FLAT, COUNT, { density: 0.2 });
      const trainer = trainerFor(pool, problem, linBreg({ tau: 0.2, delta: 1.5, regularizer: J }));
      const batches = batchesOf(30);
      for (const indices of batches.slice(0, 10)) trainer.step(indices);
      for (const [coarse, lambda] of [
        [9, 0.03],
        [2, 0.1],
        [0, 0.3],
      ]) {
        const before = trainer.updaters.map(({ parameter: { name } }) => trainer.theta(name));
        trainer.freeze(coarse);
        trainer.updaters.forEach(({ parameter: { name, role }, state: { v }, optimizer }, k) => {
          const theta = trainer.theta(name);
          expect([...theta]).toEqual([...before[k]]);
          if (role !== "weight") return;
          expect(optimizer.regularizer.lambda).toBeCloseTo(lambda, 12);
          theta.forEach((w, i) => {
            const p = v[i] - w / 1.5 - mu * w;
            if (w === 0) expect(Math.abs(p)).toBeLessThan(lambda * (1 + 1e-5));
            else expect(p).toBeCloseTo(lambda * Math.sign(w), 5);
          });
        });
        for (const indices of batches.slice(10, 20)) trainer.step(indices);
      }
      await pool.close();
    },
  );

  test.each([
    ["single weights", FLAT, adaBreg({ tau: 0.05, regularizer: l1(0.3) }), undefined],
    [
      "1 x 1 kernels",
      POINTS,
      adaBreg({ tau: 0.05, regularizer: l1(0.3) }),
      adaBreg({ tau: 0.05, regularizer: groupLasso({ lambda: 0.3, groups: "kernels" }) }),
    ],
    [
      "kernels with zero taps",
      IMAGES,
      adaBreg({ tau: 0.05, regularizer: l1(0.3) }),
      adaBreg({
        tau: 0.05,
        regularizer: sparseGroupLasso({ lambda: 0.3, lambda0: 0.2, groups: "kernels" }),
      }),
    ],
  ] as const)(
    "%s: a state taken as m changes within a cycle goes on with the same bits",
    async (...[, model, weight, conv]) => {
      const pool = await createPool({ threads: 1 });
      const problem = randomProblem(model, COUNT, { density: 0.2 });
      const [whole, resumed] = [0, 1].map(() => trainerFor(pool, problem, weight, conv));
      const batches = batchesOf(12);
      whole.freeze(7);
      for (const indices of batches.slice(0, 4)) whole.step(indices);
      whole.freeze(3);
      const state = whole.state();
      const rests = [...state.tensors].some(
        ([name, { data }]) => name.startsWith("resting/conv") || data.some((x) => Object.is(x, -0)),
      );
      expect(rests || model === FLAT).toBe(true);
      expect([...state.tensors.keys()].some((name) => name.startsWith("resting/linear"))).toBe(
        true,
      );
      resumed.restore(state);
      for (const indices of batches.slice(4))
        for (const trainer of [whole, resumed]) trainer.step(indices);
      const bits = ({ updaters }: Trainer) => updaters.map(({ state: { v } }) => [...v]);
      expect(bits(resumed)).toEqual(bits(whole));
      await pool.close();
    },
  );

  test.each([
    ["after exact steps", 0],
    ["after a fine step", 3],
  ])("patterns that are fixed %s stay, and so does lambda; a state goes on", async (_, coarse) => {
    const pool = await createPool({ threads: 1 });
    const problem = randomProblem(FLAT, COUNT, { density: 0.2 });
    const optimizer = linBreg({ tau: 0.3, regularizer: l1(0.2) });
    const [whole, resumed] = [0, 1].map(() => trainerFor(pool, problem, optimizer));
    const batches = batchesOf(40);
    whole.freeze(coarse);
    for (const indices of batches.slice(0, 5)) whole.step(indices);
    whole.fix();
    const weights = () =>
      whole.updaters
        .filter(({ parameter }) => parameter.role === "weight")
        .map(({ parameter: { name }, state: { v }, lambda }) => ({
          theta: whole.theta(name),
          v: v.slice(),
          lambda,
        }));
    const before = weights();
    for (const indices of batches.slice(5, 20)) {
      expect(whole.next).toBe("frozen");
      whole.step(indices);
    }
    weights().forEach((now, k) => {
      expect(now.lambda).toBe(before[k].lambda);
      const outside = [...now.v.keys()].filter((i) => before[k].theta[i] === 0);
      expect(outside.every((i) => now.theta[i] === 0 && now.v[i] === before[k].v[i])).toBe(true);
      expect(now.theta.some((w, i) => w !== before[k].theta[i])).toBe(true);
    });
    resumed.restore(whole.state());
    whole.fix();
    for (const indices of batches.slice(20))
      for (const trainer of [whole, resumed]) trainer.step(indices);
    expect(resumed.next).toBe("frozen");
    const bits = ({ updaters }: Trainer) => updaters.map(({ state: { v } }) => [...v]);
    expect(bits(resumed)).toEqual(bits(whole));
    await pool.close();
  });

  test("fixedAfter: from that epoch on nothing is born, and control leaves lambda", async () => {
    const random = stream(3, "data");
    const x = Float32Array.from({ length: 200 * 12 }, () => random.normal());
    const y = Uint8Array.from({ length: 200 }, (_, i) => Number(x[i * 12] * x[i * 12 + 1] > 0));
    const births: number[] = [];
    const lambdas: number[] = [];
    const nonZeros: number[] = [];
    const set = fromArrays({ shape: [12], train: { inputs: x, labels: y } });
    await fit(mlp([12, 30, 2]), set, {
      optimizer: {
        weights: linBreg({ tau: 0.5, regularizer: l1(0.02) }),
        biases: linBreg({ tau: 0.5 }),
      },
      init: { weights: { density: 0.05 } },
      freeze: { coarse: 0, fixedAfter: 3 },
      targetDensity: 0.33,
      epochs: 6,
      batchSize: 20,
      onEvent(event) {
        if (event.type !== "epoch" || event.metrics.epoch === 0) return;
        births.push(event.metrics.births);
        lambdas.push(event.metrics.layers[0].lambda!);
        nonZeros.push(event.metrics.layers[0].nonZeros);
      },
    });
    expect(births.slice(0, 3).every((count) => count > 0)).toBe(true);
    expect(new Set(lambdas.slice(0, 3)).size).toBe(3);
    expect(new Set(lambdas.slice(2)).size).toBe(1);
    // Later ones only rest for a while.
    expect(births[3]).toBe(0);
    expect(Math.max(...nonZeros.slice(3))).toBeLessThanOrEqual(nonZeros[2]);
  });

  test("nobody waits for births where patterns are fixed", async () => {
    const x = Float32Array.from({ length: 40 }, (_, i) => i / 40);
    const y = Uint8Array.from(x, (value) => Number(value > 0.5));
    const { epochs } = await fit(
      mlp([1, 30, 2]),
      fromArrays({ shape: [1], train: { inputs: x, labels: y } }),
      {
        optimizer: {
          weights: linBreg({ tau: 0.01, regularizer: l1(10) }),
          biases: linBreg({ tau: 0.01 }),
        },
        init: { weights: { density: 0.2 } },
        freeze: { coarse: 0, fixedAfter: 1 },
        epochs: 3,
        batchSize: 20,
      },
    );
    expect(epochs.every(({ births }) => births === 0)).toBe(true);
  });

  test("a state in which a weight rests that is not zero is refused", async () => {
    const pool = await createPool({ threads: 1 });
    const weight = adaBreg({ tau: 0.05, regularizer: l1(0.3) });
    const trainer = trainerFor(pool, randomProblem(FLAT, COUNT, { density: 0.2 }), weight);
    trainer.freeze(7);
    for (const indices of batchesOf(4)) trainer.step(indices);
    const state = trainer.state();
    const name = "resting/linear1.weight";
    const resting = state.tensors.get(name)!.data as Int32Array;
    expect(resting.length).toBeGreaterThan(0);
    const theta = state.tensors.get("theta/linear1.weight")!.data;
    const data = Int32Array.from(resting);
    data[data.length - 1] = theta.findIndex((w) => w !== 0);
    const tensors = new Map(state.tensors).set(name, { shape: [data.length], data });
    expect(() => trainer.restore({ ...state, tensors })).toThrow(
      new UnusableFileError(`could not resume: the tensor ${name} names no weights that can rest`),
    );
    await pool.close();
  });

  test("zeros that a frozen step leaves are zeros, not minus zeros", async () => {
    const pool = await createPool({ threads: 1 });
    const groups = sparseGroupLasso({ lambda: 0.3, lambda0: 0.2, groups: "kernels" });
    const weight = adaBreg({ tau: 0.05, regularizer: l1(0.3) });
    const conv = adaBreg({ tau: 0.05, regularizer: groups });
    const trainer = trainerFor(pool, randomProblem(IMAGES, COUNT, { density: 0.5 }), weight, conv);
    trainer.freeze(7);
    for (const indices of batchesOf(6)) trainer.step(indices);
    const theta = trainer.theta("conv2d2.weight");
    const marked = trainer.state().tensors.get("theta/conv2d2.weight")!.data;
    expect(marked.some((w) => Object.is(w, -0))).toBe(true);
    expect(theta.includes(0)).toBe(true);
    expect(theta.some((w) => Object.is(w, -0))).toBe(false);
    await pool.close();
  });

  test("under a steady gradient AdaBreg moves a weight that is not there by tau in each fine step", async () => {
    const pool = await createPool({ threads: 1 });
    const problem = randomProblem(FLAT, COUNT, { density: 0.1 });
    // So large a lambda that nothing is born, and so small a tau that the loss stands still.
    const tau = 1e-6;
    const trainer = trainerFor(pool, problem, adaBreg({ tau, regularizer: l1(0.5) }));
    trainer.freeze(9);
    const [indices] = batchesOf(1);
    const { v } = trainer.updaters[0].state;
    const start = v.slice();
    for (let k = 0; k < 300; k++) trainer.step(indices);
    const moved = Array.from(v, (value, i) => Math.abs(value - start[i]) / tau).filter(
      (_, i) => start[i] === 0,
    );
    // 30 fine steps, less those whose gradient is zero or changes sign with the biases.
    expect(Math.max(...moved)).toBeLessThan(33);
    expect(moved.filter((steps) => steps > 27).length).toBeGreaterThan(moved.length / 4);
    await pool.close();
  });

  test("what can't be frozen is said", async () => {
    const pool = await createPool({ threads: 1 });
    const freezing = (optimizer: Optimizer) => () =>
      trainerFor(pool, randomProblem(FLAT, COUNT), optimizer).freeze(3);
    const columns = linBreg({ regularizer: groupLasso({ lambda: 0.1, groups: "columns" }) });
    expect(freezing(sgd())).toThrow(
      "could not freeze anything: expected a regularizer of weights, found none",
    );
    expect(freezing(columns)).toThrow(
      /could not freeze linear1.weight: .*, found linBreg with groupLasso$/,
    );
    expect(freezing(proxSgd({ regularizer: l1(0.1) }))).toThrow(
      /could not freeze .*found proxSgd with l1$/,
    );
    await pool.close();
  });
});

test("fit says what can't be frozen before it begins, not when the first frozen step is due", async () => {
  const train = { inputs: new Float32Array(32), labels: Uint8Array.from([0, 1, 2, 0]) };
  const events: string[] = [];
  const run = fit(mlp([8, 6, 3]), fromArrays({ shape: [8], train }), {
    optimizer: { weights: sgd(), biases: sgd() },
    freeze: { coarse: 3, after: 5 },
    epochs: 8,
    threads: 1,
    onEvent: ({ type }) => void events.push(type),
  });
  await expect(run).rejects.toThrow(
    "could not freeze anything: expected a regularizer of weights, found none",
  );
  const masked = fit(
    IMAGES,
    fromArrays({
      shape: [2, 8, 8],
      classes: 5,
      train: { ...train, inputs: new Float32Array(512) },
    }),
    {
      optimizer: { weights: linBreg({ regularizer: l1(0.1) }), convs: rigL(), biases: sgd() },
      freeze: 3,
      epochs: 1,
      threads: 1,
      onEvent: ({ type }) => void events.push(type),
    },
  );
  await expect(masked).rejects.toThrow(
    /could not freeze conv2d1.weight: .*, found rigL with none$/,
  );
  expect(events).toEqual([]);
});

describe("how many steps are frozen", () => {
  test("a fixed number, after some epochs", () => {
    expect([0, 1, 2, 3].map((epoch) => coarseSteps({ coarse: 9, after: 2 }, epoch))).toEqual([
      0, 0, 9, 9,
    ]);
  });

  test("by the births: a cycle brings about the share that is allowed", () => {
    const options = { coarse: 99, births: 0.01 };
    const rate = (births: number) => ({ births, nonZeros: 1000, steps: 100 });
    expect(coarseSteps(options, 0)).toBe(0);
    // 10 births are allowed; 200 in 100 steps are 2 a step: cycles of 5 steps.
    expect(coarseSteps(options, 1, rate(200))).toBe(4);
    expect(coarseSteps(options, 1, rate(5000))).toBe(0);
    expect(coarseSteps(options, 1, rate(10))).toBe(99);
    expect(coarseSteps(options, 1, rate(0))).toBe(99);
    expect(coarseSteps(options, 1, { births: 0, nonZeros: 0, steps: 100 })).toBe(99);
  });

  test.each([
    [{ coarse: -1 }, "freeze: coarse must be an integer of at least 0, found -1"],
    [{ coarse: 1.5 }, "freeze: coarse must be an integer of at least 0, found 1.5"],
    [{ coarse: 3, after: NaN }, "freeze: after must be an integer of at least 0, found NaN"],
    [{ coarse: 3, births: 0 }, "freeze: births must be in (0, 1], found 0"],
    [
      { coarse: 3, lambda: "half" as "kept" },
      'freeze: lambda must be "scaled" or "kept", found half',
    ],
  ])("%j is refused", (options, message) => {
    expect(() => checkFreeze(options)).toThrow(message);
  });
});
