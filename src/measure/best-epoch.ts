/** The epoch of the best validation accuracy; of equal ones the last counts. */
import type { EpochMetrics, FinalMetrics } from "./events.js";
import { kernelDensity, totalDensity } from "./metrics.js";

/** Whether an epoch's validation accuracy is the best so far. */
export function isBest({ validAccuracy }: EpochMetrics, before: readonly EpochMetrics[]): boolean {
  return (
    validAccuracy !== undefined &&
    before.slice(1).every((line) => validAccuracy >= (line.validAccuracy ?? 0))
  );
}

/** The best epoch of a run: the last line that has a test accuracy. */
export function bestOf(history: readonly EpochMetrics[]): FinalMetrics["best"] {
  const line = history.findLast(({ testAccuracy }) => testAccuracy !== undefined);
  if (!line) return undefined;
  const { epoch, validAccuracy, testAccuracy, density, layers } = line;
  const linear = layers.filter(({ kernels }) => kernels === undefined);
  const kernels = kernelDensity(layers);
  return {
    epoch,
    validAccuracy: validAccuracy!,
    testAccuracy: testAccuracy!,
    density,
    linearDensity: totalDensity(linear),
    ...(kernels === undefined ? {} : { kernelDensity: kernels }),
  };
}
