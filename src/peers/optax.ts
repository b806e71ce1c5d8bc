/**
 * Entry point `bregman/optax`: LinBreg and AdaBreg for jax-js, as gradient transformations of its
 * optax: pairs of `init` and `update`, which `chain` takes like others. It needs @jax-js/jax.
 *
 * As jax-js has it, functions consume the arrays that they are given: pass `params.ref` to keep
 * them.
 */
import { numpy as np, tree, type JsTree } from "@jax-js/jax";
import { InputError } from "../errors.js";
import { adaBreg as adaBregOptimizer, type AdaBregOptions } from "../optim/ada-breg.js";
import { linBreg as linBregOptimizer, type LinBregOptions } from "../optim/lin-breg.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { ArrayLibrary } from "./arrays.js";
import { checkStandard } from "./prox.js";
import { nextState, startState, type DualState } from "./step.js";

export type { AdaBregOptions } from "../optim/ada-breg.js";
export type { LinBregOptions } from "../optim/lin-breg.js";

/** A tree of arrays: one array, or a list or an object of trees. */
export type ArrayTree = JsTree<np.Array>;

/** What optax takes for an optimizer, or a part of one. */
export interface GradientTransformation {
  /** The state for these parameters. */
  init<Params extends ArrayTree>(params: Params): ArrayTree;
  /** What is to be added to the parameters, and the next state. */
  update<Params extends ArrayTree>(
    updates: Params,
    state: ArrayTree,
    params?: Params,
  ): [Params, ArrayTree];
}

/**
 * LinBreg. The regularizer is that of parameters with two or more dimensions, `[out, in]` or `[out,
 * in, height, width]` where it has groups; others, such as biases, have none.
 *
 * @throws InputError as `linBreg` of bregman/optim, and for a regularizer without a standard form;
 *   `update` throws one without `params`
 * @example
 * const solver = linBreg({ tau: 0.1, regularizer: l1(0.1) });
 * let state = solver.init(tree.ref(params));
 * let updates;
 * [updates, state] = solver.update(gradients, state, tree.ref(params));
 * params = applyUpdates(params, updates);
 */
export function linBreg(options: LinBregOptions = {}): GradientTransformation {
  return transformation(linBregOptimizer(options));
}

/**
 * AdaBreg; parameters as in {@link linBreg}.
 *
 * @throws InputError as `adaBreg` of bregman/optim, and for a regularizer without a standard form
 * @example
 * const solver = adaBreg({ tau: 1e-3, regularizer: groupLasso({ lambda: 0.1, groups: "rows" }) });
 */
export function adaBreg(options: AdaBregOptions = {}): GradientTransformation {
  return transformation(adaBregOptimizer(options));
}

function transformation(optimizer: Optimizer): GradientTransformation {
  const { kind } = optimizer;
  checkStandard(kind, optimizer.regularizer);
  return {
    init(params) {
      const [leaves] = tree.flatten(params) as [np.Array[], unknown];
      return leaves.map((theta) =>
        consuming([theta], (of) => [startState(of, optimizer, theta), Object.values]),
      ) as unknown as ArrayTree;
    },
    update(updates, state, params) {
      if (params === undefined)
        throw new InputError(
          `${kind}: update needs the parameters: update(gradients, state, params)`,
        );
      const [gradients, shape] = tree.flatten(updates) as [np.Array[], never];
      const [thetas] = tree.flatten(params) as [np.Array[], unknown];
      const states = state as unknown as DualState<np.Array>[];
      const next = gradients.map((gradient, k) => {
        const given = [gradient, thetas[k], ...(Object.values(states[k]) as np.Array[])];
        return consuming(given, (of) => {
          const { theta, state: after } = nextState(of, optimizer, states[k], thetas[k], gradient);
          const step = { update: of.sub(theta, thetas[k]), state: after };
          return [step, () => [step.update, ...(Object.values(after) as np.Array[])]];
        });
      });
      return [
        tree.unflatten(
          shape,
          next.map(({ update }) => update),
        ) as typeof updates,
        next.map((one) => one.state) as unknown as ArrayTree,
      ];
    },
  };
}

/**
 * Computes with arrays that are consumed, and disposes of all that was made on the way, except what
 * the second function tells of the result.
 */
function consuming<Result extends object>(
  given: readonly np.Array[],
  compute: (of: ArrayLibrary<np.Array>) => readonly [Result, (result: Result) => np.Array[]],
): Result {
  const made = new Set<np.Array>();
  const keep = (array: np.Array) => {
    made.add(array);
    return array;
  };
  const ref = (x: np.Array | number) => (typeof x === "number" ? x : x.ref);
  const of: ArrayLibrary<np.Array> = {
    outputs: "first",
    shapeOf: (a) => a.shape,
    zerosLike: (a) => keep(a.ref.mul(0)),
    scalar: (value, like) => keep(np.array(value, { dtype: like.dtype })),
    add: (a, b) => keep(a.ref.add(ref(b))),
    sub: (a, b) => keep(a.ref.sub(ref(b))),
    mul: (a, b) => keep(a.ref.mul(ref(b))),
    div: (a, b) => keep(a.ref.div(ref(b))),
    sqrt: (a) => keep(np.sqrt(a.ref)),
    abs: (a) => keep(np.abs(a.ref)),
    // That of float64 is float32.
    sign: (a) => keep(np.sign(a.ref).astype(a.dtype)),
    maximum: (a, least) => keep(np.maximum(a.ref, least)),
    sum: (a, axes) => keep(a.ref.sum([...axes], { keepdims: true })),
  };
  const [result, kept] = compute(of);
  const results = new Set(kept(result));
  for (const array of [...made, ...given]) if (!results.has(array)) array.dispose();
  return result;
}
