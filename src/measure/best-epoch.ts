/**
 * The epoch of best validation: by accuracy where there is one, else by the loss; of equal ones the
 * last counts.
 */
import type { EpochMetrics, FinalMetrics } from "./events.js";
import { kernelDensity, totalDensity } from "./metrics.js";

/** What an epoch is judged by: more is better. Undefined if it says nothing. */
function merit({ validAccuracy, validLoss }: EpochMetrics): number | undefined {
  // JSON has null where a number was not finite.
  if (typeof validAccuracy === "number") return validAccuracy;
  return typeof validLoss === "number" && Number.isFinite(validLoss) ? -validLoss : undefined;
}

/** The lines that count: those from epoch `from` on that say something. */
function counted(history: readonly EpochMetrics[], from: number) {
  return history.flatMap((line) => {
    const value = merit(line);
    return line.epoch < from || value === undefined ? [] : [{ line, value }];
  });
}

/**
 * Whether an epoch is the best so far.
 *
 * @param from - the first epoch that counts
 */
export function isBest(
  metrics: EpochMetrics,
  before: readonly EpochMetrics[],
  from: number,
): boolean {
  return bestLine([...before, metrics], from) === metrics;
}

/** The line of the best epoch, from epoch `from` on; undefined if none says anything. */
export function bestLine(history: readonly EpochMetrics[], from: number): EpochMetrics | undefined {
  let best: { readonly line: EpochMetrics; readonly value: number } | undefined;
  for (const one of counted(history, from)) if (!best || one.value >= best.value) best = one;
  return best?.line;
}

/** Epochs since one was better than all before it, from epoch `from` on. */
export function epochsWithoutBetter(history: readonly EpochMetrics[], from: number): number {
  let [best, at] = [-Infinity, from - 1];
  for (const { line, value } of counted(history, from))
    if (value > best) [best, at] = [value, line.epoch];
  return Math.max(0, (history.at(-1)?.epoch ?? 0) - at);
}

/**
 * The test accuracy of a line that has one: in runs of earlier versions those lines had it that
 * were the best so far.
 */
export function testedBefore({ testAccuracy }: EpochMetrics): number | undefined {
  return typeof testAccuracy === "number" ? testAccuracy : undefined;
}

/** What is told of the best epoch of a classifier's run. @param line - of this epoch */
export function bestFigures(
  line: EpochMetrics,
  testAccuracy: number,
): NonNullable<FinalMetrics["best"]> {
  const { epoch, validAccuracy, density, layers } = line;
  const linear = layers.filter(({ kernels }) => kernels === undefined);
  const kernels = kernelDensity(layers);
  return {
    epoch,
    validAccuracy: validAccuracy!,
    testAccuracy,
    density,
    linearDensity: totalDensity(linear),
    ...(kernels === undefined ? {} : { kernelDensity: kernels }),
  };
}

/** The line of the network that a run has come to: that of the epoch kept, else the last. */
export function resultLine(
  history: readonly EpochMetrics[],
  { kept }: Pick<FinalMetrics, "kept"> = {},
): EpochMetrics | undefined {
  return history.find(({ epoch }) => epoch === kept) ?? history.at(-1);
}
