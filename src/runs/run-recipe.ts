/**
 * recipe.json of a run folder: read wherever the folder is now, and in the words in which two of
 * them are compared.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fromMoved, pathFromMoved } from "../data/moved.js";
import type { AnyDataset } from "../data/dataset.js";
import type { DataOptions } from "../data/data-dir.js";
import { mapPaths, pathsOf } from "../data/source.js";
import { UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { isError } from "../kinds.js";
import { readRecipe } from "../recipes/load.js";
import { mapStart } from "../recipes/paths.js";
import type { Recipe } from "../recipes/schema.js";
import { dataOf } from "./recipe-options.js";

/** Name of the file. */
export const RECIPE_FILE = "recipe.json";

/**
 * The recipe of a run, its paths absolute.
 *
 * @param task - what can't be done without it, for the error message: "resume"
 * @throws UnusableFileError if the folder has none; otherwise as readRecipe
 */
export function readRunRecipe(folder: string, task = "read a run from"): Recipe {
  const file = join(folder, RECIPE_FILE);
  if (!existsSync(file)) {
    throw new UnusableFileError(
      `cannot ${task} ${folder}: it has no ${RECIPE_FILE} (is it a run folder?)`,
    );
  }
  const { recipe, baseDir } = readRecipe(join(folder, RECIPE_FILE));
  return {
    ...recipe,
    data: fromMoved(recipe.data, baseDir),
    ...mapStart(recipe, (path) => pathFromMoved(path, baseDir)),
  };
}

/**
 * The data of a run, as dataOf.
 *
 * @throws as dataOf; where a file is not there any more, with a word on what to do
 */
export function dataOfRun(recipe: Recipe, options: DataOptions): AnyDataset {
  try {
    return dataOf(recipe, options);
  } catch (error) {
    const isLost =
      options.dataDir === undefined && !pathsOf(recipe.data).every((path) => existsSync(path));
    if (isLost && isError(error))
      error.message += "; if the data have moved, --data-dir names their folder";
    throw error;
  }
}

/**
 * What of a run's recipe.json must stay for the run to go on: all that it says, but for what has no
 * part in the bits, the number of epochs, and the paths, since what they lead to is compared.
 *
 * Of the file, not of the recipe read from it: a later version of bregman may have more defaults to
 * fill in.
 *
 * @throws UnusableFileError if the text is no JSON
 */
export function recipeIdentity(text: string, where = RECIPE_FILE): string {
  const {
    $schema: _,
    description: __,
    epochs: ___,
    data,
    ...rest
  } = parseJson(text, where) as Partial<Recipe> & { $schema?: string };
  return JSON.stringify({
    ...rest,
    data: data && mapPaths(data, () => ""),
    ...mapStart(rest, () => ""),
  });
}
