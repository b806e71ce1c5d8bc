/** Sums over the layers of a network. */
import type { EpochMetrics } from "../measure/events.js";

/** Of a line's layers, together. */
export function total(
  line: EpochMetrics,
  key: "weights" | "nonZeros" | "units" | "activeUnits",
): number {
  return line.layers.reduce((sum, layer) => sum + layer[key], 0);
}
