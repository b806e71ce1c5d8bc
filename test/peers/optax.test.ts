/** LinBreg and AdaBreg on arrays of jax-js: the authors' trajectories, trees, `jit`, a chain. */
import { execFileSync } from "node:child_process";
import { grad, init, jit, numpy as np, tree, type JsTree } from "@jax-js/jax";
import { beforeAll, describe, expect, test } from "vitest";
import { adaBreg, linBreg, type GradientTransformation } from "#bregman/peers/optax.js";
import { linBreg as ourLinBreg } from "#bregman/optim/index.js";
import {
  elasticNet,
  groupElasticNet,
  groupLasso,
  l1,
  none,
  nonNegativeL1,
  nuclear,
  sparseGroupLasso,
} from "#bregman/regularizers/index.js";
import { InputError } from "#bregman/errors.js";
import {
  fixtures,
  referenceProblem,
  referenceRegularizer,
  type ReferenceCase,
} from "../support/reference-fixtures.js";
import { distance } from "../support/regularizer-table.js";

type Tree = JsTree<np.Array>;

/** As that of optax: what it says is to be added, is added. */
function applyUpdates<T extends Tree>(params: T, updates: T): T {
  return tree.map((p: np.Array, u: np.Array) => p.add(u), params as Tree, updates as Tree) as T;
}

/** One transformation after the other, as optax chains them. */
function chain(...parts: GradientTransformation[]): GradientTransformation {
  return {
    init: (params) => {
      const states = parts.map((part) => part.init(tree.ref(params)));
      tree.dispose(params);
      return states as Tree;
    },
    update: (updates, state, params) => {
      const states = state as Tree[];
      const next: Tree[] = [];
      let now = updates;
      parts.forEach((part, k) => {
        const [after, own] = part.update(now, states[k], params && tree.ref(params));
        now = after;
        next.push(own);
      });
      if (params) tree.dispose(params);
      return [now, next as Tree];
    },
  };
}

/** Multiplies updates by a number. */
const scale = (by: number): GradientTransformation => ({
  init: (params) => {
    tree.dispose(params);
    return [] as unknown as Tree;
  },
  update: (updates, state, params) => {
    if (params) tree.dispose(params);
    return [tree.map((u: np.Array) => u.mul(by), updates as Tree) as typeof updates, state];
  },
});

function transformationOf({ optimizer, hyper, regularizer, lamda }: ReferenceCase) {
  const { lr: tau, delta = 1, momentum = 0, betas, eps } = hyper;
  const J = referenceRegularizer(regularizer, lamda);
  if (optimizer === "LinBreg") return linBreg({ tau, delta, momentum, regularizer: J });
  return adaBreg({ tau, delta, beta1: betas![0], beta2: betas![1], eps: eps!, regularizer: J });
}

beforeAll(async () => {
  // jax-js asks whether float64 data are of this class, which Node has from version 24.
  (globalThis as { Float16Array?: unknown }).Float16Array ??= class {};
  await init("cpu");
});

describe("the authors' code", () => {
  // That code starts negative weights under non-negative l1 at theta / delta - lambda, where J is
  // infinite: it goes another way.
  const cases = fixtures.cases.filter(
    ({ optimizer, regularizer }) => optimizer !== "ProxSGD" && regularizer !== "l1_pos",
  );
  const title = (c: ReferenceCase) =>
    `${c.optimizer} ${JSON.stringify(c.hyper)} ${c.regularizer} ${c.lamda} on ${c.input}, ${c.dtype}`;

  test("has so many cases here", () => expect(cases.length).toBe(126));

  test.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
    const problem = referenceProblem(c);
    const tolerance = c.dtype === "float64" ? 1e-12 : 2e-6;
    const dtype = c.dtype === "float64" ? np.float64 : np.float32;
    const array = (data: ArrayLike<number>) =>
      np
        .array(c.dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data), {
          dtype,
          device: "cpu",
        })
        .reshape([...problem.shape]);
    const flat = (x: np.Array) => x.ref.dataSync();
    const solver = transformationOf(c);
    let theta = array(problem.theta0);
    let state = solver.init(theta.ref);
    const steps = c.steps ?? c.theta.map((__, k) => k + 1);
    for (let k = 1; k <= 10; k++) {
      const g = array(problem.gradient(flat(theta), k - 1));
      let updates: np.Array;
      [updates, state] = solver.update(g, state, theta.ref);
      theta = applyUpdates(theta, updates);
      const at = steps.indexOf(k);
      if (at < 0) continue;
      expect(distance(flat(theta), c.theta[at])).toBeLessThan(tolerance);
      const [{ v }] = state as unknown as [{ v: np.Array }];
      if (c.v) expect(distance(flat(v), c.v[at])).toBeLessThan(tolerance);
    }
    tree.dispose(state);
    theta.dispose();
  });
});

describe("other regularizers, as the optimizers here have them", () => {
  const shape = [3, 2, 2, 2];
  const values = (seed: number) =>
    Float64Array.from({ length: 24 }, (_, k) => Math.sin(7 * seed + 3 * k * k) - 0.3);
  const on = (data: ArrayLike<number>) =>
    np.array(Float64Array.from(data), { dtype: np.float64, device: "cpu" }).reshape(shape);

  test.each([
    nonNegativeL1(0.1),
    elasticNet({ lambda: 0.1, mu: 0.5 }),
    groupElasticNet({ lambda: 0.2, mu: 0.5, groups: "filters" }),
    groupLasso({ lambda: 0.2, groups: "channels" }),
    sparseGroupLasso({ lambda: 0.2, lambda0: 0.3, groups: "columns" }),
  ])("$kind", (regularizer) => {
    const options = { tau: 0.3, delta: 0.7, momentum: 0.5, weightDecay: 0.1, regularizer };
    const [solver, twin] = [linBreg(options), ourLinBreg(options)];
    const theta = values(1).map((x) => Math.max(0, x));
    const own = twin.init(theta, shape);
    let params = on(theta);
    let state = solver.init(params.ref);
    for (let k = 0; k < 5; k++) {
      const g = values(2 + k);
      const [updates, next] = solver.update(on(g), state, params.ref);
      [params, state] = [applyUpdates(params, updates), next];
      twin.step(own, theta, g, shape);
      expect(distance(params.ref.dataSync(), theta)).toBeLessThan(1e-12);
    }
    expect(theta.some((x) => x === 0) || regularizer.kind.startsWith("group")).toBe(true);
  });
});

describe("as optax has it", () => {
  const target = () => np.array([1, -2, 0.01], { device: "cpu" });
  const loss = (x: np.Array) => np.square(x.sub(target())).sum();

  test("parameters may be a tree; those of one dimension have no regularizer", () => {
    const params = {
      layer: {
        weight: np.array([[0, 0]], { device: "cpu" }),
        bias: np.zeros([1], { device: "cpu" }),
      },
    };
    const solver = linBreg({ tau: 1, regularizer: l1(1.5) });
    let state = solver.init(tree.ref(params));
    let now = params;
    for (let k = 0; k < 2; k++) {
      const gradients = {
        layer: { weight: np.array([[-1, 0.5]], { device: "cpu" }), bias: np.array([2]) },
      };
      let updates: typeof params;
      [updates, state] = solver.update(gradients, state, tree.ref(now));
      now = applyUpdates(now, updates);
    }
    // v is 2 and -1: the first has passed 1.5.
    expect(now.layer.weight.js()).toEqual([[0.5, 0]]);
    expect(now.layer.bias.js()).toEqual([-4]);
  });

  test("a step can be compiled, and is the same", () => {
    const solver = adaBreg({ tau: 0.1, regularizer: none() });
    const once = (p: np.Array, s: Tree) => {
      const [updates, next] = solver.update(grad(loss)(p.ref), s, p.ref);
      return [applyUpdates(p, updates), next] as [np.Array, Tree];
    };
    const compiled = jit(once);
    const run = (step: typeof once) => {
      let p: np.Array = np.zeros([3], { device: "cpu" });
      let s = solver.init(p.ref);
      for (let k = 0; k < 5; k++) [p, s] = step(p, s);
      return p.js() as number[];
    };
    const [eager, fast] = [run(once), run(compiled as typeof once)];
    expect(distance(eager, [0.5, -0.5, 0.01])).toBeLessThan(0.1);
    expect(distance(fast, eager)).toBeLessThan(1e-6);
  });

  test("it can stand in a chain", () => {
    const half = chain(scale(0.5), linBreg({ tau: 1 }));
    const plain = linBreg({ tau: 0.5 });
    const after = [half, plain].map((solver) => {
      const p = np.array([1, 2, 3], { device: "cpu" });
      const [updates] = solver.update(grad(loss)(p.ref), solver.init(p.ref), p.ref);
      return applyUpdates(p, updates).js();
    });
    expect(after[0]).toEqual(after[1]);
  });

  test("an update without parameters, and a regularizer that has no such prox", () => {
    const solver = linBreg();
    const state = solver.init(np.zeros([2]));
    expect(() => solver.update(np.zeros([2]), state)).toThrow(InputError);
    expect(() => linBreg({ regularizer: nuclear(1) })).toThrow(
      "linBreg: the regularizer must be a sum of sizes of weights and norms of groups",
    );
    expect(() => adaBreg({ tau: -1 })).toThrow("adaBreg: tau must be a finite number above 0");
    const rows = linBreg({ regularizer: groupLasso({ lambda: 1, groups: "kernels" }) });
    expect(() => rows.init(np.zeros([2]))).not.toThrow();
  });
});

test(
  "the paper's MLP is trained on MNIST and stays sparse: examples/optax.js",
  { timeout: 240_000 },
  () => {
    const text = execFileSync(process.execPath, ["examples/optax.js", "60"], { encoding: "utf8" });
    const last = /accuracy ([\d.]+) %, density ([\d.]+) %\n$/.exec(text)!;
    expect(Number(last[1])).toBeGreaterThan(60);
    expect(Number(last[2])).toBeLessThan(20);
    expect(Number(last[2])).toBeGreaterThan(5);
  },
);
