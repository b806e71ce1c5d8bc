/**
 * Summability (corollary 3): with non-increasing tau_k, sum tau_k^2 finite, the steps of a noisy
 * run add up to something finite.
 *
 *     sum D_J^sym + (C / (2 delta)) sum |dtheta|^2  <=  tau_0 L_0 + (delta / (2 c)) sum tau_k^2 |xi_k|^2
 *
 * with C = 2 - L delta tau_0 - c > 0: theorem 2's inequality times tau_k, summed by parts (L >= 0,
 * tau_k does not increase).
 */
import { linBreg } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { descend, isSampled, type Step } from "../support/descent.js";
import { symmetricDistance } from "../support/distances.js";
import { minus, square } from "../support/problems.js";
import { equations } from "./loss-decay.js";

export interface Sums {
  readonly steps: readonly number[];
  /** Partial sums of D_J^sym and of |dtheta|^2, and the bound's right side, after so many steps. */
  readonly symmetric: readonly number[];
  readonly moved: readonly number[];
  readonly bound: readonly number[];
  /** The least of right side - left side over all steps. */
  readonly slack: number;
}

export const STEPS = 10_000;

/** tau_k = tau_0 / (k + 1)^power, tau_0 half the bound of theorem 2; power 0 is a constant step. */
export function sums(power: number): Sums {
  const [delta, sigma] = [1, 0.5];
  const problem = equations();
  const tau0 = 1 / (delta * problem.lipschitz);
  const c = 0.5;
  const C = 2 - problem.lipschitz * delta * tau0 - c;
  const [steps, symmetric, moved, bound] = [[], [], [], []] as number[][];
  let [dSum, thetaSum, noiseSum, slack] = [0, 0, 0, Infinity];
  const loss0 = problem.loss(new Float64Array(problem.n));
  const onStep = ({ k, tau, before, after, noise }: Step): void => {
    dSum += symmetricDistance(after, before, delta);
    thetaSum += square(minus(after.theta, before.theta));
    noiseSum += tau * tau * square(noise);
    const right = tau0 * loss0 + (delta / (2 * c)) * noiseSum;
    slack = Math.min(slack, right - dSum - (C / (2 * delta)) * thetaSum);
    if (!isSampled(k + 1)) return;
    steps.push(k + 1);
    symmetric.push(dSum);
    moved.push(thetaSum);
    bound.push(right);
  };
  descend(linBreg({ tau: tau0, delta, regularizer: l1(0.3) }), problem, {
    steps: STEPS,
    tau: (k) => tau0 / (k + 1) ** power,
    sigma,
    random: stream(2022, `summability ${power}`),
    onStep,
  });
  return { steps, symmetric, moved, bound, slack };
}

/** The partial sum after the first recorded step of at least k. */
export const sumAt = (steps: readonly number[], values: readonly number[], k: number): number =>
  values[steps.findIndex((step) => step >= k)];
