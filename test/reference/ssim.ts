/**
 * The truth for structural similarity: every window on its own, its weights, means, variances and
 * covariance straight from the definition (Wang et al. 2004, equations 13 to 16). One plane.
 */
export function ssim(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  height: number,
  width: number,
  range = 1,
): number {
  const C1 = (0.01 * range) ** 2;
  const C2 = (0.03 * range) ** 2;
  const values: number[] = [];
  for (let top = 0; top + 11 <= height; top++) {
    for (let left = 0; left + 11 <= width; left++) {
      const window: { w: number; x: number; y: number }[] = [];
      for (let i = 0; i < 11; i++) {
        for (let j = 0; j < 11; j++) {
          const p = (top + i) * width + left + j;
          window.push({
            w: Math.exp(-((i - 5) ** 2 + (j - 5) ** 2) / (2 * 1.5 ** 2)),
            x: a[p]!,
            y: b[p]!,
          });
        }
      }
      const total = window.reduce((sum, { w }) => sum + w, 0);
      const mean = (f: (x: number, y: number) => number) =>
        window.reduce((sum, { w, x, y }) => sum + (w / total) * f(x, y), 0);
      const mx = mean((x) => x);
      const my = mean((_, y) => y);
      const vx = mean((x) => (x - mx) ** 2);
      const vy = mean((_, y) => (y - my) ** 2);
      const vxy = mean((x, y) => (x - mx) * (y - my));
      values.push(
        ((2 * mx * my + C1) * (2 * vxy + C2)) / ((mx ** 2 + my ** 2 + C1) * (vx + vy + C2)),
      );
    }
  }
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
