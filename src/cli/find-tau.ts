/** `bregman find-tau`: a learning rate to begin with, from a sweep that raises it step by step. */
import type { Command } from "commander";
import { addComputingOptions, type ComputingFlags } from "./computing.js";
import { decimal, integer } from "./options.js";

interface FindTauFlags extends ComputingFlags {
  readonly out: string;
  readonly steps?: number;
  readonly from?: number;
  readonly to?: number;
}

/** What the command says and takes. */
export function defineFindTau(command: Command): void {
  const rate = (option: string) => decimal(option, "a number above 0", (value) => value > 0);
  command
    .description(
      "Trains for a few steps with a learning rate that rises from one to the next, draws the " +
        "loss over it, and proposes a tenth of the rate at which it was the least. All " +
        "optimizers of the recipe keep their proportion.",
    )
    .argument("<recipe>", "name of a recipe (see `bregman recipes`), or a JSON file")
    .option("--out <file>", "the picture", "find-tau.svg")
    .option("--steps <n>", "steps of the sweep (default: 100)", integer("--steps", 10, 1e5))
    .option("--from <tau>", "first learning rate of the weights (default: 1e-5)", rate("--from"))
    .option("--to <tau>", "last one (default: 10)", rate("--to"));
  addComputingOptions(command)
    .addHelpText("after", "\nExample:\n  bregman find-tau mnist-quick --out tau.svg")
    .action(run);
}

async function run(nameOrFile: string, flags: FindTauFlags): Promise<void> {
  const { readRecipe } = await import("../recipes/load.js");
  const { withOnnxModel } = await import("../recipes/onnx-model.js");
  const { withAbsolutePaths } = await import("../recipes/paths.js");
  const { buildModel } = await import("../recipes/build.js");
  const { dataOf, fitOptionsOf } = await import("../runs/recipe-options.js");
  const { findTau } = await import("../train/find-tau.js");
  const { tauChart } = await import("../report/tau-chart.js");
  const { writeFileAtomic } = await import("../atomic-file.js");
  const { loss, parameter } = await import("../report/format.js");
  const { recipe: read, baseDir } = readRecipe(nameOrFile);
  const recipe = withAbsolutePaths(withOnnxModel(read, baseDir), baseDir);
  const { out, steps, from, to, dataDir, threads, backend } = flags;
  const fit = { ...fitOptionsOf(recipe), threads, backend };
  const data = dataOf(recipe, { dataDir });
  const found = await findTau(buildModel(recipe.model), data, fit, { steps, from, to });
  writeFileAtomic(out, tauChart(found));
  const { proposal, factor } = found;
  const least = found.steps.reduce((a, b) => (b.smoothed < a.smoothed ? b : a));
  const others = Object.entries(recipe.optimizer).flatMap(([group, one]) =>
    one ? [`${group} ${parameter(Number((one.tau * factor).toPrecision(2)))}`] : [],
  );
  process.stdout.write(
    `  The loss was the least, ${loss(least.smoothed)}, at a learning rate of ` +
      `${parameter(Number(least.tau.toPrecision(2)))}; proposed is a tenth: ${parameter(proposal)}\n` +
      `  tau in the recipe's proportion: ${others.join(", ")}\n\n  ${out}\n`,
  );
}
