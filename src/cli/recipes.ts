/**
 * `bregman recipes`: the recipes that come with the library, one line each, by their data; with a
 * name, that recipe as JSON.
 */
import type { Command } from "commander";
import { largest } from "../extremes.js";
import type { Recipe } from "../recipes/schema.js";

/** The one to begin with. */
const FIRST = "mnist-quick";
/** Of a line, where the terminal says nothing. */
const WIDTH = 80;

/** What the command says and takes. */
export function defineRecipes(command: Command): void {
  command
    .description(
      "Lists the recipes that come with bregman, or prints one as JSON, with all defaults filled in.",
    )
    .argument("[recipe]", "name of a recipe, or a JSON file")
    .addHelpText(
      "after",
      "\nMake your own from one of them:\n  bregman recipes mnist-quick > mine.json\n  bregman train mine.json",
    )
    .action(async (name?: string) => {
      const { loadRecipe, recipeNames } = await import("../recipes/load.js");
      if (name !== undefined) {
        const { withSchema } = await import("../recipes/schema-file.js");
        process.stdout.write(`${JSON.stringify(withSchema(loadRecipe(name), "."), null, 2)}\n`);
        return;
      }
      const { painter } = await import("./paint.js");
      const paint = painter(process.stdout);
      const recipes = recipeNames().map(loadRecipe);
      const sets = new Set(recipes.map(setOf).sort(byFirst(setOf(loadRecipe(FIRST)))));
      for (const set of sets) {
        const own = recipes.filter((recipe) => setOf(recipe) === set);
        const width = largest(own.map(({ name: { length } }) => length));
        const room = (process.stdout.columns ?? WIDTH) - width - 2;
        const lines = own
          .sort((a, b) => byFirst(FIRST)(a.name, b.name))
          .map(
            ({ name: one, description = "" }) =>
              `${paint("bold", one.padEnd(width))}  ${cut(description, room)}\n`,
          );
        process.stdout.write(`${paint("dim", set)}\n${lines.join("")}\n`);
      }
      process.stdout.write("bregman recipes NAME prints one, with its full description\n");
    });
}

/** The data set of a recipe, as a heading. */
function setOf({ data }: Recipe): string {
  return "name" in data ? data.name : data.kind;
}

/** An order of names: one first, the others by the alphabet. */
function byFirst(first: string): (a: string, b: string) => number {
  return (a, b) => Number(b === first) - Number(a === first) || a.localeCompare(b, "en");
}

/** A text in so much room: whole, or its beginning. */
function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1)).trimEnd()}…`;
}
