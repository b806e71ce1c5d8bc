/**
 * An image of another size. Each new pixel is the mean of the old ones around its place, weighted
 * by a triangle as wide as two new pixels, or as two old ones where it grows:
 *
 *     y_i = sum_k w(k + 1/2 - c_i) x_k / sum_k w(k + 1/2 - c_i)      c_i = begin + (i + 1/2) s
 *     w(d) = max(0, 1 - |d| / max(s, 1))                             s: old pixels in a new one
 *
 * along the rows, then along the columns, in float64, and rounded once.
 */
import type { ImageFit } from "../preparation.js";
import type { Image } from "./image.js";

/** The image in another size; the same one if it has that already. */
export function resized(image: Image, height: number, width: number, fit: ImageFit): Image {
  if (image.height === height && image.width === width) return image;
  const least = Math.min(image.height / height, image.width / width);
  const rows = fit === "cut" ? least : image.height / height;
  const columns = fit === "cut" ? least : image.width / width;
  const across = weights(image.width, width, columns);
  const down = weights(image.height, height, rows);
  const size = image.height * image.width;
  const data = new Uint8Array(image.channels * height * width);
  for (let c = 0; c < image.channels; c++) {
    const plane = image.data.subarray(c * size, (c + 1) * size);
    const wide = alongRows(plane, image.height, image.width, across);
    alongColumns(wide, width, down, data.subarray(c * height * width));
  }
  return { channels: image.channels, height, width, data };
}

/** What a new pixel is made of: old ones from `from` on, and the share of each. */
interface Share {
  readonly from: number;
  readonly shares: Float64Array;
}

/** @param step - old pixels in a new one */
function weights(old: number, size: number, step: number): Share[] {
  const reach = Math.max(step, 1);
  const begin = (old - size * step) / 2;
  return Array.from({ length: size }, (_, i) => {
    const centre = begin + (i + 0.5) * step;
    const from = Math.max(0, Math.ceil(centre - reach - 0.5));
    const to = Math.min(old, Math.floor(centre + reach - 0.5) + 1);
    const shares = Float64Array.from({ length: to - from }, (__, k) =>
      Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / reach),
    );
    const sum = shares.reduce((all, share) => all + share, 0);
    return { from, shares: shares.map((share) => share / sum) };
  });
}

function alongRows(
  plane: Uint8Array,
  height: number,
  width: number,
  across: readonly Share[],
): Float64Array {
  const out = new Float64Array(height * across.length);
  for (let y = 0; y < height; y++) {
    for (const [x, { from, shares }] of across.entries()) {
      let sum = 0;
      for (let k = 0; k < shares.length; k++) sum += shares[k] * plane[y * width + from + k];
      out[y * across.length + x] = sum;
    }
  }
  return out;
}

function alongColumns(
  wide: Float64Array,
  width: number,
  down: readonly Share[],
  out: Uint8Array,
): void {
  for (const [y, { from, shares }] of down.entries()) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < shares.length; k++) sum += shares[k] * wide[(from + k) * width + x];
      out[y * width + x] = Math.min(255, Math.floor(sum + 0.5));
    }
  }
}
