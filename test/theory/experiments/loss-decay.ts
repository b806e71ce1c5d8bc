/**
 * Loss decay (theorem 2), for tau <= 2 / (delta L), with the noise xi of each step in place of its
 * expectation:
 *
 *     L+ + D_J^sym / tau + ((2 - L delta tau - c) / (2 delta tau)) |dtheta|^2  <=  L + (tau delta / (2 c)) |xi|^2
 *
 * for any c > 0; without noise c = 0. It follows from L+ <= L + <grad L, dtheta> + (L / 2)
 * |dtheta|^2 and grad L = -dv / tau - xi.
 */
import { linBreg } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { descend, type Step } from "../support/descent.js";
import { symmetricDistance } from "../support/distances.js";
import {
  leastSquares,
  minus,
  quadratic,
  sparseVector,
  square,
  type Problem,
} from "../support/problems.js";

export interface Decay {
  /** Loss before the first step and after each. */
  readonly losses: readonly number[];
  /** Steps in which the loss rose. */
  readonly increases: number;
  /**
   * The least of (right side - left side) / loss over the steps: not negative where the theorem
   * holds.
   */
  readonly slack: number;
  /** The largest of them. */
  readonly mostSlack: number;
  /** The same with the noise's term left out. */
  readonly slackWithoutNoise: number;
}

export interface DecayOptions {
  /** tau as a share of its bound 2 / (delta L). */
  readonly share: number;
  readonly delta?: number;
  readonly lambda?: number;
  readonly steps?: number;
  readonly sigma?: number;
  readonly start?: Float64Array;
  /** Ends the run. Default: a loss a million times that of the start. */
  readonly most?: number;
}

/** The problem of the paper's kind: 40 equations for 30 weights. */
export const equations = (): Problem => {
  const random = stream(2022, "loss decay");
  return leastSquares(40, sparseVector(30, 8, random), random, 0.1);
};

/** Same curvature L in all directions: then the inequality is an equality. */
export const bowl = (): Problem => {
  const random = stream(2022, "bowl");
  return quadratic(Array(12).fill(1.7), sparseVector(12, 6, random), random);
};

export function lossDecay(problem: Problem, options: DecayOptions): Decay {
  const { share, delta = 1, lambda = 0.3, steps = 2000, sigma = 0, start, most = 1e6 } = options;
  const optimizer = linBreg({
    tau: (2 * share) / (delta * problem.lipschitz),
    delta,
    regularizer: l1(lambda),
  });
  const losses = [problem.loss(start ?? new Float64Array(problem.n))];
  let [slack, mostSlack, slackWithoutNoise, increases] = [Infinity, -Infinity, Infinity, 0];
  const margin = 2 - problem.lipschitz * delta * optimizer.tau;
  const c = sigma > 0 ? margin / 2 : 0;
  const onStep = ({ before, after, noise }: Step): boolean => {
    const [loss, next] = [losses.at(-1)!, problem.loss(after.theta)];
    const moved = square(minus(after.theta, before.theta));
    const gap = loss - next - symmetricDistance(after, before, delta) / optimizer.tau;
    const rest = gap - ((margin - c) * moved) / (2 * delta * optimizer.tau);
    const noisy = sigma > 0 ? (optimizer.tau * delta * square(noise)) / (2 * c) : 0;
    slack = Math.min(slack, (rest + noisy) / loss);
    mostSlack = Math.max(mostSlack, (rest + noisy) / loss);
    slackWithoutNoise = Math.min(slackWithoutNoise, rest / loss);
    if (next > loss * (1 + 1e-13)) increases++;
    losses.push(next);
    return next < most * losses[0];
  };
  descend(optimizer, problem, {
    steps,
    sigma,
    random: stream(2022, "noise of loss decay"),
    ...(start && { start }),
    onStep,
  });
  return { losses, increases, slack, mostSlack, slackWithoutNoise };
}
