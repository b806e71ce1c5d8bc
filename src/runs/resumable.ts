/**
 * A run folder as `bregman resume` finds it: whether it may go on, to how many epochs, and whether
 * there is anything to do.
 */
import { join } from "node:path";
import { InputError, UnusableFileError } from "../errors.js";
import { readText, readTextIfThere } from "../read-file.js";
import { adjusted } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { newestCheckpoint } from "./checkpoint.js";
import { differences } from "./identity.js";
import { densityControl } from "../train/fit-options.js";
import { isOver } from "../train/judged-epochs.js";
import type { Progress } from "../train/progress.js";
import { leastEpochs } from "../train/run-length.js";
import { parsePartialResult } from "./run-schema.js";
import { readRunRecipe, RECIPE_FILE, recipeIdentity } from "./run-recipe.js";

export interface Resumable {
  /** Its paths absolute, with the number of epochs that the run goes on to. */
  readonly recipe: Recipe;
  /** There is nothing left to do. */
  readonly finished: boolean;
}

/**
 * Opens a run to go on with it.
 *
 * @param epochs - another number of them than the run was to have
 * @throws InputError if the folder is no run, recipe.json has changed since the run began, or so
 *   many epochs can't be
 */
export function openResumable(folder: string, epochs?: number): Resumable {
  const recipe = readRunRecipe(folder, "resume");
  const { checkpoint, faults } = newestCheckpoint(folder);
  const ended = hasEnded(folder);
  if (!checkpoint) {
    // The run starts from the beginning, or its checkpoints are gone.
    if (ended && epochs !== undefined && epochs !== recipe.epochs) {
      const why = ["it has no checkpoint that is usable", ...faults].join("; ");
      throw new InputError(`could not go on with ${folder} to ${epochs} epochs: ${why}`);
    }
    return { recipe: adjusted(recipe, { epochs }), finished: ended };
  }
  const { progress, identity } = checkpoint;
  const lengths = progress.lengths ?? [recipe.epochs];
  const changes = recipeChanges(folder, identity[RECIPE_FILE]);
  if (!lengths.includes(recipe.epochs) && epochs === undefined) {
    const way = `to go on to them: bregman resume ${folder} --epochs ${recipe.epochs}`;
    changes.unshift(`epochs (${lengths.at(-1)}, now ${recipe.epochs}; ${way})`);
  }
  if (changes.length > 0) {
    throw new UnusableFileError(
      `could not resume ${folder}: its recipe.json has changed since the run began; ` +
        `what differs: ${changes.join(", ")}`,
    );
  }
  const target = epochs ?? lengths.at(-1)!;
  const least = leastEpochs(progress);
  if (target < least) {
    throw new InputError(
      `--epochs must be at least ${least} for ${folder}, as many as are done or under way, found ${target}`,
    );
  }
  return {
    recipe: adjusted(recipe, { epochs: target }),
    finished: ended && (progress.epoch > target || stopped(recipe, progress)),
  };
}

/** Whether the run has stopped before its last epoch, as its recipe says. */
function stopped(recipe: Recipe, { epochs, lengths }: Progress): boolean {
  const { stop, keep, targetDensity } = recipe;
  const control = targetDensity === undefined ? undefined : densityControl(targetDensity);
  const judging = { keep, stop, targetDensity: control };
  return isOver(epochs, judging, lengths?.[0] ?? recipe.epochs);
}

/**
 * Whether the run has come to an end: only then is there a result that is not that of an
 * interruption.
 */
function hasEnded(folder: string): boolean {
  const file = join(folder, "result.json");
  try {
    return parsePartialResult(readTextIfThere(file) ?? "{}", file).interrupted === false;
  } catch {
    // Damaged: the run goes on from its last checkpoint, and writes it anew.
    return false;
  }
}

/** Places of recipe.json that are not what they were. */
function recipeChanges(folder: string, before: string | undefined): string[] {
  // Earlier versions kept a hash.
  if (!before?.startsWith("{")) return [];
  const file = join(folder, RECIPE_FILE);
  const now = recipeIdentity(readText(file), file);
  // The whole text where it is no JSON.
  return differences({ r: before }, { r: now }).map(
    (place) => place.slice("r.".length) || "all of it",
  );
}
