/**
 * Singular values of a tensor seen as a matrix: [out, the rest], so a convolution is [out, in kh
 * kw] and a bias a column.
 *
 *     x = U diag(sigma) V^T,   sigma >= 0
 *
 * By ml-matrix's SVD, block by block (blocks.ts): rounding would leave numbers of 1e-15 where the
 * result is zero. For float32 arrays the singular values are shrunk another way, several times as
 * fast and as good as the array can hold, see {@link shrinkSingularValues}.
 */
import { EVD, Matrix, SVD } from "../bundled/ml-matrix.js";
import { largest } from "../extremes.js";
import { isTypedArray } from "../kinds.js";
import { blocksOf, gathered, scatter, type Block } from "./blocks.js";
import { size } from "../shape-size.js";
import type { Floats, Shape } from "./regularizer.js";

/** Below this share of the largest singular value a float32 threshold is left to the SVD. */
const SMALLEST_SHARE = 1e-6;

/** The singular values, in no particular order; NaN if x holds a number that is not finite. */
export function singularValues(x: Floats, shape: Shape): readonly number[] {
  if (!x.every(Number.isFinite)) return [Number.NaN];
  const [rows, cols] = sides(shape);
  return new SVD(Matrix.from1DArray(rows, cols, x), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  }).diagonal;
}

/**
 * out = U diag(f(sigma)) V^T, with zeros where no block of x is; NaN everywhere if x holds a number
 * that is not finite. `out` may be `x`.
 */
export function mapSingularValues(
  x: Floats,
  shape: Shape,
  f: (sigma: readonly number[]) => number[],
  out: Floats,
): void {
  const [rows, cols] = sides(shape);
  if (!x.every(Number.isFinite)) {
    out.fill(Number.NaN);
    return;
  }
  const parts = blocksOf(x, rows, cols).map((block) => ({
    block,
    svd: svdOf(gathered(x, block, cols), block),
  }));
  const mapped = f(parts.flatMap(({ svd }) => svd.diagonal));
  out.fill(0);
  let first = 0;
  for (const { block, svd } of parts) {
    const { length } = svd.diagonal;
    scatter(composed(svd, mapped.slice(first, first + length)), block, cols, out);
    first += length;
  }
}

/**
 * out = U diag(max(sigma - t, 0)) V^T, with zeros where no block of x is. `out` may be `x`.
 *
 * For float32 arrays by the eigenvalues sigma^2 of x x^T (or x^T x, the smaller of the two):
 *
 *     out = U_r diag(1 - t / sigma) (U_r^T x),   r: the sigma above t
 *
 * Only those count, and they come out with an error of about 2^-53 sigma_1^2 / t: far below the
 * rounding of the array, unless t is less than a millionth of sigma_1.
 */
export function shrinkSingularValues(x: Floats, shape: Shape, t: number, out: Floats): void {
  const shrink = (sigma: readonly number[]) => sigma.map((value) => Math.max(value - t, 0));
  if (!isTypedArray(x, "Float32Array") || !x.every(Number.isFinite)) {
    mapSingularValues(x, shape, shrink, out);
    return;
  }
  const shrunkBySvd = (svd: SVD) => composed(svd, shrink(svd.diagonal));
  const [rows, cols] = sides(shape);
  const parts = blocksOf(x, rows, cols).map((block) => ({
    block,
    values: gathered(x, block, cols),
  }));
  out.fill(0);
  for (const { block, values } of parts) {
    scatter(
      shrunkByEigenvalues(values, block, t) ?? shrunkBySvd(svdOf(values, block)),
      block,
      cols,
      out,
    );
  }
}

/** A block with its singular values shrunk; undefined if t is too small for this way. */
function shrunkByEigenvalues(
  x: Float64Array,
  { rows, cols }: Block,
  t: number,
): Float64Array | undefined {
  const shape = [rows.length, cols.length];
  const lines = linesOf(x, shape);
  const { realEigenvalues, eigenvectorMatrix: U } = new EVD(gramMatrix(lines), {
    assumeSymmetric: true,
  });
  const sigma = realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0)));
  if (t < SMALLEST_SHARE * largest(sigma)) return undefined;
  const shrunk = lines.map((line) => new Float64Array(line.length));
  sigma.forEach((value, k) => {
    if (value <= t) return;
    const along = new Float64Array(shrunk[0].length);
    lines.forEach((line, i) => addScaled(along, U.get(i, k), line));
    shrunk.forEach((line, i) => addScaled(line, U.get(i, k) * (1 - t / value), along));
  });
  const out = new Float64Array(x.length);
  writeLines(shrunk, shape, out);
  return out;
}

function svdOf(x: Float64Array, { rows, cols }: Block): SVD {
  return new SVD(Matrix.from1DArray(rows.length, cols.length, x), { autoTranspose: true });
}

/** U diag(values) V^T, row-major. */
function composed(svd: SVD, values: readonly number[]): Float64Array {
  const [U, V] = [svd.leftSingularVectors.to2DArray(), svd.rightSingularVectors.to2DArray()];
  const used = values.flatMap((value, k) => (value === 0 ? [] : [k]));
  const cols = V.length;
  const out = new Float64Array(U.length * cols);
  for (let row = 0; row < U.length; row++) {
    for (let col = 0; col < cols; col++) {
      let sum = 0;
      for (const k of used) sum += U[row][k] * values[k] * V[col][k];
      out[row * cols + col] = sum;
    }
  }
  return out;
}

function sides(shape: Shape): [rows: number, cols: number] {
  const rows = shape[0] ?? 1;
  return [rows, size(shape) / rows];
}

/** The rows of x, or its columns if there are fewer of them. */
function linesOf(x: Floats, shape: Shape): Float64Array[] {
  const [rows, cols] = sides(shape);
  if (rows <= cols)
    return Array.from(
      { length: rows },
      (_, i) => new Float64Array(x.subarray(i * cols, (i + 1) * cols)),
    );
  const lines = Array.from({ length: cols }, () => new Float64Array(rows));
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) lines[j][i] = x[i * cols + j];
  return lines;
}

/** The reverse of {@link linesOf}. */
function writeLines(lines: readonly Float64Array[], shape: Shape, out: Floats): void {
  const [rows, cols] = sides(shape);
  if (rows <= cols) lines.forEach((line, i) => out.set(line, i * cols));
  else
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = lines[j][i];
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
