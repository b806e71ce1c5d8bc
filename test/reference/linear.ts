/**
 * The truth for the products of a linear layer, in float64, one number at a time. All matrices are
 * row-major.
 */
type Numbers = ArrayLike<number>;

/** y[b, r] = bias[r] + sum over c of w[r, c] x[b, c]. */
export function forward(
  w: Numbers,
  bias: Numbers | undefined,
  x: Numbers,
  rows: number,
  cols: number,
): Float64Array {
  const samples = x.length / cols;
  return fill(
    samples,
    rows,
    (b, r) => (bias?.[r] ?? 0) + sum(cols, (c) => w[r * cols + c]! * x[b * cols + c]!),
  );
}

/** dx[b, c] = sum over r of w[r, c] dy[b, r]. */
export function inputGrad(w: Numbers, dy: Numbers, rows: number, cols: number): Float64Array {
  const samples = dy.length / rows;
  return fill(samples, cols, (b, c) => sum(rows, (r) => w[r * cols + c]! * dy[b * rows + r]!));
}

/** g[r, c] = sum over b of dy[b, r] x[b, c]. */
export function weightGrad(dy: Numbers, x: Numbers, rows: number, cols: number): Float64Array {
  const samples = x.length / cols;
  return fill(rows, cols, (r, c) => sum(samples, (b) => dy[b * rows + r]! * x[b * cols + c]!));
}

/** g[r] = sum over b of dy[b, r]. */
export function biasGrad(dy: Numbers, rows: number): Float64Array {
  return fill(1, rows, (_, r) => sum(dy.length / rows, (b) => dy[b * rows + r]!));
}

function fill(
  height: number,
  width: number,
  value: (i: number, j: number) => number,
): Float64Array {
  return Float64Array.from({ length: height * width }, (_, k) =>
    value(Math.floor(k / width), k % width),
  );
}

function sum(length: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < length; k++) total += term(k);
  return total;
}
