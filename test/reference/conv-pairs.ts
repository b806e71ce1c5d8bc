/**
 * The truth for convolutions: every product of the sum, one after the other, in float64.
 *
 *     y[n, o, i, j] = bias[o] + sum over c, kh, kw of w[o, c, kh, kw] x[n, c, i * stride + kh - pad, j * stride + kw - pad]
 */

/** Sizes of a convolution; height and width are the input's. Kernels are size x size. */
export interface ConvSizes {
  readonly batch: number;
  readonly inner: number;
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
}

/** Positions that an output plane has in one direction, of `length` positions of the input. */
export const outputLength = (length: number, { size, stride, pad }: ConvSizes): number =>
  Math.floor((length + 2 * pad - size) / stride) + 1;

/**
 * Calls `visit` with the indices of y, w and x (row-major) for every product whose x is not in the
 * border.
 */
function products(s: ConvSizes, visit: (y: number, w: number, x: number) => void): void {
  const [outHeight, outWidth] = [outputLength(s.height, s), outputLength(s.width, s)];
  for (let n = 0; n < s.batch; n++)
    for (let o = 0; o < s.rows; o++)
      for (let i = 0; i < outHeight; i++)
        for (let j = 0; j < outWidth; j++)
          for (let c = 0; c < s.inner; c++)
            for (let kh = 0; kh < s.size; kh++)
              for (let kw = 0; kw < s.size; kw++) {
                const [h, w] = [i * s.stride + kh - s.pad, j * s.stride + kw - s.pad];
                if (h < 0 || h >= s.height || w < 0 || w >= s.width) continue;
                visit(
                  ((n * s.rows + o) * outHeight + i) * outWidth + j,
                  ((o * s.inner + c) * s.size + kh) * s.size + kw,
                  ((n * s.inner + c) * s.height + h) * s.width + w,
                );
              }
}

/** y [batch, rows, outHeight, outWidth]. */
export function convForward(
  s: ConvSizes,
  w: Float32Array,
  x: Float32Array,
  bias: Float32Array,
): Float64Array {
  const plane = outputLength(s.height, s) * outputLength(s.width, s);
  const y = Float64Array.from(
    { length: s.batch * s.rows * plane },
    (_, k) => bias[Math.floor(k / plane) % s.rows]!,
  );
  products(s, (i, j, k) => (y[i]! += w[j]! * x[k]!));
  return y;
}

/** dx [batch, inner, height, width]. */
export function convInputGrad(s: ConvSizes, w: Float32Array, dy: Float32Array): Float64Array {
  const dx = new Float64Array(s.batch * s.inner * s.height * s.width);
  products(s, (i, j, k) => (dx[k]! += w[j]! * dy[i]!));
  return dx;
}

/** g [rows, inner, size, size]. */
export function convWeightGrad(s: ConvSizes, dy: Float32Array, x: Float32Array): Float64Array {
  const g = new Float64Array(s.rows * s.inner * s.size * s.size);
  products(s, (i, j, k) => (g[j]! += dy[i]! * x[k]!));
  return g;
}
