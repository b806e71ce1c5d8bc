/** The op by which sums of gradients are added, or begun with. */
import { op, WHOLE_SHARES, type Op } from "../runtime/kernel-table.js";

/** Floats in a cache line: sums and slices of them begin at multiples of it. */
export const LINE = 16;
/**
 * Floats that are sent to other ranks at once, at least: a millisecond or more at 1 Gbit/s, so that
 * what each message takes beside does not count.
 */
export const PIECE = 2 ** 16;

/**
 * Adds floats, times the share that is kept at an address, to those of a sum.
 *
 * @param length - how many, a multiple of {@link LINE}
 * @param begins - whether they take the place of what is there
 */
export function sumOfFloats(
  length: number,
  from: { readonly g: number; readonly share: number },
  sum: number,
  begins = false,
): Op {
  const shape = { rows: length / LINE, cols: LINE };
  const args = { ...from, sum, first: begins ? 1 : 0, ...shape };
  return op("sumGradient", shape.rows, args, WHOLE_SHARES);
}
