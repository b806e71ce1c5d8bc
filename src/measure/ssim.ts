/**
 * Structural similarity of two images (Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment",
 * 2004, equation 13).
 *
 *     SSIM = (2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2)),   averaged over windows
 *     C1 = (K1 L)^2, C2 = (K2 L)^2, K1 = 0.01, K2 = 0.03, L the range of the values
 *
 * Means m, variances s^2 and the covariance s_ab are weighted by a Gaussian of 11 x 11 pixels,
 * sigma 1.5, with sum 1. Only windows that lie in the image count, as in the authors' program.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { gaussianKernel } from "../data/restore.js";

/** Side of the window: images must not be smaller. */
export const SSIM_WINDOW = 11;
const KERNEL = gaussianKernel({ size: SSIM_WINDOW, sigma: 1.5 });
const [K1, K2] = [0.01, 0.03];

export interface SsimOptions {
  readonly height: number;
  readonly width: number;
  /** L: largest minus smallest possible value. Default 1. */
  readonly range?: number | undefined;
}

const OPTIONS: OptionKeys<SsimOptions> = { height: 1, width: 1, range: 1 };

/**
 * The similarity of images, one after the other in two arrays; 1 if they are equal, never more.
 *
 * @param a - [planes, height, width] row-major; an image of several channels counts as so many
 *   planes
 * @param b - the same shape
 * @returns the sum over the planes: divide by their number
 * @throws InputError if the images are smaller than a window; also if the lengths don't fit
 * @example
 * const mean = ssimSum(outputs, targets, { height: 28, width: 28 }) / (outputs.length / 784);
 */
export function ssimSum(a: Float32Array, b: Float32Array, options: SsimOptions): number {
  const { height, width, range = 1 } = knownOptions("ssimSum", options, OPTIONS);
  if (height < SSIM_WINDOW || width < SSIM_WINDOW) {
    throw new InputError(
      `ssim: images must be at least ${SSIM_WINDOW} x ${SSIM_WINDOW} pixels, found ${height} x ${width}`,
    );
  }
  const size = height * width;
  if (a.length !== b.length || a.length % size !== 0) {
    throw new InputError(
      `ssim: expected two arrays of whole images of ${size} pixels, found ${a.length} and ${b.length} numbers`,
    );
  }
  const [C1, C2] = [(K1 * range) ** 2, (K2 * range) ** 2];
  const windows = (height - SSIM_WINDOW + 1) * (width - SSIM_WINDOW + 1);
  const mean = windowMeans(height, width);
  const [ma, mb, aa, bb, ab] = Array.from({ length: 5 }, () => new Float64Array(windows));
  let total = 0;
  for (let at = 0; at < a.length; at += size) {
    mean((p) => a[at + p], ma);
    mean((p) => b[at + p], mb);
    mean((p) => a[at + p] * a[at + p], aa);
    mean((p) => b[at + p] * b[at + p], bb);
    mean((p) => a[at + p] * b[at + p], ab);
    let sum = 0;
    for (let w = 0; w < windows; w++) {
      const [x, y] = [ma[w], mb[w]];
      const luminance = (2 * x * y + C1) / (x * x + y * y + C1);
      sum += (luminance * (2 * (ab[w] - x * y) + C2)) / (aa[w] - x * x + (bb[w] - y * y) + C2);
    }
    total += sum / windows;
  }
  return total;
}

/** A function that fills `out` with the weighted mean of each window, row by row. */
function windowMeans(height: number, width: number) {
  const outWidth = width - SSIM_WINDOW + 1;
  const values = new Float64Array(height * width);
  const rows = new Float64Array(height * outWidth);
  return (value: (pixel: number) => number, out: Float64Array): void => {
    for (let p = 0; p < values.length; p++) values[p] = value(p);
    for (let p = 0; p < rows.length; p++) {
      const from = Math.floor(p / outWidth) * width + (p % outWidth);
      let sum = 0;
      for (let k = 0; k < SSIM_WINDOW; k++) sum += KERNEL[k] * values[from + k];
      rows[p] = sum;
    }
    for (let p = 0; p < out.length; p++) {
      let sum = 0;
      for (let k = 0; k < SSIM_WINDOW; k++) sum += KERNEL[k] * rows[p + k * outWidth];
      out[p] = sum;
    }
  };
}
