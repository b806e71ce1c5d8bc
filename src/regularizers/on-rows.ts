/**
 * A regularizer on some of the rows of a tensor: the others are free.
 *
 *     J(x) = K(x_S),   prox_{s J}(x)_S = prox_{s K}(x_S),   dJ(x)_S = dK(x_S)
 *     prox_{s J}(x)_i = x_i,   dJ(x)_i = 0                                        for i outside of S
 *
 * Source: J is a separable sum of K and 0, see Parikh and Boyd, "Proximal Algorithms" (2014),
 * section 2.1.
 */
import { InputError } from "../errors.js";
import { checkShape } from "./checks.js";
import { size } from "../shape-size.js";
import type { Floats, Regularizer, Shape } from "./regularizer.js";
import { factorTo, withLambdaTimes } from "./scaled.js";

/**
 * K on rows `from` (included) to `to` (excluded): of a weight of shape `[out, in, ...]` those into
 * these units, of a bias their entries. Steps are taken in TypeScript, not in the kernels.
 *
 * @param to - may be more than there are rows, as in `slice`; default all
 * @throws InputError unless 0 <= from < to, both integers
 * @throws InputError (from the methods) if the tensor has no row `from`
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * onRows(l1(0.5), 1).prox(x, 1, [3], x); // x is now 0.25, -0.5, 2.5
 */
export function onRows(regularizer: Regularizer, from: number, to = Infinity): Regularizer {
  if (
    !(Number.isInteger(from) && from >= 0 && to > from && (to === Infinity || Number.isInteger(to)))
  ) {
    throw new InputError(`onRows: expected integers with 0 <= from < to, found ${from} and ${to}`);
  }
  const { kind, lambda, trivial, finite, homogeneous, constraint, groups } = regularizer;
  return {
    kind: `${kind} on rows`,
    lambda,
    trivial,
    finite,
    homogeneous,
    constraint,
    // A column has weights in other rows, too, and they have no share in the size of its group.
    groups: groups === "columns" || groups === "channels" ? undefined : groups,
    withLambda: (target) =>
      onRows(withLambdaTimes(regularizer, factorTo(target, lambda)), from, to),
    value(x, shape) {
      const [start, end, part] = rows(shape, x);
      return regularizer.value(slice(x, start, end), part);
    },
    prox(x, step, shape, out) {
      const [start, end, part] = rows(shape, x, out);
      if (out !== x) out.set(x);
      regularizer.prox(slice(x, start, end), step, part, slice(out, start, end));
    },
    subgradient(x, shape, out) {
      const [start, end, part] = rows(shape, x, out);
      regularizer.subgradient(slice(x, start, end), part, slice(out, start, end));
      out.fill(0, 0, start).fill(0, end);
    },
  };

  /** Where the rows lie in a tensor, and their shape. */
  function rows(
    shape: Shape,
    x: Floats,
    out = x,
  ): readonly [start: number, end: number, part: Shape] {
    checkShape("onRows", shape, x, out);
    const [count, ...rest] = shape;
    if (!(from < count))
      throw new InputError(`onRows: shape [${shape.join(", ")}] has no row ${from}`);
    const last = Math.min(to, count);
    const cols = size(rest);
    return [from * cols, last * cols, [last - from, ...rest]];
  }
}

const slice = (x: Floats, start: number, end: number): Floats => x.subarray(start, end);
