/**
 * The truth for pooling, in float64, one plane at a time. Arrays are [planes][height][width].
 */
export interface Window {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly sizeHeight: number;
  readonly sizeWidth: number;
  readonly stride: readonly [down: number, across: number];
  /** Above, below, left, right. */
  readonly padding: readonly [top: number, bottom: number, left: number, right: number];
}

/** How many windows there are down and across. */
export function windowCounts(w: Window): [height: number, width: number] {
  const [top, bottom, left, right] = w.padding;
  return [
    Math.floor((w.inHeight + top + bottom - w.sizeHeight) / w.stride[0]) + 1,
    Math.floor((w.inWidth + left + right - w.sizeWidth) / w.stride[1]) + 1,
  ];
}

/** For each output position, the indices of its window that are in the image, row-major. */
export function windows(planes: number, w: Window): number[][] {
  const out: number[][] = [];
  const [height, width] = windowCounts(w);
  for (let p = 0; p < planes; p++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        const places: number[] = [];
        for (let k = 0; k < w.sizeHeight * w.sizeWidth; k++) {
          const row = i * w.stride[0] + Math.floor(k / w.sizeWidth) - w.padding[0];
          const column = j * w.stride[1] + (k % w.sizeWidth) - w.padding[2];
          if (row >= 0 && row < w.inHeight && column >= 0 && column < w.inWidth)
            places.push((p * w.inHeight + row) * w.inWidth + column);
        }
        out.push(places);
      }
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

/** The mean of each window, zeros beyond the image counted. */
export const avgPool = (x: ArrayLike<number>, planes: number, w: Window): number[] =>
  windows(planes, w).map(
    (window) => window.reduce((sum, i) => sum + x[i]!, 0) / (w.sizeHeight * w.sizeWidth),
  );

/** An equal share of dy to each position of its window. */
export function avgPoolGrad(dy: ArrayLike<number>, planes: number, w: Window): Float64Array {
  const dx = new Float64Array(planes * w.inHeight * w.inWidth);
  windows(planes, w).forEach((window, k) => {
    for (const i of window) dx[i]! += dy[k]! / (w.sizeHeight * w.sizeWidth);
  });
  return dx;
}
