/**
 * `bregman train`: trains by a recipe, shows the progress, and leaves a run folder with a report.
 */
import type { Command } from "commander";
import type { Ranks } from "../ranks/ranks.js";
import { folder, integer, repeatingCommand } from "./options.js";
import { asRank } from "./ranks.js";
import { addTrainingOptions, carryOut, type TrainingFlags } from "./training.js";

interface TrainFlags extends TrainingFlags {
  readonly out?: string;
  readonly seed?: number;
  readonly epochs?: number;
}

/** What the command says and takes. */
export function defineTrain(command: Command): void {
  command
    .description(
      "Trains a network by a recipe and leaves a run folder with the model, the metrics and a report.",
    )
    .argument("<recipe>", "name of a recipe (see `bregman recipes`), or a JSON file")
    .option(
      "--out <folder>",
      "run folder, new or empty (default: runs/<recipe>-seed<n>-<time>)",
      folder("--out"),
    )
    .option("--seed <n>", "another seed than the recipe's", integer("--seed", 0, 0xffffffff))
    .option("--epochs <n>", "another number of epochs than the recipe's", integer("--epochs", 1));
  addTrainingOptions(command)
    .addHelpText("after", "\nExample:\n  bregman train mnist-quick --epochs 3 --out runs/first")
    .action(async (recipe: string, flags: TrainFlags) => {
      const args = process.argv.slice(2);
      process.exitCode = await asRank(flags, (own, ranks) => train(recipe, own, args, ranks));
    });
}

/** Runs the command and returns the exit code. */
async function train(
  nameOrFile: string,
  flags: TrainFlags,
  args: readonly string[],
  ranks?: Ranks,
): Promise<number> {
  const { adjusted, readRecipe } = await import("../recipes/load.js");
  const { defaultFolder, prepareFolder } = await import("./out-folder.js");
  const { recipe: read, baseDir } = readRecipe(nameOrFile);
  const recipe = adjusted(read, flags);
  const out = flags.out ?? defaultFolder(recipe.name, recipe.seed);
  const tidy = prepareFolder(out);
  return carryOut({
    recipe,
    baseDir,
    folder: out,
    resume: false,
    command: repeatingCommand(args),
    flags,
    tidy,
    ranks,
  });
}
