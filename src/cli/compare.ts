/** `bregman compare`: runs several recipes with several seeds, and shows mean and spread. */
import type { Command } from "commander";
import type { Comparison } from "../sweep/comparison.js";
import { addComputingOptions, type ComputingFlags } from "./computing.js";
import { folder, integer, integers, repeatingCommand } from "./options.js";
import { createRunsView, untilStopped } from "./runs-view.js";

interface CompareFlags extends ComputingFlags {
  readonly seeds: readonly number[];
  readonly epochs?: number;
  readonly out: string;
}

/** What the command says and takes. */
export function defineCompare(command: Command): void {
  command
    .description(
      "Runs recipes with seeds, one run after the other, and shows mean and spread: a " +
        "table, compare.json, and accuracy against density as compare.html and " +
        "compare.svg. Runs that are finished are not repeated: after a stop, the same " +
        "command goes on.",
    )
    .argument("<recipes...>", "names of recipes (see `bregman recipes`), or JSON files")
    .option(
      "--seeds <list>",
      "seeds of each recipe, with commas between them",
      integers("--seeds", 0, 0xffffffff),
      [0, 1, 2],
    )
    .option("--epochs <n>", "another number of epochs than the recipes'", integer("--epochs", 1))
    .option("--out <folder>", "folder of the comparison", folder("--out"), "runs/compare");
  addComputingOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  bregman compare mnist-mlp-linbreg mnist-mlp-rigl --seeds 0,1,2 --epochs 10",
    )
    .action(async (recipes: string[], flags: CompareFlags) => {
      process.exitCode = await compare(recipes, flags, process.argv.slice(2));
    });
}

/** Runs the command and returns the exit code. */
async function compare(
  namesOrFiles: readonly string[],
  flags: CompareFlags,
  args: readonly string[],
): Promise<number> {
  const { readRecipe } = await import("../recipes/load.js");
  const { compareRecipes } = await import("../sweep/compare.js");
  const { writeReport } = await import("../report/report.js");
  const { makeWritable } = await import("./out-folder.js");
  const recipes = namesOrFiles.map(readRecipe);
  const { out, ...computing } = flags;
  const removeOut = makeWritable(out, "folder of the comparison");
  const view = createRunsView(
    recipes.map(({ recipe }) => recipe.name),
    recipes.length * flags.seeds.length,
  );
  return untilStopped(
    () => view,
    removeOut,
    async (signal) => {
      const comparison = await compareRecipes(recipes, {
        ...computing,
        out,
        command: repeatingCommand(args),
        signal,
        onRun(run, event) {
          view.onRun(run, event);
          if (event.type === "end") writeReport(run.folder);
        },
      });
      view.clear();
      if (comparison) await show(comparison, out);
    },
  );
}

async function show(comparison: Comparison, out: string): Promise<void> {
  const { compareColumns, writeCompareReport } = await import("../report/compare-report.js");
  const { columnsText } = await import("./columns-text.js");
  const table = columnsText(compareColumns(comparison), comparison.rows, 1);
  const page = writeCompareReport(out, comparison);
  process.stdout.write(
    `${table}\n\nLast epoch, mean ± standard deviation over the seeds.\n${page}\n`,
  );
}
