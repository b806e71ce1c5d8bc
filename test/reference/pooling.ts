/**
 * The truth for pooling, in float64, one plane at a time. Arrays are [planes][height][width].
 */
export interface Window {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly sizeHeight: number;
  readonly sizeWidth: number;
  readonly stride: number;
}

/** Windows that fit along one side. */
export const windowsAlong = (inside: number, size: number, stride: number): number =>
  Math.floor((inside - size) / stride) + 1;

/** For each output position, the indices of its window, row-major. */
export function windows(planes: number, w: Window): number[][] {
  const out: number[][] = [];
  for (let p = 0; p < planes; p++)
    for (let i = 0; i < windowsAlong(w.inHeight, w.sizeHeight, w.stride); i++)
      for (let j = 0; j < windowsAlong(w.inWidth, w.sizeWidth, w.stride); j++)
        out.push(
          Array.from({ length: w.sizeHeight * w.sizeWidth }, (_, k) => {
            const row = i * w.stride + Math.floor(k / w.sizeWidth);
            return (p * w.inHeight + row) * w.inWidth + j * w.stride + (k % w.sizeWidth);
          }),
        );
  return out;
}

/** The maximum of each window; NaN if it has one. */
export const maxPool = (x: ArrayLike<number>, planes: number, w: Window): number[] =>
  windows(planes, w).map((window) => Math.max(...window.map((i) => x[i]!)));

/** dy to the first maximum of each window. */
export function maxPoolGrad(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  planes: number,
  w: Window,
): Float64Array {
  const dx = new Float64Array(planes * w.inHeight * w.inWidth);
  windows(planes, w).forEach((window, k) => {
    const top = Math.max(...window.map((i) => x[i]!));
    dx[window.find((i) => x[i] === top)!]! += dy[k]!;
  });
  return dx;
}

/** The mean of each window. */
export const avgPool = (x: ArrayLike<number>, planes: number, w: Window): number[] =>
  windows(planes, w).map((window) => window.reduce((sum, i) => sum + x[i]!, 0) / window.length);

/** An equal share of dy to each position of its window. */
export function avgPoolGrad(dy: ArrayLike<number>, planes: number, w: Window): Float64Array {
  const dx = new Float64Array(planes * w.inHeight * w.inWidth);
  windows(planes, w).forEach((window, k) => {
    for (const i of window) dx[i]! += dy[k]! / window.length;
  });
  return dx;
}
