/**
 * What an optimizer needs of another library's arrays. None of these functions consumes or changes
 * its arguments.
 */
export interface ArrayLibrary<A> {
  shapeOf(a: A): readonly number[];
  zerosLike(a: A): A;
  /** A number as an array without dimensions, of the kind of `like`. */
  scalar(value: number, like: A): A;
  add(a: A, b: A | number): A;
  sub(a: A, b: A | number): A;
  mul(a: A, b: A | number): A;
  div(a: A, b: A): A;
  sqrt(a: A): A;
  abs(a: A): A;
  sign(a: A): A;
  maximum(a: A, least: number): A;
  /** Sums over axes, which stay as axes of length 1. */
  sum(a: A, axes: readonly number[]): A;
  /**
   * Where a layer's outputs lie in its weights: first, as here ([out, in], [out, in, height,
   * width]), or last ([in, out], [height, width, in, out]).
   */
  readonly outputs: "first" | "last";
}
