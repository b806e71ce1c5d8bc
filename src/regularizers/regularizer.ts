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
  /** Strength; 0 for `none`. */
  readonly lambda: number;
  /** J(x), lambda included. */
  value(x: Floats, shape: Shape): number;
  /** out = prox_{step J}(x) = argmin_z |z - x|^2 / 2 + step J(z). `out` may be `x`. */
  prox(x: Floats, step: number, shape: Shape, out: Floats): void;
  /** out = an element of dJ(x), the one of minimal norm: 0 on zero weights and zero groups. `out` may be `x`. */
  subgradient(x: Floats, shape: Shape, out: Floats): void;
}
