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
import { summarize, type Comparison } from "./comparison.js";
import { carryOut, type CarryOutOptions, checkRuns, planRuns, runAll } from "./runs.js";
import type { RunAllOptions } from "./runs.js";
import { checkOnce, type Trial } from "./trials.js";

export interface CompareOptions
  extends
    Pick<CarryOutOptions, "dataDir" | "threads" | "backend" | "signal" | "out">,
    Pick<RunAllOptions, "onRun"> {
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
  const { seeds = [0, 1, 2], epochs, command, onRun, ...computing } = options;
  const { out, signal } = computing;
  const names = recipes.map(({ recipe }) => recipe.name);
  checkOnce("compare", "recipe", names);
  checkOnce("compare", "seed", seeds);
  const trials = recipes.map(({ recipe: given, baseDir }): Trial => {
    const recipe = adjusted(given, { epochs });
    return { recipe, baseDir, values: {}, place: recipe.name, label: recipe.name };
  });
  const runs = planRuns(trials, seeds, out);
  await checkRuns("compare", runs);
  const standings = await runAll(runs, {
    signal,
    onRun,
    start: (run, onEvent, stopped) => carryOut(run, { ...computing, signal: stopped, onEvent }),
  });
  if (!standings) return undefined;
  const results = standings.map((standing, k) => {
    if (standing.kind === "finished") return standing.result;
    throw new UnusableFileError(`compare: ${runs[k].folder} holds a run that has diverged`);
  });
  const comparison = summarize(
    trials.map(({ recipe }) => recipe),
    results,
    command,
  );
  writeFileAtomic(join(out, "compare.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  return comparison;
}
