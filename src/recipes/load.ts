/**
 * Finds, reads and checks recipes: by name the ones that come with the library, by path any JSON
 * file.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  stripComments,
  printParseErrorCode,
} from "jsonc-parser";
import { InputError, UnusableFileError } from "../errors.js";
import { TOO_DEEP, tooDeepAt } from "../json.js";
import { didYouMean } from "../nearest.js";
import { KEEP_EXTERNAL, packageFile } from "../package-file.js";
import { readText } from "../read-file.js";
import { withOnnxModel } from "./onnx-model.js";
import { withAbsolutePaths } from "./paths.js";
import { check, pathName, type Problem } from "./problems.js";
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

/**
 * Reads a recipe by its name, or from a file if the argument has a slash or ends in ".json" or
 * ".jsonc".
 *
 * @throws InputError if there is no such recipe or file, with the nearest known name; otherwise as
 *   {@link parseRecipe}.
 */
export function readRecipe(nameOrPath: string): ReadRecipe {
  const isPath = /[\\/]|\.jsonc?$/.test(nameOrPath);
  const names = isPath ? ownNames() : recipeNames();
  const isName = names.includes(nameOrPath);
  const path = isName ? join(ownFolder()!, `${nameOrPath}.json`) : nameOrPath;
  if (!isName && !(isPath && existsSync(nameOrPath))) {
    const what = isPath
      ? `there is no recipe file ${nameOrPath}`
      : `there is no recipe "${nameOrPath}"`;
    const bareName = nameOrPath.replace(/^.*[\\/]/, "").replace(/\.jsonc?$/, "");
    throw new InputError(`${what}${didYouMean(bareName, names)}; recipes: ${names.join(", ")}`);
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
  // Some editors put a byte order mark in front.
  // Comments become blanks, so that all else stays where it is.
  const text = stripComments(source.replace(/^\uFEFF/, ""), " ");
  const deep = tooDeepAt(text);
  if (deep !== undefined) throw new InputError(`${where}:${position(text, deep)}: ${TOO_DEEP}`);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false,
  });
  if (errors.length > 0 || tree === undefined) {
    const { offset, error } = errors[0] ?? { offset: 0, error: 0 };
    const fault = words(printParseErrorCode(error));
    throw new InputError(`${where}:${position(text, offset)}: not valid JSON: ${fault}`);
  }
  const repeated = repeatedKey(tree);
  if (repeated !== undefined) {
    throw new InputError(
      `${where}:${position(text, repeated.offset)}: key "${repeated.value}" is there twice`,
    );
  }
  return checked(JSON.parse(text), where, { text, tree });
}

/**
 * Checks a recipe given as an object and fills in the defaults.
 *
 * @throws InputError as {@link parseRecipe}.
 */
export function checkRecipe(input: unknown, where = "recipe"): Recipe {
  return checked(input, where);
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

interface Source {
  readonly text: string;
  readonly tree: Node;
}

function checked(input: unknown, where: string, source?: Source): Recipe {
  const result = check(recipeSchema, input);
  if ("value" in result) return result.value;
  const said = ({ path, text }: Problem): string => `${pathName(path)}: ${text}`;
  const lines =
    source === undefined ? result.problems.map(said) : placed(result.problems, said, source);
  const number = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
  throw new InputError(
    [`${where}: not a valid recipe: ${number}`, ...lines.map((line) => `  ${line}`)].join("\n"),
  );
}

/** The problems in the order of the text, each with its line and column. */
function placed(
  problems: Problem[],
  said: (problem: Problem) => string,
  { text, tree }: Source,
): string[] {
  return problems
    .map((problem) => ({ offset: offsetOf(tree, problem.path), line: said(problem) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, line }) => `${position(text, offset)} ${line}`);
}

/**
 * Where the key begins; an absent key has no place of its own, so its nearest ancestor's is taken.
 */
function offsetOf(tree: Node, path: readonly PropertyKey[]): number {
  for (let end = path.length; end > 0; end--) {
    const node = findNodeAtLocation(tree, path.slice(0, end) as (string | number)[]);
    if (node !== undefined)
      return node.parent?.type === "property" ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

/** "line:column", both from 1. */
function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${before[before.length - 1].length + 1}`;
}

/** JSON.parse keeps the last of two equal keys in silence; the writer meant one of them. */
function repeatedKey(node: Node): Node | undefined {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const key = child.type === "property" ? child.children![0] : undefined;
    if (key !== undefined && seen.has(key.value)) return key;
    seen.add(key?.value);
    const inner = repeatedKey(child);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** CommaExpected -> comma expected */
function words(code: string): string {
  return code.replace(/(?<=.)([A-Z])/g, " $1").toLowerCase();
}
