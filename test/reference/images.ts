/**
 * The truth for augmentation: out[h, w] = image[h + down, w + right] of the image, which is mirrored first if `flip`;
 * 0 for pixels from outside.
 */
export interface Augmentation {
  readonly down: number;
  readonly right: number;
  readonly flip: boolean;
}

export function augmented(
  image: ArrayLike<number>, // [height][width]
  height: number,
  width: number,
  { down, right, flip }: Augmentation,
): number[] {
  return Array.from({ length: height * width }, (_, k) => {
    const h = Math.floor(k / width) + down;
    const w = (k % width) + right;
    if (h < 0 || h >= height || w < 0 || w >= width) return 0;
    return image[h * width + (flip ? width - 1 - w : w)]!;
  });
}
