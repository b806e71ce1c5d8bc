/** How many numbers a tensor has: the product of its shape; 1 of an empty one. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A signal [channels, length] as an image of height 1; other shapes as they are. */
export function withHeight(shape: readonly number[]): readonly number[] {
  return shape.length === 2 ? [shape[0], 1, shape[1]] : shape;
}
