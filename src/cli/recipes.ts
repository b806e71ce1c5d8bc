/**
 * `bregman recipes`: the recipes that come with the library, one line each; with a name, that
 * recipe as JSON.
 */
import type { Command } from "commander";
import { largest } from "../extremes.js";

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
        process.stdout.write(`${JSON.stringify(loadRecipe(name), null, 2)}\n`);
        return;
      }
      const { painter } = await import("./paint.js");
      const paint = painter(process.stdout);
      const names = recipeNames();
      const width = largest(names.map(({ length }) => length));
      for (const one of names) {
        const { description, epochs } = loadRecipe(one);
        const length = paint("dim", `(${epochs} ${epochs === 1 ? "epoch" : "epochs"})`);
        process.stdout.write(`${paint("bold", one.padEnd(width))}  ${description} ${length}\n`);
      }
    });
}
