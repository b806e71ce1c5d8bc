/** A figure over several seeds, in a cell of a table. */
import type { Statistic } from "../sweep/comparison.js";

/** "97.12 ± 0.31"; without the spread for a single seed. */
export function plusMinus(value: Statistic | undefined, scale: number, digits: number): string {
  if (!value) return "–";
  const mean = (scale * value.mean).toFixed(digits);
  return value.values.length > 1 ? `${mean} ± ${(scale * value.deviation).toFixed(digits)}` : mean;
}
