/**
 * Finds, reads and checks recipes: by name the ones that come with the library, by path any JSON
 * file.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { InputError, UnusableFileError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { KEEP_EXTERNAL, packageFile } from "../package-file.js";
import { readText } from "../read-file.js";
import { checkedValue, readJsonText } from "./json-text.js";
import { withOnnxModel } from "./onnx-model.js";
import { withAbsolutePaths } from "./paths.js";
import { check, pathName } from "./problems.js";
import { type Recipe, recipeSchema } from "./schema.js";

/**
 * The folder of the recipes that come with the library: the build copies the JSON files there. A
 * bundle has none.
 */
function ownFolder(): string | undefined {
  const folder = packageFile("dist/recipes/");
  return folder && existsSync(folder) ? fileURLToPath(folder) : undefined;
}

/**
 * Names of the recipes that come with the library, sorted. Throws an InputError if they are not
 * beside its code.
 */
export function recipeNames(): string[] {
  if (ownFolder() !== undefined) return ownNames();
  throw new UnusableFileError(
    `the recipes that come with bregman are not beside its code; ${KEEP_EXTERNAL}`,
  );
}

function ownNames(): string[] {
  const folder = ownFolder();
  return (folder === undefined ? [] : readdirSync(folder))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** A recipe as it is written, and the folder that its paths start from: that of its file. */
export interface ReadRecipe {
  readonly recipe: Recipe;
  readonly baseDir: string;
}

/** Whether a recipe is meant by its file, and not by its name. */
export function isRecipeFile(nameOrPath: string): boolean {
  return /[\\/]|\.jsonc?$/.test(nameOrPath);
}

/**
 * Reads a recipe by its name, or from a file if the argument has a slash or ends in ".json" or
 * ".jsonc".
 *
 * @throws InputError if there is no such recipe or file, with the nearest known name; otherwise as
 *   {@link parseRecipe}.
 */
export function readRecipe(nameOrPath: string): ReadRecipe {
  const isPath = isRecipeFile(nameOrPath);
  const names = isPath ? ownNames() : recipeNames();
  const isName = names.includes(nameOrPath);
  const path = isName ? join(ownFolder()!, `${nameOrPath}.json`) : nameOrPath;
  if (!isName && !(isPath && existsSync(nameOrPath))) {
    const what = isPath
      ? `there is no recipe file ${nameOrPath}`
      : `there is no recipe "${nameOrPath}"`;
    const bareName = nameOrPath.replace(/^.*[\\/]/, "").replace(/\.jsonc?$/, "");
    throw new InputError(
      `${what}${didYouMean(bareName, names)}; \`bregman recipes\` lists all ${names.length}`,
    );
  }
  return { recipe: parseRecipe(readText(path), nameOrPath), baseDir: dirname(resolve(path)) };
}

/**
 * Loads a recipe by its name, or from a file if the argument has a slash or ends in ".json" or
 * ".jsonc".
 * Paths in a file start from its folder; in the result they are absolute.
 *
 * @example
 * const recipe = loadRecipe("mnist-quick");
 * recipe.batchSize; // 128
 *
 * @throws InputError if there is no such recipe or file, with the nearest known name; otherwise as
 *   {@link parseRecipe}.
 */
export function loadRecipe(nameOrPath: string): Recipe {
  const { recipe, baseDir } = readRecipe(nameOrPath);
  return withAbsolutePaths(withOnnxModel(recipe, baseDir), baseDir);
}

/**
 * What `bregman` is told to repeat a run: by name if the recipe comes with the library, else from
 * the run's folder.
 */
export function repeatingArguments(recipe: Recipe): string[] {
  const { name, seed, epochs } = recipe;
  const isBuiltIn =
    ownNames().includes(name) && isDeepStrictEqual({ ...loadRecipe(name), seed, epochs }, recipe);
  return isBuiltIn
    ? ["train", name, "--seed", String(seed), "--epochs", String(epochs)]
    : ["train", "recipe.json"];
}

/**
 * Reads a recipe from JSON text, which may have comments. `where` names the source in error
 * messages.
 *
 * @throws InputError if the text is not JSON, has a key twice or is nested too deeply, with line
 * and column. also if a key or a value is not allowed: the first line names the source, then
 * follows one line for each problem.
 */
export function parseRecipe(source: string, where = "recipe"): Recipe {
  return readJsonText(source, where).checked(recipeSchema, "recipe");
}

/**
 * Checks a recipe given as an object and fills in the defaults.
 *
 * @throws InputError as {@link parseRecipe}.
 */
export function checkRecipe(input: unknown, where = "recipe"): Recipe {
  return checkedValue(recipeSchema, input, { where, what: "recipe" });
}

/**
 * A recipe with another seed or number of epochs, as the options of a command ask for it.
 *
 * @throws InputError of one line if the number of epochs does not fit the recipe: the option is at
 *   fault
 */
export function adjusted(
  recipe: Recipe,
  {
    seed = recipe.seed,
    epochs = recipe.epochs,
  }: { readonly seed?: number | undefined; readonly epochs?: number | undefined },
): Recipe {
  // A schedule may not fit a smaller number of epochs.
  const result = check(recipeSchema, { ...recipe, seed, epochs });
  if ("value" in result) return result.value;
  const faults = result.problems.map(({ path, text }) => `${pathName(path)}: ${text}`);
  throw new InputError(
    `--epochs ${epochs} does not fit the recipe "${recipe.name}": ${faults.join("; ")}`,
  );
}
