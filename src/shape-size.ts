/** How many numbers a tensor has: the product of its shape; 1 of an empty one. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
