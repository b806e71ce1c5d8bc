/**
 * An optimizer's kernel form, run by the C kernel on every backend, takes the same steps as the
 * optimizer itself.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  adaBreg,
  adam,
  lassoSgd,
  linBreg,
  proxSgd,
  rigL,
  sgd,
  type Optimizer,
} from "#bregman/optim/index.js";
import { kernelForm } from "#bregman/optim/kernel-form.js";
import {
  groupLasso,
  l1,
  none,
  sparseGroupLasso,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import { FOLLOW, HYPER, MOVE } from "#bregman/runtime/contract/update.js";
import { op } from "#bregman/runtime/kernel-table.js";
import { randomArray, randomFrom } from "../support/optimizer-table.js";
import { dimensionsOf, distance, ROWS, SPECS, type Spec } from "../support/regularizer-table.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const mirror: readonly (readonly [string, (regularizer: Regularizer) => Optimizer])[] = [
  ["linBreg", (regularizer) => linBreg({ tau: 0.3, regularizer })],
  ["linBreg, delta 2", (regularizer) => linBreg({ tau: 0.3, delta: 2, regularizer })],
  ["linBreg, momentum", (regularizer) => linBreg({ tau: 0.3, momentum: 0.9, regularizer })],
  [
    "linBreg, Nesterov",
    (regularizer) => linBreg({ tau: 0.3, momentum: 0.9, nesterov: true, regularizer }),
  ],
  ["adaBreg", (regularizer) => adaBreg({ tau: 0.1, regularizer })],
  [
    "adaBreg, uncorrected",
    (regularizer) => adaBreg({ tau: 0.1, biasCorrectFirstMoment: false, regularizer }),
  ],
  ["proxSgd", (regularizer) => proxSgd({ tau: 0.3, regularizer })],
];
const penalties: readonly (readonly [string, (regularizer: Regularizer) => Optimizer])[] = [
  ["lassoSgd", (regularizer) => lassoSgd({ tau: 0.3, regularizer })],
  ["lassoSgd, adam", (regularizer) => lassoSgd({ tau: 0.1, regularizer, inner: "adam" })],
];
const SHAPES: readonly Shape[] = [[5, 7], [9], [4, 2, 3, 3], [3, 5, 1, 1], [2, 3, 5, 5]];
const shapesOf = (spec: Spec): readonly Shape[] =>
  SHAPES.filter(({ length }) => length >= dimensionsOf(spec));
/** Rows whose steps the kernel takes that way. */
const rowsBy = (way: "mirror" | "penalty") => SPECS.filter(({ kernel }) => kernel.includes(way));

/** Every optimizer with a kernel form, by name. */
const cases = [
  ...mirror.flatMap(([name, make]) =>
    rowsBy("mirror").map(
      (spec) => [`${name}, ${spec.name}`, make(spec.make(0.5)), shapesOf(spec)] as const,
    ),
  ),
  ...penalties.flatMap(([name, make]) =>
    rowsBy("penalty").map(
      (spec) => [`${name}, ${spec.name}`, make(spec.make(0.5)), shapesOf(spec)] as const,
    ),
  ),
  ["sgd, momentum", sgd({ tau: 0.3, momentum: 0.5 }), SHAPES] as const,
  ["adam", adam({ tau: 0.1 }), SHAPES] as const,
];

forEachBackend((_, pool) => {
  test.each(cases)("%s", (name, optimizer, tensors) => {
    let zeros = 0;
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
      });
    }
    if (optimizer.follow !== "penalty" && optimizer.regularizer.lambda > 0)
      expect(zeros).toBeGreaterThan(0);
  });
});

describe("what has no twin", () => {
  const SHAPE = [2, 2, 3, 3];
  test.each(ROWS)("%s", (_, spec) => {
    const J = spec.make(1);
    expect(kernelForm(linBreg({ regularizer: J }), SHAPE) !== undefined).toBe(
      spec.kernel.includes("mirror"),
    );
    if (!J.finite) return expect(() => lassoSgd({ regularizer: J })).toThrow(InputError);
    expect(kernelForm(lassoSgd({ regularizer: J }), SHAPE) !== undefined).toBe(
      spec.kernel.includes("penalty"),
    );
  });

  test("a mask", () => expect(kernelForm(rigL(), SHAPE)).toBeUndefined());
});

describe("a regularizer of one's own", () => {
  /** Nothing but what it must have, under a name of the library's. */
  const bare = ({ value, prox, subgradient }: Regularizer): Regularizer => ({
    kind: "l1",
    lambda: 1,
    value,
    prox,
    subgradient,
  });

  test("has no twin unless it says that it has a standard form", () => {
    expect(kernelForm(linBreg({ regularizer: bare(l1(1)) }), [3, 2])).toBeUndefined();
    expect(kernelForm(linBreg({ regularizer: bare(none()) }), [3, 2])).toBeUndefined();
  });

  test.each(
    SPECS.filter(({ kernel }) => kernel.length > 0).map((spec) => [spec.name, spec] as const),
  )("under any name it is what it says: %s", (_, spec) => {
    for (const shape of shapesOf(spec)) {
      const J = spec.make(1);
      const [mine, theirs] = [{ ...J, kind: "mine" }, J].map((regularizer) => {
        const { hyper, ...form } = kernelForm(linBreg({ regularizer }), shape)!;
        return { ...form, numbers: hyper(0.1, 1) };
      });
      expect(mine).toEqual(theirs);
    }
  });
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
    expect([prox[HYPER.threshold], prox[HYPER.groupThreshold]]).toEqual([
      0.25 * 0.375,
      0.25 * 0.25,
    ]);
  });
  test("moments: 1 - beta is taken in float64, the corrections are of the step's number", () => {
    const form = kernelForm(adaBreg({ tau: 0.1, beta1: 0.9, beta2: 0.999 }), shape)!;
    expect(form).toMatchObject({
      move: MOVE.adam,
      follow: FOLLOW.none,
      writeBack: 0,
      penalty: 0,
      rows: 3,
      cols: 4,
    });
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
    expect(kernelForm(linBreg({ regularizer: filters }), conv)).toMatchObject({
      follow: FOLLOW.rowGroup,
      group: 1,
    });
  });
  test("a bias is one row, and its row groups are its entries", () => {
    const form = kernelForm(linBreg({ regularizer: groupLasso({ lambda: 0.5 }) }), [6])!;
    expect(form).toMatchObject({ rows: 1, cols: 6, follow: FOLLOW.l1 });
    expect(form.hyper(0.1, 1)[HYPER.threshold]).toBe(0.5);
  });
});
