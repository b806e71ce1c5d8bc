/**
 * Bregman distances, with p = v - theta / delta in dJ(theta).
 *
 *     D_{J_delta}^v(t, theta) = J_delta(t) - J_delta(theta) - <v, t - theta>
 *                             = D_J^p(t, theta) + |t - theta|^2 / (2 delta)           (lemma 13)
 *     D_J^p(t, theta)         = J(t) - <p, t>                                        J 1-homogeneous
 *     D_J^sym(a, b)           = <p_a - p_b, theta_a - theta_b>
 *
 * Source: Bungert et al., JMLR 23:192 (2022), section 3.
 */
import type { Optimizer } from "#bregman/optim/index.js";
import type { Point } from "./descent.js";
import { dot, minus, square } from "./problems.js";

const p = ({ theta, v }: Point, delta: number): Float64Array =>
  v.map((value, i) => value - theta[i] / delta);

/**
 * D_{J_delta}^v(t, theta) by lemma 13: without the cancellation of the definition, so good near 0
 * too.
 */
export function distanceTo(t: Float64Array, at: Point, { regularizer, delta }: Optimizer): number {
  const ofJ = regularizer.value(t, [t.length]) - dot(p(at, delta), t);
  return ofJ + square(minus(t, at.theta)) / (2 * delta);
}

/** D_{J_delta}^v(t, theta) by its definition. */
export function distanceByDefinition(
  t: Float64Array,
  at: Point,
  { regularizer, delta }: Optimizer,
): number {
  const value = (x: Float64Array): number =>
    regularizer.value(x, [x.length]) + square(x) / (2 * delta);
  return value(t) - value(at.theta) - dot(at.v, minus(t, at.theta));
}

/** D_J^sym of two points of a run. */
export function symmetricDistance(a: Point, b: Point, delta: number): number {
  return dot(minus(p(a, delta), p(b, delta)), minus(a.theta, b.theta));
}
