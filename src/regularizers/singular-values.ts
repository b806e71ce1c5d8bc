/**
 * Singular values of a tensor seen as a matrix: [out, the rest], so a convolution is [out, in kh kw] and a bias a column.
 *
 *     x = U diag(sigma) V^T,   sigma >= 0
 *
 * By ml-matrix's SVD. For float32 arrays the singular values are shrunk another way, several times as fast and as good as
 * the array can hold, see {@link shrinkSingularValues}.
 */
import { EVD, Matrix, SVD } from "ml-matrix";
import { largest } from "../extremes.js";
import { isTypedArray } from "../kinds.js";
import { elements } from "./checks.js";
import type { Floats, Shape } from "./regularizer.js";

/** Below this share of the largest singular value a float32 threshold is left to the SVD. */
const SMALLEST_SHARE = 1e-6;

/** The singular values, in no particular order; NaN if x holds a number that is not finite. */
export function singularValues(x: Floats, shape: Shape): readonly number[] {
  if (!x.every(Number.isFinite)) return [Number.NaN];
  return new SVD(matrixOf(x, shape), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  }).diagonal;
}

/** out = U diag(f(sigma)) V^T; NaN everywhere if x holds a number that is not finite. `out` may be `x`. */
export function mapSingularValues(
  x: Floats,
  shape: Shape,
  f: (sigma: readonly number[]) => number[],
  out: Floats,
): void {
  if (!x.every(Number.isFinite)) {
    out.fill(Number.NaN);
    return;
  }
  const svd = new SVD(matrixOf(x, shape), { autoTranspose: true });
  const mapped = f(svd.diagonal);
  const [U, V] = [svd.leftSingularVectors.to2DArray(), svd.rightSingularVectors.to2DArray()];
  const used = mapped.flatMap((value, k) => (value === 0 ? [] : [k]));
  const cols = V.length;
  for (let row = 0; row < U.length; row++) {
    for (let col = 0; col < cols; col++) {
      let sum = 0;
      for (const k of used) sum += U[row][k] * mapped[k] * V[col][k];
      out[row * cols + col] = sum;
    }
  }
}

/**
 * out = U diag(max(sigma - t, 0)) V^T. `out` may be `x`.
 *
 * For float32 arrays by the eigenvalues sigma^2 of x x^T (or x^T x, the smaller of the two):
 *
 *     out = U_r diag(1 - t / sigma) (U_r^T x),   r: the sigma above t
 *
 * Only those count, and they come out with an error of about 2^-53 sigma_1^2 / t: far below the rounding of the array,
 * unless t is less than a millionth of sigma_1.
 */
export function shrinkSingularValues(x: Floats, shape: Shape, t: number, out: Floats): void {
  if (isTypedArray(x, "Float32Array") && x.every(Number.isFinite)) {
    const lines = linesOf(x, shape);
    const { realEigenvalues, eigenvectorMatrix: U } = new EVD(gramMatrix(lines), { assumeSymmetric: true });
    const sigma = realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0)));
    if (t >= SMALLEST_SHARE * largest(sigma)) {
      const shrunk = lines.map((line) => new Float64Array(line.length));
      sigma.forEach((value, k) => {
        if (value <= t) return;
        const along = new Float64Array(shrunk[0].length);
        lines.forEach((line, i) => addScaled(along, U.get(i, k), line));
        shrunk.forEach((line, i) => addScaled(line, U.get(i, k) * (1 - t / value), along));
      });
      writeLines(shrunk, shape, out);
      return;
    }
  }
  mapSingularValues(x, shape, (sigma) => sigma.map((value) => Math.max(value - t, 0)), out);
}

function matrixOf(x: Floats, shape: Shape): Matrix {
  const [rows, cols] = sides(shape);
  return Matrix.from1DArray(rows, cols, x);
}

function sides(shape: Shape): [rows: number, cols: number] {
  const rows = shape[0] ?? 1;
  return [rows, elements(shape) / rows];
}

/** The rows of x, or its columns if there are fewer of them. */
function linesOf(x: Floats, shape: Shape): Float64Array[] {
  const [rows, cols] = sides(shape);
  if (rows <= cols)
    return Array.from({ length: rows }, (_, i) => new Float64Array(x.subarray(i * cols, (i + 1) * cols)));
  const lines = Array.from({ length: cols }, () => new Float64Array(rows));
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) lines[j][i] = x[i * cols + j];
  return lines;
}

/** The reverse of {@link linesOf}. */
function writeLines(lines: readonly Float64Array[], shape: Shape, out: Floats): void {
  const [rows, cols] = sides(shape);
  if (rows <= cols) lines.forEach((line, i) => out.set(line, i * cols));
  else for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = lines[j][i];
}

/** The products of any two lines. */
function gramMatrix(lines: readonly Float64Array[]): Matrix {
  const gram = Matrix.zeros(lines.length, lines.length);
  for (let i = 0; i < lines.length; i++) {
    for (let j = 0; j <= i; j++) {
      const value = dot(lines[i], lines[j]);
      gram.set(i, j, value);
      gram.set(j, i, value);
    }
  }
  return gram;
}

/** y += factor * x */
function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let k = 0; k < y.length; k++) y[k] += factor * x[k];
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k] * y[k];
  return sum;
}
