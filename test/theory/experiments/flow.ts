/**
 * The limit of small steps: LinBreg is Euler's method for v' = -grad L(theta), and with momentum
 * beta = gamma / (tau + gamma) a difference scheme of gamma v'' + v' = -grad L(theta), both with
 * theta = prox_{delta J}(delta v). Source: Bungert et al., JMLR 23:192 (2022), section 2.2.
 */
import { linBreg } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { descend } from "../support/descent.js";
import { minus, quadratic, sparseVector, square, type Problem } from "../support/problems.js";

export const LAMBDA = 0.3;
const DELTA = 1;
/** End of the time that is looked at. */
export const TIME = 2;

const hills = (): Problem => {
  const random = stream(2022, "flow");
  return quadratic([0.5, 1, 1.5, 2, 2.5, 3], sparseVector(6, 4, random), random);
};

/** v at the end by the library, with steps of length TIME / count. */
function byOptimizer(problem: Problem, gamma: number, count: number): Float64Array {
  const tau = TIME / count;
  const optimizer = linBreg({
    tau,
    delta: DELTA,
    momentum: gamma / (tau + gamma),
    regularizer: l1(LAMBDA),
  });
  return descend(optimizer, problem, { steps: count }).v;
}

/**
 * v at the end by Heun's method (Runge-Kutta of order 2) on the flow itself, for (v, w) with gamma
 * w' = -grad L - w, v' = w.
 */
function byFlow(problem: Problem, gamma: number, count: number): Float64Array {
  const h = TIME / count;
  const theta = (v: Float64Array): Float64Array =>
    v.map((x) => DELTA * Math.sign(x) * Math.max(Math.abs(x) - LAMBDA, 0));
  const slope = (v: Float64Array, w: Float64Array): [Float64Array, Float64Array] => {
    const g = problem.gradient(theta(v));
    return gamma === 0 ? [g.map((x) => -x), w] : [w, w.map((x, i) => (-g[i] - x) / gamma)];
  };
  let v = new Float64Array(problem.n);
  let w = new Float64Array(problem.n);
  for (let k = 0; k < count; k++) {
    const [dv, dw] = slope(v, w);
    const on = (x: Float64Array, d: Float64Array): Float64Array =>
      x.map((value, i) => value + h * d[i]);
    const [dv2, dw2] = slope(on(v, dv), on(w, dw));
    v = v.map((value, i) => value + (h / 2) * (dv[i] + dv2[i]));
    if (gamma > 0) w = w.map((value, i) => value + (h / 2) * (dw[i] + dw2[i]));
  }
  return v;
}

export interface FlowError {
  readonly tau: number;
  /** |v_tau(TIME) - v(TIME)| */
  readonly error: number;
}

/**
 * How far the optimizer is from the flow, for steps that halve; gamma 0 is LinBreg without
 * momentum.
 */
export function flowErrors(gamma: number, halvings = 6): FlowError[] {
  const problem = hills();
  const exact = byFlow(problem, gamma, 40_000);
  return Array.from({ length: halvings }, (_, k) => 20 * 2 ** k).map((count) => ({
    tau: TIME / count,
    error: Math.sqrt(square(minus(byOptimizer(problem, gamma, count), exact))),
  }));
}

export interface Births {
  readonly times: readonly number[];
  /** v and theta of each weight at these times. */
  readonly v: readonly (readonly number[])[];
  readonly theta: readonly (readonly number[])[];
  /** Time of the first non-zero theta of each weight. */
  readonly born: readonly number[];
}

/** What the weights of the births' loss come to. */
export const TARGETS = [2, -1.4, 1, 0.7, -0.5, 0.05];

/**
 * Inverse scale space: L = |theta - b|^2 / 2, small steps, large delta. The flow of J itself has
 * theta_i = 0 until t = lambda / |b_i|, and b_i from there on: the large weights are born first, at
 * their final value.
 */
export function births(delta: number, tau: number, time: number): Births {
  const n = TARGETS.length;
  const problem: Problem = {
    n,
    lipschitz: 1,
    loss: (theta) => square(minus(theta, Float64Array.from(TARGETS))) / 2,
    gradient: (theta) => minus(theta, Float64Array.from(TARGETS)),
  };
  const times: number[] = [];
  const [v, theta] = [TARGETS.map(() => [] as number[]), TARGETS.map(() => [] as number[])];
  const born = TARGETS.map(() => Infinity);
  const count = Math.round(time / tau);
  descend(linBreg({ tau, delta, regularizer: l1(1) }), problem, {
    steps: count,
    onStep({ k, after }) {
      after.theta.forEach((value, i) => {
        if (value !== 0) born[i] = Math.min(born[i], (k + 1) * tau);
      });
      if (k % Math.ceil(count / 200) !== 0) return;
      times.push((k + 1) * tau);
      for (let i = 0; i < n; i++) {
        v[i].push(after.v[i]);
        theta[i].push(after.theta[i]);
      }
    },
  });
  return { times, v, theta, born };
}
