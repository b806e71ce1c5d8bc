/**
 * The slow, obvious SVD: one-sided Jacobi. Pairs of columns are rotated until all are orthogonal;
 * their lengths are the singular values.
 */
import type { Shape } from "#bregman/regularizers/regularizer.js";

export interface NaiveSvd {
  /** Columns u_k sigma_k of U diag(sigma). */
  readonly scaled: readonly (readonly number[])[];
  readonly sigma: readonly number[];
  /** Columns of V. */
  readonly V: readonly (readonly number[])[];
}

/** Singular values and vectors of a tensor as the matrix [shape[0], the rest]. */
export function naiveSingular(x: readonly number[], shape: Shape): NaiveSvd {
  const rows = shape[0];
  const cols = x.length / rows;
  const A = Array.from({ length: cols }, (_, j) =>
    Array.from({ length: rows }, (__, i) => x[i * cols + j]),
  );
  const V = Array.from({ length: cols }, (_, j) =>
    Array.from({ length: cols }, (__, i) => (i === j ? 1 : 0)),
  );
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  const rotate = (a: number[], b: number[], c: number, s: number): void => {
    for (let i = 0; i < a.length; i++) [a[i], b[i]] = [c * a[i] - s * b[i], s * a[i] + c * b[i]];
  };
  for (let sweep = 0, rotated = true; sweep < 60 && rotated; sweep++) {
    rotated = false;
    for (let p = 0; p < cols; p++) {
      for (let q = p + 1; q < cols; q++) {
        const [a, b, c] = [dot(A[p], A[p]), dot(A[q], A[q]), dot(A[p], A[q])];
        if (Math.abs(c) <= 1e-16 * Math.sqrt(a * b)) continue;
        rotated = true;
        const zeta = (b - a) / (2 * c);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, t);
        rotate(A[p], A[q], cosine, cosine * t);
        rotate(V[p], V[q], cosine, cosine * t);
      }
    }
  }
  return { scaled: A, sigma: A.map((column) => Math.hypot(...column)), V };
}

/** U diag(f(sigma)) V^T, row-major. */
export function mapNaive(
  x: readonly number[],
  shape: Shape,
  f: (sigma: number) => number,
): number[] {
  const { scaled, sigma, V } = naiveSingular(x, shape);
  const cols = V.length;
  return x.map((_, at) => {
    const [row, col] = [Math.floor(at / cols), at % cols];
    return sigma.reduce(
      (sum, s, k) => sum + (s === 0 ? 0 : (scaled[k][row] / s) * f(s) * V[k][col]),
      0,
    );
  });
}
