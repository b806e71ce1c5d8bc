/**
 * The truth for batch norm, in float64, one channel at a time. Arrays are
 * [samples][channels][size].
 */
export interface ImageShape {
  readonly samples: number;
  readonly channels: number;
  /** Positions in a plane. */
  readonly size: number;
}

/** Indices of a channel's values. */
function channelIndices({ samples, channels, size }: ImageShape, c: number): number[] {
  return Array.from(
    { length: samples * size },
    (_, k) => (Math.floor(k / size) * channels + c) * size + (k % size),
  );
}

/** Mean and biased variance of each channel. */
export function moments(
  x: ArrayLike<number>,
  shape: ImageShape,
): { mean: number[]; variance: number[] } {
  const mean: number[] = [];
  const variance: number[] = [];
  for (let c = 0; c < shape.channels; c++) {
    const indices = channelIndices(shape, c);
    const average = indices.reduce((sum, i) => sum + x[i]!, 0) / indices.length;
    mean.push(average);
    variance.push(indices.reduce((sum, i) => sum + (x[i]! - average) ** 2, 0) / indices.length);
  }
  return { mean, variance };
}

/** gamma (x - mean) invstd + beta + residual, rectified if `relu`. */
export function normalize(
  x: ArrayLike<number>,
  shape: ImageShape,
  { mean, invstd, gamma, beta }: Record<"mean" | "invstd" | "gamma" | "beta", ArrayLike<number>>,
  { residual, relu = false }: { residual?: ArrayLike<number> | undefined; relu?: boolean } = {},
): Float64Array {
  const y = new Float64Array(x.length);
  for (let c = 0; c < shape.channels; c++)
    for (const i of channelIndices(shape, c)) {
      y[i] = gamma[c]! * (x[i]! - mean[c]!) * invstd[c]! + beta[c]! + (residual?.[i] ?? 0);
      if (relu) y[i] = Math.max(y[i]!, 0);
    }
  return y;
}

/** Gradients of sum(dy * y) for y = gamma xhat + beta with the batch's own statistics. */
export function gradients(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  shape: ImageShape,
  gamma: ArrayLike<number>,
  eps: number,
): { dx: Float64Array; dgamma: number[]; dbeta: number[] } {
  const { mean, variance } = moments(x, shape);
  const dx = new Float64Array(x.length);
  const dgamma: number[] = [];
  const dbeta: number[] = [];
  for (let c = 0; c < shape.channels; c++) {
    const indices = channelIndices(shape, c);
    const invstd = 1 / Math.sqrt(variance[c]! + eps);
    const xhat = (i: number): number => (x[i]! - mean[c]!) * invstd;
    dgamma.push(indices.reduce((sum, i) => sum + dy[i]! * xhat(i), 0));
    dbeta.push(indices.reduce((sum, i) => sum + dy[i]!, 0));
    const n = indices.length;
    for (const i of indices)
      dx[i] = gamma[c]! * invstd * (dy[i]! - dbeta[c]! / n - (xhat(i) * dgamma[c]!) / n);
  }
  return { dx, dgamma, dbeta };
}
