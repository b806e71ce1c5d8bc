/**
 * Example 1: L = (theta + 1)^2 and J the indicator of [0, infinity), infinite at the minimiser -1
 * of L.
 */
import { linBreg } from "#bregman/optim/index.js";
import { nonNegativeL1 } from "#bregman/regularizers/index.js";
import { descend } from "../support/descent.js";
import type { Problem } from "../support/problems.js";

export interface Drift {
  /** After each step. */
  readonly theta: readonly number[];
  readonly v: readonly number[];
}

/** (theta - minimiser)^2 of one weight that may not be negative, from theta = 1 with tau = 0.1. */
export function drift(minimiser: number, steps: number): Drift {
  const problem: Problem = {
    n: 1,
    lipschitz: 2,
    loss: ([theta]) => (theta - minimiser) ** 2,
    gradient: ([theta]) => Float64Array.of(2 * (theta - minimiser)),
  };
  const [theta, v] = [[], []] as number[][];
  descend(linBreg({ tau: 0.1, regularizer: nonNegativeL1(0) }), problem, {
    steps,
    start: Float64Array.of(1),
    onStep({ after }) {
      theta.push(after.theta[0]);
      v.push(after.v[0]);
    },
  });
  return { theta, v };
}
