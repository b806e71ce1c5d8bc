/**
 * `bregman plan`: what a recipe would compute and how much memory it would take, before it runs.
 */
import type { Command } from "commander";
import { decimal, integer } from "./options.js";
import type { RanksFlags } from "./plan-ranks.js";

/** What the command says and takes. */
export function definePlan(command: Command): void {
  command
    .description(
      "Lists the steps of a recipe's network with their ops, output shapes, weights " +
        "and multiplications, dense and at the density it starts with, and the memory " +
        "that training takes.",
    )
    .argument("<recipe>", "name of a recipe (see `bregman recipes`), or a JSON file")
    .option(
      "--ranks <n>",
      "also estimate what a step takes on so many ranks of MPI",
      integer("--ranks", 2, 10_000),
    )
    .option(
      "--gbit <rate>",
      "Gbit/s of the network between them (default: 1)",
      decimal("--gbit", "a number above 0", (rate) => rate > 0),
    )
    .option(
      "--step-ms <ms>",
      "what a step takes one rank alone, as the summary of a run says",
      decimal("--step-ms", "a number above 0", (ms) => ms > 0),
    )
    .action(async (nameOrFile: string, flags: RanksFlags) => {
      process.stdout.write(await planText(nameOrFile, flags));
    });
}

/**
 * The plan of a recipe as text. The network is prepared as for training, on a batch of empty
 * samples.
 */
export async function planText(nameOrFile: string, flags: RanksFlags = {}): Promise<string> {
  const { loadRecipe } = await import("../recipes/load.js");
  const { buildModel } = await import("../recipes/build.js");
  const { fitOptionsOf } = await import("../runs/recipe-options.js");
  const { prepare } = await import("../train/prepare.js");
  const { bytes, count, percent, shape } = await import("../report/format.js");
  const { default: Table } = await import("cli-table3");
  const { BOXED } = await import("./table-style.js");
  const recipe = loadRecipe(nameOrFile);
  const model = buildModel(recipe.model);
  const { steps, memory, faults } = await prepare(model, fitOptionsOf(recipe));

  const table = new Table({
    head: [
      "step",
      "forward",
      "backward and update",
      "output",
      "weights",
      "density",
      "MFLOP dense",
      "MFLOP now",
    ],
    colAligns: ["left", "left", "left", "right", "right", "right", "right", "right"],
    ...BOXED,
    wordWrap: true,
    colWidths: [null, 22, 34],
  });
  const mega = (flops: number) => (flops ? (flops / 1e6).toFixed(3) : "");
  for (const step of steps) {
    table.push([
      step.name,
      step.forward.join(", "),
      step.backward.join(", "),
      shape(step.output),
      step.weights ? count(step.weights) : "",
      step.weights ? percent(step.nonZeros / step.weights) : "",
      mega(step.flops),
      mega(step.flopsNow),
    ]);
  }
  const sum = (key: "weights" | "nonZeros" | "flops" | "flopsNow") =>
    steps.reduce((total, step) => total + step[key], 0);
  const [flops, flopsNow] = [sum("flops"), sum("flopsNow")];
  const gigaStep = (now: number) => ((recipe.batchSize * now) / 1e9).toFixed(2);
  return [
    table.toString(),
    "",
    `weights        ${count(sum("weights"))}, of which ${count(sum("nonZeros"))} ` +
      `(${percent(sum("nonZeros") / sum("weights"))}) are there at the start`,
    `forward        ${mega(flops)} MFLOP a sample dense, ${mega(flopsNow)} with the ` +
      "non-zeros only (MFLOP: 2 x multiplications of the products)",
    // Exact LinBreg needs the gradient of every weight, which is as much work as the dense forward
    // pass.
    `training step  ${gigaStep(3 * flops)} GFLOP dense, ` +
      `${gigaStep(2 * flopsNow + flops)} with sparse products and the gradient of every ` +
      "weight",
    `memory         ${bytes(memory.training + memory.parameters)} at its peak: ` +
      `${bytes(memory.training)} activations and gradients (batch of ` +
      `${recipe.batchSize}),`,
    `               ${bytes(memory.parameters)} weights, dual variables and patterns; the data set comes on top`,
    ...(flags.ranks === undefined
      ? []
      : (await import("./plan-ranks.js")).ranksText(recipe, model, steps, flags)),
    ...faults.map((fault) => `warning        ${fault}`),
    "",
  ].join("\n");
}
