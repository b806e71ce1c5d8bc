/**
 * A strongly convex quadratic with a sparse minimiser, and how far runs of LinBreg are from it:
 * theorem 6 (iterates), theorem 11 and corollary 12 (Bregman distances).
 */
import { linBreg, type Optimizer } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { descend, isSampled, outcomes, type Point } from "../support/descent.js";
import { distanceTo } from "../support/distances.js";
import {
  dot,
  minus,
  quadratic,
  sparseVector,
  square,
  type Quadratic,
} from "../support/problems.js";

export const DELTA = 1;
export const SIGMA = 0.3;

/** 20 weights, 5 of the minimiser's not zero, mu = 1, L = 3. */
export function valley(): Quadratic {
  const random = stream(2022, "valley");
  const eigenvalues = Array.from({ length: 20 }, (_, i) => 1 + (2 * i) / 19);
  return quadratic(eigenvalues, sparseVector(20, 5, random), random);
}

export const optimizer = (): Optimizer =>
  linBreg({ tau: 0.05, delta: DELTA, regularizer: l1(0.5) });

export interface Path {
  readonly steps: readonly number[];
  /** |theta - theta*|^2 */
  readonly errors: readonly number[];
  /** D_{J_delta}^v(theta*, theta) */
  readonly distances: readonly number[];
}

/** Both measures at sampled steps, mean over seeds. */
function meanPath(
  tau: (k: number) => number,
  options: { steps: number; seeds: number; sigma: number },
): Path {
  const { steps, seeds, sigma } = options;
  const problem = valley();
  const breg = optimizer();
  const at = Array.from({ length: steps }, (_, k) => k + 1).filter((k) => isSampled(k));
  const place = new Map(at.map((k, i) => [k, i]));
  const errors = new Float64Array(at.length);
  const distances = new Float64Array(at.length);
  for (let seed = 0; seed < seeds; seed++) {
    descend(breg, problem, {
      steps,
      tau,
      sigma,
      random: stream(seed, "convex"),
      onStep({ k, after }) {
        const i = place.get(k + 1);
        if (i === undefined) return;
        errors[i] += square(minus(after.theta, problem.minimiser)) / seeds;
        distances[i] += distanceTo(problem.minimiser, after, breg) / seeds;
      },
    });
  }
  return { steps: at, errors: [...errors], distances: [...distances] };
}

/** Bregman distances and errors after every step without noise, and the end. tau is constant. */
export function exactPath(
  tau: number,
  steps: number,
): { distances: number[]; errors: number[]; end: Point } {
  const problem = valley();
  const breg = optimizer();
  const [distances, errors] = [[], []] as number[][];
  const end = descend(breg, problem, {
    steps,
    tau: () => tau,
    onStep({ after }) {
      distances.push(distanceTo(problem.minimiser, after, breg));
      errors.push(square(minus(after.theta, problem.minimiser)));
      return distances.at(-1)! < 1e6;
    },
  });
  return { distances, errors, end };
}

/**
 * Step sizes the theorems speak of, by name; mu = 1, L = 3, delta = 1, so mu / (2 delta L^2) = 1 /
 * 18.
 */
export const SCHEDULES = {
  "constant 0.05": () => 0.05,
  "constant 0.02": () => 0.02,
  "constant 0.01": () => 0.01,
  /** Square-summable, not summable. */
  "0.055 / (k+1)^0.6": (k: number) => 0.055 / (k + 1) ** 0.6,
  /** Summable: it stops on the way. */
  "0.055 / (k+1)^2": (k: number) => 0.055 / (k + 1) ** 2,
  "2 / (k+20)": (k: number) => 2 / (k + 20),
} as const satisfies Record<string, (k: number) => number>;

export type Schedule = keyof typeof SCHEDULES;

/** The mean over 20 noisy runs of 10,000 steps. */
export const noisyPath = (schedule: Schedule): Path =>
  meanPath(SCHEDULES[schedule], { steps: 10_000, seeds: 20, sigma: SIGMA });

/** The value at the first sampled step of at least k. */
export const valueAt = (steps: readonly number[], values: readonly number[], k: number): number =>
  values[steps.findIndex((step) => step >= k)];

/** Mean over the sampled steps in [from, to]. */
export function meanBetween(
  steps: readonly number[],
  values: readonly number[],
  from: number,
  to: number,
): number {
  const within = values.filter((_, i) => steps[i] >= from && steps[i] <= to);
  return within.reduce((sum, value) => sum + value, 0) / within.length;
}

/** Slope of log(values) over log(steps) in [from, to] (least squares). */
export function slope(
  steps: readonly number[],
  values: readonly number[],
  from: number,
  to: number,
): number {
  const points = steps
    .map((k, i) => [Math.log(k), Math.log(values[i])])
    .filter((_, i) => steps[i] >= from && steps[i] <= to);
  const [x0, y0] = [0, 1].map(
    (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length,
  );
  const covariance = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}

/**
 * nu of the theorem's assumption at a point: (L(theta*) - L(theta) - <grad L, theta* - theta>) /
 * D(theta*, theta).
 */
export function nuAt(problem: Quadratic, at: Point, breg: Optimizer): number {
  const towards = minus(problem.minimiser, at.theta);
  const gap =
    problem.loss(problem.minimiser) -
    problem.loss(at.theta) -
    dot(problem.gradient(at.theta), towards);
  return gap / distanceTo(problem.minimiser, at, breg);
}

export interface OneStep {
  readonly k: number;
  /**
   * D before the step, and its exact expectation after it: the mean over all values of the noise.
   */
  readonly distance: number;
  readonly expected: number;
  /**
   * E |g|^2 = |grad L|^2 + sigma^2 and <grad L, theta - theta*>, as they enter the theorems'
   * proofs.
   */
  readonly squareGradient: number;
  readonly alignment: number;
  readonly squareError: number;
  readonly nu: number;
}

/** One noisy step from points of a noisy run, its expectation written out. */
export function expectedSteps(tau: number, steps: number): OneStep[] {
  const problem = valley();
  const breg = optimizer();
  const all: OneStep[] = [];
  descend(breg, problem, {
    steps,
    tau: () => tau,
    sigma: SIGMA,
    random: stream(2022, "one step"),
    onStep({ k, before }) {
      if (!isSampled(k, 40)) return;
      const after = outcomes(breg, problem, before, tau, SIGMA);
      const gradient = problem.gradient(before.theta);
      const error = minus(before.theta, problem.minimiser);
      all.push({
        k,
        distance: distanceTo(problem.minimiser, before, breg),
        expected:
          after.reduce((sum, point) => sum + distanceTo(problem.minimiser, point, breg), 0) /
          after.length,
        squareGradient: square(gradient) + SIGMA ** 2,
        alignment: dot(gradient, error),
        squareError: square(error),
        nu: nuAt(problem, before, breg),
      });
    },
  });
  return all;
}
