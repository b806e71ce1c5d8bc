/**
 * What a regularizer is: a convex function J with a proximal map.
 *
 * A regularizer is a plain object made by a function (`l1(0.1)`, `groupLasso({ lambda: 0.1 })`). Its methods take flat
 * row-major arrays and the tensor's shape: `[out, in]` for a linear layer, `[out, in, kh, kw]` for a convolution, `[n]`
 * for a bias. Float32Array and Float64Array both work; the arithmetic is double, the result is rounded to the array.
 */

export type Floats = Float32Array | Float64Array;

/** Dimensions of a tensor, outermost first. */
export type Shape = readonly number[];

export interface Regularizer {
  /** Name, as in recipes: "l1", "groupLasso", ... */
  readonly kind: string;
  /** Strength; 0 where there is none, as for `none` and `box`. */
  readonly lambda: number;
  /** J(x), lambda included. */
  value(x: Floats, shape: Shape): number;
  /** out = prox_{step J}(x) = argmin_z |z - x|^2 / 2 + step J(z). `out` may be `x`. */
  prox(x: Floats, step: number, shape: Shape, out: Floats): void;
  /**
   * out = the element of dJ(x) of minimal norm: 0 on zero weights and zero groups, if J is a sum over them. `out` may be `x`.
   * Where J is infinite there is none: the one of a point near x.
   */
  subgradient(x: Floats, shape: Shape, out: Floats): void;
}
