/** An optimizer's kernel form, run by the C kernel on every backend, takes the same steps as the optimizer itself. */
import { describe, expect, test } from "vitest";
import { adaBreg, adam, lassoSgd, linBreg, proxSgd, sgd, type Optimizer } from "#bregman/optim/index.js";
import { kernelForm } from "#bregman/optim/kernel-form.js";
import {
  box,
  elasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  sparseGroupLasso,
  type GroupLasso,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import { FOLLOW, HYPER, MOVE, op } from "#bregman/runtime/kernel-table.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";
import { distance } from "../support/regularizer-table.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const mirror: readonly (readonly [string, (regularizer: Regularizer) => Optimizer])[] = [
  ["linBreg", (regularizer) => linBreg({ tau: 0.3, regularizer })],
  ["linBreg, delta 2", (regularizer) => linBreg({ tau: 0.3, delta: 2, regularizer })],
  ["linBreg, momentum", (regularizer) => linBreg({ tau: 0.3, momentum: 0.9, regularizer })],
  ["linBreg, Nesterov", (regularizer) => linBreg({ tau: 0.3, momentum: 0.9, nesterov: true, regularizer })],
  ["adaBreg", (regularizer) => adaBreg({ tau: 0.1, regularizer })],
  ["adaBreg, uncorrected", (regularizer) => adaBreg({ tau: 0.1, biasCorrectFirstMoment: false, regularizer })],
  ["proxSgd", (regularizer) => proxSgd({ tau: 0.3, regularizer })],
];
const penalties: readonly (readonly [string, (regularizer: Regularizer) => Optimizer])[] = [
  ["lassoSgd", (regularizer) => lassoSgd({ tau: 0.3, regularizer })],
  ["lassoSgd, adam", (regularizer) => lassoSgd({ tau: 0.1, regularizer, inner: "adam" })],
];
const twins: readonly Regularizer[] = [
  none(),
  l1(0.4),
  nonNegativeL1(0.4),
  groupLasso({ lambda: 0.2 }),
  sparseGroupLasso({ lambda: 0.4, lambda0: 0.4 }),
  elasticNet({ lambda: 0.4, mu: 0.7 }),
];
const shapes: readonly Shape[] = [[5, 7], [9], [4, 2, 3, 3]];
/** Regularizers of convolutions only. */
const convTwins: readonly Regularizer[] = [
  groupLasso({ lambda: 0.2, groups: "kernels" }),
  sparseGroupLasso({ lambda: 0.4, lambda0: 0.4, groups: "kernels" }),
  groupLasso({ lambda: 0.1, groups: "filters" }),
];
const convShapes: readonly Shape[] = [
  [4, 2, 3, 3],
  [3, 5, 1, 1],
  [2, 3, 5, 5],
];

/** Every optimizer with a kernel form, by name. */
const cases = [
  ...mirror.flatMap(([name, make]) => twins.map((J) => [`${name}, ${J.kind}`, make(J), shapes] as const)),
  ...mirror.flatMap(([name, make]) =>
    convTwins.map((J) => [`${name}, ${J.kind} ${(J as GroupLasso).groups}`, make(J), convShapes] as const),
  ),
  ...penalties.flatMap(([name, make]) =>
    [none(), l1(0.4), groupLasso({ lambda: 0.2 })].map((J) => [`${name}, ${J.kind}`, make(J), shapes] as const),
  ),
  ["sgd, momentum", sgd({ tau: 0.3, momentum: 0.5 }), shapes] as const,
  ["adam", adam({ tau: 0.1 }), shapes] as const,
];

forEachBackend((_, pool) => {
  test.each(cases)("%s", (name, optimizer, tensors) => {
    for (const shape of tensors) {
      const form = kernelForm(optimizer, shape)!;
      const length = shape.reduce((a, b) => a * b, 1);
      expect(form.rows * form.cols).toBe(length);
      const random = randomFrom(`${name} [${shape.join()}]`);
      const theta = Float32Array.from(randomArray(random, length, 0.4));
      const state = optimizer.init(theta, shape);
      scoped(pool, ({ put, room, read, readInts }) => {
        const g = room(length);
        const hyper = room(16);
        const args = {
          v: put(state.v as Float32Array),
          g,
          m1: state.m1 ? put(state.m1 as Float32Array) : 0,
          m2: state.m2 ? put(state.m2 as Float32Array) : 0,
          hyper,
          theta: put(theta),
          entries: 0,
          counts: room(form.rows),
          changed: room(form.rows),
          rows: form.rows,
          cols: form.cols,
          move: form.move,
          follow: form.follow,
          writeBack: form.writeBack,
          penalty: form.penalty,
          columns: 0,
          group: form.group,
        };
        let zeros = 0;
        for (let k = 1; k <= 12; k++) {
          // A learning rate that changes, as a schedule makes it.
          const tau = optimizer.tau / (1 + k / 10);
          const gradient = Float32Array.from(randomArray(random, length));
          optimizer.step(state, theta, gradient, shape, tau);
          pool.memory.f32(g, length).set(gradient);
          form.hyper(tau, k, pool.memory.f32(hyper, 16));
          runOps(pool, [op("update", form.rows, args)]);
          const got = read(args.theta, length);
          // A dozen steps of float32 roundings on numbers near 1.
          expect(distance(got, theta)).toBeLessThan(5e-6);
          expect(distance(read(args.v, length), state.v)).toBeLessThan(5e-6);
          const counted = readInts(args.counts, form.rows).reduce((sum, n) => sum + n, 0);
          expect(counted).toBe(got.filter((value) => value !== 0).length);
          zeros += length - counted;
        }
        if (optimizer.follow !== "penalty" && optimizer.regularizer.lambda > 0) expect(zeros).toBeGreaterThan(0);
      });
    }
  });
});

describe("what has no twin", () => {
  test.each([
    ["column groups", linBreg({ regularizer: groupLasso({ lambda: 1, groups: "columns" }) })],
    ["sparse column groups", linBreg({ regularizer: sparseGroupLasso({ lambda: 1, groups: "columns" }) })],
    ["a sparse group penalty", lassoSgd({ regularizer: sparseGroupLasso({ lambda: 1 }) })],
    ["an elastic net as penalty", lassoSgd({ regularizer: elasticNet({ lambda: 1, mu: 1 }) })],
    ["a box", linBreg({ regularizer: box({ lower: 0, upper: 1 }) })],
    ["l-infinity", linBreg({ regularizer: lInfinity(1) })],
    ["the nuclear norm", linBreg({ regularizer: nuclear(1) })],
    ["a regularizer of one's own", linBreg({ regularizer: { ...l1(1), kind: "mine" } })],
  ])("%s", (_, optimizer) => expect(kernelForm(optimizer, [3, 2])).toBeUndefined());

  test.each([
    ["channel groups", linBreg({ regularizer: groupLasso({ lambda: 1, groups: "channels" }) }), [1, 2, 3, 3]],
    [
      "a penalty of kernel groups",
      lassoSgd({ regularizer: groupLasso({ lambda: 1, groups: "kernels" }) }),
      [2, 2, 3, 3],
    ],
  ] as const)("%s", (_, optimizer, shape) => expect(kernelForm(optimizer, shape)).toBeUndefined());
});

describe("the numbers", () => {
  const shape = [3, 4];
  test("thresholds: lambda in mirror form, tau lambda in proximal form, sqrt(n) in groups", () => {
    const J = sparseGroupLasso({ lambda: 0.5, lambda0: 0.25 });
    const breg = kernelForm(linBreg({ tau: 0.5, delta: 2, regularizer: J }), shape)!.hyper(0.5, 1);
    expect([breg[HYPER.tau], breg[HYPER.delta]]).toEqual([0.5, 2]);
    expect([breg[HYPER.threshold], breg[HYPER.groupThreshold]]).toEqual([0.375, 0.25]);
    const prox = kernelForm(proxSgd({ tau: 0.5, regularizer: J }), shape)!.hyper(0.25, 1);
    expect([prox[HYPER.tau], prox[HYPER.delta]]).toEqual([0.25, 1]);
    expect([prox[HYPER.threshold], prox[HYPER.groupThreshold]]).toEqual([0.25 * 0.375, 0.25 * 0.25]);
  });
  test("moments: 1 - beta is taken in float64, the corrections are of the step's number", () => {
    const form = kernelForm(adaBreg({ tau: 0.1, beta1: 0.9, beta2: 0.999 }), shape)!;
    expect(form).toMatchObject({ move: MOVE.adam, follow: FOLLOW.none, writeBack: 0, penalty: 0, rows: 3, cols: 4 });
    const hyper = form.hyper(0.1, 2);
    expect(hyper[HYPER.gain2]).toBe(Math.fround(1 - 0.999));
    expect(hyper[HYPER.correction1]).toBe(Math.fround(1 / (1 - 0.9 ** 2)));
    expect(hyper[HYPER.correction2]).toBe(Math.fround(1 / (1 - 0.999 ** 2)));
  });
  test("kernel groups: kh kw columns each, threshold lambda sqrt(kh kw)", () => {
    const conv = [6, 4, 5, 3];
    const J = groupLasso({ lambda: 0.5, groups: "kernels" });
    const form = kernelForm(linBreg({ regularizer: J }), conv)!;
    expect(form).toMatchObject({ rows: 6, cols: 60, follow: FOLLOW.kernelGroup, group: 15 });
    expect(form.hyper(0.1, 1)[HYPER.groupThreshold]).toBe(Math.fround(0.5 * Math.sqrt(15)));
    const both = sparseGroupLasso({ lambda: 0.5, lambda0: 0.25, groups: "kernels" });
    const sparse = kernelForm(linBreg({ regularizer: both }), conv)!;
    expect(sparse).toMatchObject({ follow: FOLLOW.sparseKernelGroup, group: 15 });
    expect(sparse.hyper(0.1, 1)[HYPER.threshold]).toBe(0.375);
    expect(sparse.hyper(0.1, 1)[HYPER.groupThreshold]).toBe(Math.fround(0.125 * Math.sqrt(15)));
    const filters = groupLasso({ lambda: 0.5, groups: "filters" });
    expect(kernelForm(linBreg({ regularizer: filters }), conv)).toMatchObject({ follow: FOLLOW.rowGroup, group: 1 });
  });
  test("a bias is one row, and its row groups are its entries", () => {
    const form = kernelForm(linBreg({ regularizer: groupLasso({ lambda: 0.5 }) }), [6])!;
    expect(form).toMatchObject({ rows: 1, cols: 6, follow: FOLLOW.l1 });
    expect(form.hyper(0.1, 1)[HYPER.threshold]).toBe(0.5);
  });
});
