/**
 * Several recipes, each with several seeds, in one folder: the runs of a comparison.
 *
 *     <out>/<recipe>/seed-<n>/    a run folder like any other
 *     <out>/compare.json          what came out, see Comparison
 *
 * A run that is finished is not repeated, and one that broke off goes on from its last checkpoint,
 * so that the same call can be made again and again until all is there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { writeFileAtomic } from "../atomic-file.js";
import { InputError, UnusableFileError } from "../errors.js";
import { ownFolder, ownPath } from "../own-folder.js";
import { placed } from "../placed.js";
import { readText } from "../read-file.js";
import { buildModel } from "../recipes/build.js";
import { adjusted, type ReadRecipe, repeatingArguments } from "../recipes/load.js";
import { withOnnxModel } from "../recipes/onnx-model.js";
import { withAbsolutePaths } from "../recipes/paths.js";
import type { Recipe } from "../recipes/schema.js";
import { summarize, type Comparison } from "./comparison.js";
import type { TrainEvent } from "../measure/events.js";
import { prepare } from "../train/prepare.js";
import { fitOptionsOf } from "./recipe-options.js";
import { runRecipe, type RunOptions } from "./run.js";
import type { RunResult } from "./run-result.js";
import { readRunRecipe, RECIPE_FILE } from "./run-recipe.js";
import { parseResult } from "./run-schema.js";

export interface CompareOptions extends Pick<
  RunOptions,
  "dataDir" | "threads" | "backend" | "signal"
> {
  /** Folder of the comparison. */
  readonly out: string;
  /** Seeds that each recipe is run with, at least one; default 0, 1, 2. */
  readonly seeds?: readonly number[] | undefined;
  /** Another number of epochs than the recipes'. */
  readonly epochs?: number | undefined;
  /** The command that repeats the comparison, for compare.json. */
  readonly command: string;
  /** Called before and after each run, and with its events. */
  readonly onRun?: ((run: ComparedRun, event: TrainEvent | RunEvent) => void) | undefined;
}

/** One run of a comparison. */
export interface ComparedRun {
  readonly recipe: Recipe;
  /** Folder that its relative paths start from. */
  readonly baseDir: string;
  readonly folder: string;
}

/** What becomes of a run, beside the events of its training. */
export type RunEvent =
  /** `kept`: it was finished before. */
  { readonly type: "done"; readonly kept: boolean; readonly result: RunResult };

/**
 * Runs recipes with seeds, and sums up. Seed by seed, so that a comparison that is stopped early
 * compares all.
 *
 * @returns the comparison, or undefined if `signal` stopped it before the end
 * @throws InputError if two recipes have one name, a seed is there twice, or the folder holds runs
 *   of other recipes; whatever a run throws, with its recipe and seed
 */
export async function compareRecipes(
  recipes: readonly ReadRecipe[],
  options: CompareOptions,
): Promise<Comparison | undefined> {
  const {
    out,
    seeds = [0, 1, 2],
    epochs,
    command,
    onRun,
    signal,
    dataDir,
    threads,
    backend,
  } = options;
  const names = recipes.map(({ recipe }) => recipe.name);
  for (const [what, values] of [
    ["recipe", names],
    ["seed", seeds],
  ] as const) {
    if (values.length === 0)
      throw new InputError(`compare: expected at least one ${what}, found none`);
    const twice = (values as readonly unknown[]).find(
      (value, k) => values.indexOf(value as never) !== k,
    );
    if (twice !== undefined)
      throw new InputError(`compare: expected every ${what} once, found ${String(twice)} twice`);
  }
  const runs = seeds.flatMap((seed) =>
    recipes.map(({ recipe: given, baseDir }): ComparedRun => {
      const recipe = adjusted(withOnnxModel(given, baseDir), { seed, epochs });
      return { recipe, baseDir, folder: join(out, recipe.name, `seed-${seed}`) };
    }),
  );
  // What can't be is told before the first run, not after hours.
  for (const run of runs) checkFolder(run);
  const left = runs.filter(({ folder }) => !finished(folder));
  for (const { recipe, baseDir } of new Map(left.map((run) => [run.recipe.name, run])).values()) {
    const whole = withAbsolutePaths(recipe, baseDir);
    const prepared = async () => prepare(buildModel(recipe.model), fitOptionsOf(whole));
    await prepared().catch((error: unknown) => {
      throw placed(error, recipe.name);
    });
  }
  const results: RunResult[] = [];
  for (const run of runs) {
    const { recipe, baseDir, folder } = run;
    const before = finished(folder);
    if (!before) {
      const known = existsSync(join(folder, RECIPE_FILE));
      ownPath(ownFolder(out, recipe.name), `seed-${recipe.seed}`);
      await runRecipe(recipe, {
        out: folder,
        baseDir,
        resume: known,
        command: ["bregman", ...repeatingArguments(recipe)].join(" "),
        dataDir,
        threads,
        backend,
        signal,
        onEvent: (event) => onRun?.(run, event),
        // Told as an event.
        onWarning: () => {},
      }).catch((error: unknown) => {
        throw placed(error, `${recipe.name}, seed ${recipe.seed}`);
      });
    }
    const result = finished(folder);
    if (!result) return undefined;
    onRun?.(run, { type: "done", kept: before !== undefined, result });
    results.push(result);
  }
  const comparison = summarize(
    recipes.map(({ recipe }) => recipe),
    results,
    command,
  );
  writeFileAtomic(join(out, "compare.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  return comparison;
}

/**
 * @throws UnusableFileError if the folder holds a run of another recipe, or of another version of
 *   it
 */
function checkFolder({ recipe: given, baseDir, folder }: ComparedRun): void {
  if (!existsSync(join(folder, RECIPE_FILE))) return;
  const found = readRunRecipe(folder);
  const recipe = withAbsolutePaths(given, baseDir);
  const keys = [...new Set([...Object.keys(recipe), ...Object.keys(found)])] as (keyof Recipe)[];
  const differs = keys.filter((key) => !isDeepStrictEqual(found[key], recipe[key]));
  if (differs.length === 0) return;
  throw new UnusableFileError(
    `compare: ${folder} holds a run of another recipe; what differs: ` +
      `${differs.join(", ")}; name another folder with --out`,
  );
}

/** The result of a run that has come to its end. */
function finished(folder: string): RunResult | undefined {
  try {
    const file = join(folder, "result.json");
    const result = parseResult(readText(file), file);
    return result.interrupted ? undefined : result;
  } catch {
    // Not there, or damaged: the run goes on from its last checkpoint and writes it anew.
    return undefined;
  }
}
