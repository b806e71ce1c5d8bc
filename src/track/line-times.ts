/** When the lines of a run that lies behind were written. */
import type { EpochMetrics } from "../measure/events.js";

/**
 * Lines of metrics with their times, in seconds since 1970: they lie so long before the last as
 * they did.
 */
export function withTimes(
  lines: readonly EpochMetrics[],
  end = Date.now() / 1000,
): [line: EpochMetrics, time: number][] {
  const seconds = lines.at(-1)?.seconds ?? 0;
  return lines.map((line) => [line, end - seconds + line.seconds]);
}
