/**
 * Several recipes, each with several seeds, in one folder: a sweep without ranges, whose runs are
 * summed up recipe by recipe.
 *
 *     <out>/<recipe>/seed-<n>/    a run folder like any other
 *     <out>/compare.json          what came out, see Comparison
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { adjusted, type ReadRecipe } from "../recipes/load.js";
import type { RunResult } from "../runs/run-result.js";
import { summarize, type Comparison } from "./comparison.js";
import { carryOut, type CarryOutOptions, checkRuns, planRuns, runAll } from "./runs.js";
import type { RunAllOptions } from "./runs.js";
import { checkOnce, type Trial } from "./trials.js";

/** Where runs go, and how they are computed and watched. */
export interface SeedRunOptions
  extends
    Pick<CarryOutOptions, "dataDir" | "threads" | "backend" | "signal" | "out">,
    Pick<RunAllOptions, "onRun"> {}

export interface CompareOptions extends SeedRunOptions {
  /** Seeds that each recipe is run with, at least one; default 0, 1, 2. */
  readonly seeds?: readonly number[] | undefined;
  /** Another number of epochs than the recipes'. */
  readonly epochs?: number | undefined;
  /** The command that repeats the comparison, for compare.json. */
  readonly command: string;
}

/**
 * Runs recipes with seeds, and sums up.
 *
 * @returns the comparison, or undefined if `signal` stopped it before the end
 * @throws InputError if two recipes have one name, a seed is there twice, or the folder holds runs
 *   of other recipes; whatever a run throws, with its recipe and seed
 */
export async function compareRecipes(
  recipes: readonly ReadRecipe[],
  options: CompareOptions,
): Promise<Comparison | undefined> {
  const { seeds = [0, 1, 2], epochs, command, ...running } = options;
  const names = recipes.map(({ recipe }) => recipe.name);
  checkOnce("compare", "recipe", names);
  const trials = recipes.map(({ recipe: given, baseDir }): Trial => {
    const recipe = adjusted(given, { epochs });
    return { recipe, baseDir, values: {}, place: recipe.name, label: recipe.name };
  });
  const results = await runSeeds("compare", trials, seeds, running);
  if (!results) return undefined;
  const comparison = summarize(
    trials.map(({ recipe }) => recipe),
    results,
    command,
  );
  writeFileAtomic(join(running.out, "compare.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  return comparison;
}

/**
 * Runs trials with seeds to their ends.
 *
 * @param task - for messages: "compare"
 * @returns the results seed by seed, or undefined if `signal` stopped them before the end
 * @throws as {@link compareRecipes}
 */
export async function runSeeds(
  task: string,
  trials: readonly Trial[],
  seeds: readonly number[],
  { onRun, ...computing }: SeedRunOptions,
): Promise<RunResult[] | undefined> {
  const { out, signal } = computing;
  checkOnce(task, "seed", seeds);
  const runs = planRuns(trials, seeds, out);
  await checkRuns(task, runs);
  const standings = await runAll(runs, {
    signal,
    onRun,
    start: (run, onEvent, stopped) => carryOut(run, { ...computing, signal: stopped, onEvent }),
  });
  return standings?.map((standing, k) => {
    if (standing.kind === "finished") return standing.result;
    throw new UnusableFileError(`${task}: ${runs[k].folder} holds a run that has diverged`);
  });
}
