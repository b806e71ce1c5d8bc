/** What runs of a row of the paper's table have come to, and its text for docs/ and a terminal. */
import type { FinalMetrics } from "../measure/events.js";
import type { RunResult } from "../runs/run-result.js";
import { statistic, type Statistic } from "./comparison.js";
import type { PaperMeasure } from "./paper-rows.js";

/** A row's figures over several seeds. */
export interface RowFigures {
  readonly seeds: readonly number[];
  readonly epochs: number;
  /** The figure of the row's measure: a fraction, or a similarity of at most 1. */
  readonly figure: Statistic;
  /** Its densities, fractions, in their order. */
  readonly densities: readonly Statistic[];
  /** Of a run. */
  readonly seconds: Statistic;
}

/** The figures of at least one run. */
export function rowFigures(measure: PaperMeasure, results: readonly RunResult[]): RowFigures {
  const over = (pick: (final: FinalMetrics) => number) =>
    statistic(results.map(({ final }) => pick(final)));
  // The data of every row have what its measure needs.
  const at = (final: FinalMetrics) => (measure.of === "best" ? final.best : final) as FinalMetrics;
  return {
    seeds: results.map(({ seed }) => seed),
    epochs: results[0].epochs.at(-1)!.epoch!,
    figure: over((final) => at(final)[measure.figure]!),
    densities: measure.densities.map((key) => over((final) => at(final)[key]!)),
    seconds: over(({ seconds }) => seconds),
  };
}

/**
 * "97.3 ± 0.3 % at 10.6 %": the mean and, of three seeds or more, the standard deviation; then the
 * densities.
 */
export function rowText(measure: PaperMeasure, { figure, densities }: RowFigures): string {
  const reached = measure.figure === "ssim" ? `SSIM ${figure.mean.toFixed(3)}` : accuracy(figure);
  return `${reached} at ${densities.map(({ mean }) => percent(mean)).join(" / ")}`;
}

function accuracy({ mean, deviation, values }: Statistic): string {
  if (values.length < 3) return percent(mean);
  return `${(100 * mean).toFixed(1)} ± ${percent(deviation)}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1).replace(/^100\.0$/, "100")} %`;
}
