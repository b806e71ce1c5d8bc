/**
 * What a regularizer is: a convex function J with a proximal map.
 *
 * A regularizer is a plain object made by a function (`l1(0.1)`, `groupLasso({ lambda: 0.1 })`).
 * Its methods take flat row-major arrays and the tensor's shape: `[out, in]` for a linear layer,
 * `[out, in, kh, kw]` for a convolution, `[n]` for a bias. Float32Array and Float64Array both work;
 * the arithmetic is double, the result is rounded to the array.
 *
 * What else the library wants to know of J it says itself, by the members that may be left out.
 * What is left out is taken not to hold. Nobody asks for a `kind`: a regularizer of your own may
 * have any name.
 */

import type { Groups } from "./groups.js";
import type { StandardForm } from "./standard-form.js";

export type Floats = Float32Array | Float64Array;

/** Dimensions of a tensor, outermost first. */
export type Shape = readonly number[];

export interface Regularizer {
  /** Name, for messages and in recipes: "l1", "groupLasso", ... */
  readonly kind: string;
  /** Strength; 0 where there is none, as for `none` and `box`. */
  readonly lambda: number;
  /** J(x), lambda included. */
  value(x: Floats, shape: Shape): number;
  /** out = prox_{step J}(x) = argmin_z |z - x|^2 / 2 + step J(z). `out` may be `x`. */
  prox(x: Floats, step: number, shape: Shape, out: Floats): void;
  /**
   * out = the element of dJ(x) of minimal norm: 0 on zero weights and zero groups, if J is a sum
   * over them. `out` may be `x`. Where J is infinite there is none: the one of a point near x.
   */
  subgradient(x: Floats, shape: Shape, out: Floats): void;
  /** J(x) = 0 for all x: it makes no weight zero. */
  readonly trivial?: boolean | undefined;
  /** J(x) < infinity for all x: it can be a penalty in the loss. */
  readonly finite?: boolean | undefined;
  /** J(a x) = a J(x) for all a > 0. */
  readonly homogeneous?: boolean | undefined;
  /** J is 0 or infinite everywhere: a constraint. */
  readonly constraint?: boolean | undefined;
  /**
   * J is separable, a sum over these groups of a function of each: then some may be zero while
   * others are not. "entries": each weight is a group of its own. Left out: J takes the tensor as a
   * whole.
   */
  readonly groups?: "entries" | Groups | undefined;
  /**
   * Weight of the part |x|^2 / 2 of J, which stays as it is when lambda moves; left out: there is
   * none.
   */
  readonly mu?: number | undefined;
  /** J as a sum that the kernels know: then steps are taken in C, and `freeze` works. */
  readonly standardForm?: StandardForm | undefined;
  /** The same J with another lambda, where that is not J times a factor. */
  withLambda?(lambda: number): Regularizer;
}
