/**
 * The trials of a grid: recipes with values put into their fields. Each has a folder whose name
 * follows from its values alone, so that a grid that grows keeps the runs it has.
 */
import { join } from "node:path";
import { sha256 } from "../data/checksum.js";
import { InputError } from "../errors.js";
import type { JsonText } from "../recipes/json-text.js";
import type { ReadRecipe } from "../recipes/load.js";
import { check, pathName, type Problem } from "../recipes/problems.js";
import { type Recipe, recipeSchema } from "../recipes/schema.js";
import { fieldPath, withField } from "./field.js";
import type { Grid } from "./grid-schema.js";
import { combinations, drawn, type TrialValues, valueCount } from "./ranges.js";

/** A recipe of a sweep, with the values that make it. */
export interface Trial {
  readonly recipe: Recipe;
  /** Folder that its relative paths start from. */
  readonly baseDir: string;
  readonly values: TrialValues;
  /** Where its runs are, from the folder of the sweep. */
  readonly place: string;
  /** For people: the recipe's name, or its values. */
  readonly label: string;
}

/** More of them are a slip: a range with a digit too many. */
const MOST = 10_000;
/** Problems that are told at once. */
const MOST_PROBLEMS = 10;

/**
 * The trials of a grid, every one checked.
 *
 * @param text - what the grid was read from, for the places of problems
 * @throws InputError with one line for each value that a recipe can't have, field by field
 */
export function trialsOf(grid: Grid, recipes: readonly ReadRecipe[], text: JsonText): Trial[] {
  const problems: Problem[] = [];
  const say = (path: readonly PropertyKey[], fault: string) => {
    const known = problems.some((one) => one.text === fault && String(one.path) === String(path));
    if (!known && problems.length < MOST_PROBLEMS) problems.push({ path, text: fault });
  };
  checkRanges(grid, say);
  const all = problems.length > 0 ? [] : valuesOf(grid);
  const trials = recipes.flatMap(({ recipe, baseDir }) =>
    all.flatMap((values): Trial[] => {
      const made = withValues(recipe, values, grid.epochs, say);
      return made ? [{ recipe: made, baseDir, values, ...namesOf(recipe.name, values) }] : [];
    }),
  );
  if (problems.length > 0) throw text.fault(problems, "grid");
  return trials;
}

function checkRanges(
  { ranges, strategy }: Grid,
  say: (path: readonly PropertyKey[], fault: string) => void,
): void {
  const everyOne = strategy.kind === "grid" || (strategy.kind === "halving" && !strategy.runs);
  for (const [field, range] of Object.entries(ranges)) {
    if (fieldPath(field) === undefined)
      say(["ranges", field], 'expected the name of a field such as "optimizer.weights.tau"');
    if (field === "seed") say(["ranges", field], 'expected seeds in "seeds", beside "ranges"');
    if (field === "epochs" && strategy.kind === "halving")
      say(["ranges", field], "expected no range of epochs: halving gives each run its own");
    if (everyOne && valueCount(range) === undefined)
      say(["ranges", field], 'missing; expected "steps", the number of values that a grid takes');
  }
  const size = Object.values(ranges).reduce((n, range) => n * (valueCount(range) ?? 1), 1);
  const asked = strategy.kind === "grid" ? size : (strategy.runs ?? size);
  if (asked > MOST) say(["ranges"], `expected at most ${MOST} combinations, found ${asked}`);
}

/** The combinations that are tried, each once. */
function valuesOf({ ranges, strategy }: Grid): TrialValues[] {
  if (strategy.kind === "grid" || strategy.runs === undefined) return combinations(ranges);
  const found = new Map<string, TrialValues>();
  // Short lists have fewer combinations than were asked for: then it is all that are found.
  for (let k = 0; found.size < strategy.runs && k < 20 * strategy.runs; k++) {
    const values = drawn(ranges, strategy.seed, k);
    found.set(keyOf(values), found.get(keyOf(values)) ?? values);
  }
  return [...found.values()];
}

/** The recipe with the values; undefined, and the faults told, where it can't have them. */
function withValues(
  recipe: Recipe,
  values: TrialValues,
  epochs: number | undefined,
  say: (path: readonly PropertyKey[], fault: string) => void,
): Recipe | undefined {
  let made: object = { ...recipe, ...(epochs !== undefined && { epochs }) };
  for (const [field, value] of Object.entries(values)) {
    const result = withField(made, fieldPath(field)!, value);
    if ("fault" in result) {
      say(["ranges", field], result.fault);
      return undefined;
    }
    made = result.value;
  }
  const result = check(recipeSchema, made);
  if ("value" in result) return result.value;
  for (const { path, text } of result.problems) {
    const name = pathName(path);
    const field = Object.keys(values).find((one) => name === one || isWithin(name, one));
    // An unknown key may be one of those on the way.
    const through = field ?? Object.keys(values).find((one) => isWithin(one, name));
    if (through === undefined)
      say([epochs === undefined ? "recipe" : "epochs"], `${name}: ${text}`);
    else say(["ranges", through], name === through ? text : `${name}: ${text}`);
  }
  return undefined;
}

/** Whether one field is a part of another. */
function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

function namesOf(recipe: string, values: TrialValues): Pick<Trial, "place" | "label"> {
  const entries = Object.entries(values);
  if (entries.length === 0) return { place: recipe, label: recipe };
  const words = entries.map(([field, value]) => [field.split(".").at(-1)!, shown(value)] as const);
  const readable = words
    .map(([name, value]) => `${name}=${value}`.replace(/[^A-Za-z0-9.+=-]+/g, ""))
    .join("_");
  const hash = sha256(new TextEncoder().encode(keyOf(values))).slice(0, 8);
  return {
    place: join(recipe, `${readable.slice(0, 60)}_${hash}`),
    label: words.map(([name, value]) => `${name} ${value}`).join(", "),
  };
}

/** A value in a few letters: of an entry its kind. */
export function shown(value: unknown): string {
  if (typeof value === "object" && value !== null && "kind" in value) return String(value.kind);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 21)}...` : text;
}

/** Equal for equal values, in whatever order their fields are written. */
function keyOf(values: TrialValues): string {
  return JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws InputError if there is nothing to run, or twice the same */
export function checkOnce(task: string, what: string, values: readonly unknown[]): void {
  if (values.length === 0)
    throw new InputError(`${task}: expected at least one ${what}, found none`);
  const twice = values.find((value, k) => values.indexOf(value) !== k);
  if (twice !== undefined)
    throw new InputError(`${task}: expected every ${what} once, found ${String(twice)} twice`);
}
