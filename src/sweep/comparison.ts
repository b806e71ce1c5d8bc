/**
 * What a comparison comes to: mean and spread over seeds, recipe by recipe.
 *
 *     mean = sum x / n,    deviation = sqrt(sum (x - mean)^2 / (n - 1))     (0 for a single seed)
 */
import type { Recipe } from "../recipes/schema.js";
import type { FinalMetrics } from "../measure/events.js";
import type { RunResult } from "../runs/run-result.js";

/** A figure over several seeds. */
export interface Statistic {
  readonly mean: number;
  /** Standard deviation of the sample. */
  readonly deviation: number;
  /** In the order of the seeds. */
  readonly values: readonly number[];
}

/** Figures of the last epoch over several seeds, fractions but for `seconds` and the loss. */
export interface SeedFigures {
  /** Absent for regression; so is the next. */
  readonly testAccuracy?: Statistic;
  readonly validAccuracy?: Statistic;
  readonly testLoss?: Statistic;
  readonly validLoss?: Statistic;
  readonly ssim?: Statistic;
  readonly density: Statistic;
  readonly kernelDensity?: Statistic;
  readonly flopDensity: Statistic;
  readonly seconds: Statistic;
}

/** One recipe of a comparison. */
export interface ComparedRecipe extends SeedFigures {
  readonly recipe: string;
  readonly description: string;
  readonly seeds: readonly number[];
  readonly epochs: number;
}

/** What compare.json holds. */
export interface Comparison extends Pick<
  RunResult,
  "commit" | "machine" | "backend" | "isa" | "threads"
> {
  /** The command that repeats it. */
  readonly command: string;
  readonly rows: readonly ComparedRecipe[];
}

const FIGURES = [
  "testAccuracy",
  "validAccuracy",
  "testLoss",
  "validLoss",
  "ssim",
  "density",
  "kernelDensity",
  "flopDensity",
  "seconds",
] as const satisfies readonly (keyof FinalMetrics)[];

/** Mean and standard deviation of at least one value. */
export function statistic(values: readonly number[]): Statistic {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    values,
  };
}

/** The figures that all of the runs have. */
export function figuresOf(finals: readonly Partial<FinalMetrics>[]): Partial<SeedFigures> {
  const figures = FIGURES.flatMap((key) => {
    const values = finals.flatMap((final) => final[key] ?? []);
    return values.length === finals.length ? [[key, statistic(values)] as const] : [];
  });
  return Object.fromEntries(figures);
}

/** Sums up finished runs; machine, backend and commit are those of the last. */
export function summarize(
  recipes: readonly Recipe[],
  results: readonly RunResult[],
  command: string,
): Comparison {
  const { commit, machine, backend, isa, threads } = results.at(-1)!;
  const rows = recipes.map(({ name, description }): ComparedRecipe => {
    const own = results.filter(({ recipe }) => recipe === name);
    return {
      recipe: name,
      description,
      seeds: own.map(({ seed }) => seed),
      epochs: own[0].epochs.at(-1)!.epoch!,
      // All that results have without fail is in them.
      ...(figuresOf(own.map(({ final }) => final)) as SeedFigures),
    };
  });
  return { command, ...(commit !== undefined && { commit }), machine, backend, isa, threads, rows };
}
