/**
 * The truth for augmentation: out[h, w] = image[h + down, w + right] of the image, which is
 * mirrored first if `flip`; 0 for pixels from outside, or if `reflect` what a mirror at the first
 * and last pixels shows. (The square that cutout sets is told by `isCut`: it comes after the
 * normalisation.)
 */
export interface Augmentation {
  readonly down: number;
  readonly right: number;
  readonly flip: boolean;
  readonly reflect: boolean;
}

export function augmented(
  image: ArrayLike<number>, // [height][width]
  height: number,
  width: number,
  { down, right, flip, reflect }: Augmentation,
): number[] {
  return Array.from({ length: height * width }, (_, k) => {
    const h = seen(Math.floor(k / width) + down, height, reflect);
    const w = seen((k % width) + right, width, reflect);
    if (h < 0 || h >= height || w < 0 || w >= width) return 0;
    return image[h * width + (flip ? width - 1 - w : w)]!;
  });
}

/** A walk to and fro between the first pixel and the last, as far as once. */
function seen(i: number, n: number, reflect: boolean): number {
  return reflect ? n - 1 - Math.abs(n - 1 - Math.abs(i)) : i;
}

/** Whether pixel k of an image of this width lies in the square. */
export function isCut(
  k: number,
  width: number,
  [top, left, side]: readonly [number, number, number],
): boolean {
  const [h, w] = [Math.floor(k / width), k % width];
  return h >= top && h < top + side && w >= left && w < left + side;
}
