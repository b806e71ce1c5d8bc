/**
 * The truth for the convolution kernels, in float64, straight from the definition
 * (cross-correlation, as all of deep learning calls a convolution):
 *
 *     y[b, o, i, j] = bias[o] + sum over c, kh, kw of w[o, c, kh, kw] * x[b, c, i * stride + kh - pad, j * stride + kw - pad]
 *
 * and its three gradients, which visit the same products.
 */

export interface ConvShape {
  readonly samples: number;
  /** Input channels. */
  readonly inner: number;
  /** Output channels. */
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly pad: number;
}

export const outHeight = (s: ConvShape): number =>
  Math.floor((s.height + 2 * s.pad - s.kernel[0]) / s.stride) + 1;
export const outWidth = (s: ConvShape): number =>
  Math.floor((s.width + 2 * s.pad - s.kernel[1]) / s.stride) + 1;

/** Calls `visit` with the indices of y, w and x in every product of the definition. */
function products(s: ConvShape, visit: (y: number, w: number, x: number) => void): void {
  const [kernelHeight, kernelWidth] = s.kernel;
  const height = outHeight(s);
  const width = outWidth(s);
  for (let b = 0; b < s.samples; b++)
    for (let o = 0; o < s.rows; o++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const y = ((b * s.rows + o) * height + i) * width + j;
          for (let c = 0; c < s.inner; c++)
            for (let kh = 0; kh < kernelHeight; kh++)
              for (let kw = 0; kw < kernelWidth; kw++) {
                const h = i * s.stride + kh - s.pad;
                const v = j * s.stride + kw - s.pad;
                if (h < 0 || h >= s.height || v < 0 || v >= s.width) continue;
                const w = ((o * s.inner + c) * kernelHeight + kh) * kernelWidth + kw;
                visit(y, w, ((b * s.inner + c) * s.height + h) * s.width + v);
              }
        }
}

/** y: [samples, rows, outHeight, outWidth]. */
export function convForward(
  s: ConvShape,
  w: ArrayLike<number>, // [rows, inner, kernelHeight, kernelWidth]
  bias: ArrayLike<number> | undefined, // [rows]
  x: ArrayLike<number>, // [samples, inner, height, width]
): Float64Array {
  const plane = outHeight(s) * outWidth(s);
  const out = Float64Array.from({ length: s.samples * s.rows * plane }, (_, i) =>
    bias ? bias[Math.floor(i / plane) % s.rows]! : 0,
  );
  products(s, (y, k, i) => (out[y]! += w[k]! * x[i]!));
  return out;
}

/** dx: [samples, inner, height, width]. */
export function convInputGrad(
  s: ConvShape,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(s.samples * s.inner * s.height * s.width);
  products(s, (y, k, i) => (out[i]! += w[k]! * dy[y]!));
  return out;
}

/** g: [rows, inner, kernelHeight, kernelWidth]. */
export function convWeightGrad(
  s: ConvShape,
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(s.rows * s.inner * s.kernel[0] * s.kernel[1]);
  products(s, (y, k, i) => (out[k]! += dy[y]! * x[i]!));
  return out;
}

/** g: [rows]. */
export function convBiasGrad(s: ConvShape, dy: ArrayLike<number>): Float64Array {
  const plane = outHeight(s) * outWidth(s);
  const out = new Float64Array(s.rows);
  for (let i = 0; i < s.samples * s.rows * plane; i++)
    out[Math.floor(i / plane) % s.rows]! += dy[i]!;
  return out;
}
