/** Runs an optimizer of the library on a problem, and shows each step to who wants to check it. */
import type { Optimizer } from "#bregman/optim/index.js";
import type { Random } from "#bregman/random.js";
import type { Problem } from "./problems.js";

/**
 * One step: what was before it, and what came of it. The arrays are the run's own: read them, don't
 * keep them.
 */
export interface Step {
  /** Number of the step, from 0. */
  readonly k: number;
  readonly tau: number;
  readonly before: Point;
  readonly after: Point;
  /** xi: what was added to the gradient; zeros without noise. */
  readonly noise: Float64Array;
}

export interface Point {
  readonly theta: Float64Array;
  readonly v: Float64Array;
}

export interface DescentOptions {
  readonly steps: number;
  /** Where to start; default zero. */
  readonly start?: Float64Array;
  /** Learning rate of a step; default the optimizer's. */
  readonly tau?: (k: number) => number;
  /** Deviation sigma of the gradient's noise, see drawNoise; default 0. */
  readonly sigma?: number;
  /** Where the noise comes from, if sigma > 0. */
  readonly random?: Random;
  /** Called after each step; false ends the run. */
  readonly onStep?: (step: Step) => boolean | void;
}

/**
 * Noise with mean zero and E |xi|^2 = sigma^2: plus or minus sigma in one random coordinate. It
 * takes 2 n values, so an expectation over it can be written out (see outcomes).
 */
function drawNoise(xi: Float64Array, sigma: number, random: Random): void {
  xi.fill(0);
  xi[random.integer(xi.length)] = random.bernoulli(0.5) ? sigma : -sigma;
}

/** Runs the optimizer; returns where it ends. */
export function descend(optimizer: Optimizer, problem: Problem, options: DescentOptions): Point {
  const { steps, start, tau = () => optimizer.tau, sigma = 0, random, onStep } = options;
  const shape = [problem.n];
  const theta = start ? Float64Array.from(start) : new Float64Array(problem.n);
  const state = optimizer.init(theta, shape);
  const v = state.v as Float64Array;
  const before = { theta: new Float64Array(problem.n), v: new Float64Array(problem.n) };
  const noise = new Float64Array(problem.n);
  const scratch = new Float64Array(problem.n);
  for (let k = 0; k < steps; k++) {
    before.theta.set(theta);
    before.v.set(v);
    const g = problem.gradient(theta, scratch);
    if (sigma > 0) {
      drawNoise(noise, sigma, random!);
      for (let i = 0; i < g.length; i++) g[i] += noise[i];
    }
    optimizer.step(state, theta, g, shape, tau(k));
    if (onStep?.({ k, tau: tau(k), before, after: { theta, v }, noise }) === false) break;
  }
  return { theta, v };
}

/**
 * All 2 n points one step of a plain LinBreg may lead to from (theta, v), each as likely as the
 * others.
 */
export function outcomes(
  optimizer: Optimizer,
  problem: Problem,
  at: Point,
  tau: number,
  sigma: number,
): Point[] {
  const gradient = problem.gradient(at.theta);
  return [-sigma, sigma].flatMap((shift) =>
    Array.from({ length: problem.n }, (_, i) => {
      const [theta, v] = [at.theta.slice(), at.v.slice()];
      const g = gradient.slice();
      g[i] += shift;
      optimizer.step({ v, step: 0 }, theta, g, [problem.n], tau);
      return { theta, v };
    }),
  );
}

/**
 * Whether a curve is looked at in step k: about `perDecade` of every ten-fold, so that curves stay
 * small.
 */
export function isSampled(k: number, perDecade = 24): boolean {
  return (
    k < 10 || Math.floor(perDecade * Math.log10(k)) !== Math.floor(perDecade * Math.log10(k - 1))
  );
}
