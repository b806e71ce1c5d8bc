/**
 * Losses for the theorems, in float64, whose constants are known: L, the Lipschitz constant of the
 * gradient, and mu.
 */
import type { Random } from "#bregman/random.js";
import type { Floats } from "#bregman/regularizers/index.js";

export interface Problem {
  /** Number of weights. */
  readonly n: number;
  /** L: |grad(a) - grad(b)| <= L |a - b|. */
  readonly lipschitz: number;
  loss(theta: Floats): number;
  /**
   * Written to `out` if it is given: a run of many small steps would spend its time on new arrays.
   */
  gradient(theta: Floats, out?: Float64Array<ArrayBuffer>): Float64Array;
}

export interface Quadratic extends Problem {
  /** mu: the loss minus mu |theta|^2 / 2 is convex. */
  readonly convexity: number;
  readonly minimiser: Float64Array;
}

export interface LeastSquares extends Problem {
  /** [rows, n], row-major. */
  readonly A: Float64Array;
  readonly b: Float64Array;
}

export function dot(a: Floats, b: Floats): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export const square = (a: Floats): number => dot(a, a);

export function minus(a: Floats, b: Floats, out = new Float64Array(a.length)): Float64Array {
  for (let i = 0; i < a.length; i++) out[i] = a[i] - b[i];
  return out;
}

/** A matrix [rows, cols] times a vector. */
export function times(
  A: Float64Array,
  x: Floats,
  out = new Float64Array(A.length / x.length),
): Float64Array {
  const cols = x.length;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += A[i * cols + j] * x[j];
    out[i] = sum;
  }
  return out;
}

/** The transpose of a matrix [rows, cols] times a vector. */
export function transposedTimes(
  A: Float64Array,
  y: Floats,
  out = new Float64Array(A.length / y.length),
): Float64Array {
  const cols = out.length;
  out.fill(0);
  for (let i = 0; i < y.length; i++)
    for (let j = 0; j < cols; j++) out[j] += A[i * cols + j] * y[i];
  return out;
}

/** The largest eigenvalue of a symmetric map of so many numbers (power iteration). */
export function largestEigenvalue(
  apply: (x: Float64Array) => Float64Array,
  n: number,
  rounds: number,
): number {
  let x = Float64Array.from({ length: n }, (_, i) => 1 / (i + 1));
  let value = 0;
  for (let k = 0; k < rounds; k++) {
    const y = apply(x);
    value = Math.sqrt(square(y) / square(x));
    if (value === 0) return 0;
    x = y.map((entry) => entry / Math.sqrt(square(y)));
  }
  return value;
}

/** (theta - c)^T H (theta - c) / 2, where H has these eigenvalues and random eigenvectors. */
export function quadratic(
  eigenvalues: readonly number[],
  minimiser: Float64Array,
  random: Random,
): Quadratic {
  const n = eigenvalues.length;
  // H = Q diag(e) Q^T with Q a product of reflections I - 2 u u^T, applied from both sides.
  const H = new Float64Array(n * n);
  eigenvalues.forEach((value, i) => (H[i * n + i] = value));
  for (let k = 0; k < n; k++) {
    const u = Float64Array.from({ length: n }, () => random.normal());
    const length = square(u);
    const Hu = times(H, u);
    const uHu = dot(u, Hu) / length;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        H[i * n + j] -= (2 * (u[i] * Hu[j] + Hu[i] * u[j] - 2 * uHu * u[i] * u[j])) / length;
      }
    }
  }
  const away = new Float64Array(n);
  const gradient = (theta: Floats, out?: Float64Array<ArrayBuffer>): Float64Array =>
    times(H, minus(theta, minimiser, away), out);
  return {
    n,
    lipschitz: Math.max(...eigenvalues),
    convexity: Math.min(...eigenvalues),
    minimiser,
    loss: (theta) => dot(minus(theta, minimiser), gradient(theta)) / 2,
    gradient,
  };
}

/**
 * |A theta - b|^2 / 2 with A [rows, n] normal of columns of length about 1, and b = A truth +
 * noise.
 */
export function leastSquares(
  rows: number,
  truth: Float64Array,
  random: Random,
  noise = 0,
): LeastSquares {
  const n = truth.length;
  const A = Float64Array.from({ length: rows * n }, () => random.normal() / Math.sqrt(rows));
  const b = times(A, truth).map((value) => value + noise * random.normal());
  const r = new Float64Array(rows);
  const residual = (theta: Floats): Float64Array => minus(times(A, theta, r), b, r);
  return {
    n,
    A,
    b,
    lipschitz: largestEigenvalue((x) => transposedTimes(A, times(A, x)), n, 3000),
    loss: (theta) => square(residual(theta)) / 2,
    gradient: (theta, out) => transposedTimes(A, residual(theta), out),
  };
}

/** `count` of n entries are not zero: of size 1 to 2, with random sign and place. */
export function sparseVector(n: number, count: number, random: Random): Float64Array {
  const places = Array.from({ length: n }, (_, i) => i);
  random.shuffle(places);
  const x = new Float64Array(n);
  for (const i of places.slice(0, count))
    x[i] = (random.bernoulli(0.5) ? 1 : -1) * (1 + random.uniform());
  return x;
}
