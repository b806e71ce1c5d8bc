/** `bregman sparsify`: a trained network made sparse by training on, in a run folder of its own. */
import type { Command } from "commander";
import { decimal, folder, integer, repeatingCommand } from "./options.js";
import { addTrainingOptions, carryOut, type TrainingFlags } from "./training.js";

interface SparsifyFlags extends TrainingFlags {
  readonly density: number;
  readonly data?: string;
  readonly epochs?: number;
  readonly tau?: number;
  readonly seed?: number;
  readonly out?: string;
}

/** What the command says and takes. */
export function defineSparsify(command: Command): void {
  command
    .description(
      "Makes a trained network sparse: training goes on from its weights, while lambda moves so " +
        "that the density falls to what is asked for. Leaves a run folder, as train does; its " +
        "recipe.json says all of it.",
    )
    .argument("<model>", "a run folder, a network in a file, or a state dict of PyTorch")
    .requiredOption(
      "--density <d>",
      "share of the weights that are left",
      decimal("--density", "a number above 0 and below 1", (value) => value > 0 && value < 1),
    )
    .option(
      "--data <name>",
      "what to train with: a data set, or a recipe (its data; of a state dict its model too) " +
        "(default: the data of the model's run)",
    )
    .option("--epochs <n>", "epochs (default: 10)", integer("--epochs", 1))
    .option(
      "--tau <t>",
      "learning rate of AdaBreg (default: 0.003)",
      decimal("--tau", "a number above 0", (value) => value > 0),
    )
    .option(
      "--seed <n>",
      "of the order of the samples (default: 0)",
      integer("--seed", 0, 2 ** 32 - 1),
    )
    .option(
      "--out <folder>",
      "run folder, new or empty (default: runs/<model>-d<density>-seed<n>-<time>)",
      folder("--out"),
    );
  addTrainingOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  bregman sparsify runs/dense --density 0.05 --out runs/sparse",
    )
    .action(async (path: string, flags: SparsifyFlags) => {
      process.exitCode = await sparsify(path, flags, process.argv.slice(2));
    });
}

/** Runs the command and returns the exit code. */
async function sparsify(
  path: string,
  flags: SparsifyFlags,
  args: readonly string[],
): Promise<number> {
  const { sparsifyRecipe } = await import("../runs/sparsify.js");
  const { defaultFolder, prepareFolder } = await import("./out-folder.js");
  const { density, data, epochs, tau, seed } = flags;
  const recipe = sparsifyRecipe(path, { density, data, epochs, tau, seed });
  const out = flags.out ?? defaultFolder(recipe.name, recipe.seed);
  const tidy = prepareFolder(out);
  return carryOut({
    recipe,
    folder: out,
    resume: false,
    command: repeatingCommand(args),
    flags,
    tidy,
  });
}
