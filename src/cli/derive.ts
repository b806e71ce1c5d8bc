/**
 * What `simplify` and `prune` share: a run's network is opened, changed, compared with the
 * original, and written beside it.
 */
import type { Command } from "commander";
import type { Recipe } from "../recipes/schema.js";
import type { SavedRun } from "../runs/saved-run.js";
import { addComputingOptions, type ComputingFlags } from "./computing.js";

type Network = SavedRun["network"];
type Data = ReturnType<typeof import("../runs/recipe-options.js").dataOf>;
type EvaluateOptions = import("../train/evaluate.js").EvaluateOptions;

/** Adds the run as an argument, and the options of {@link ComputingFlags}. */
export function addDeriveOptions(command: Command): Command {
  return addComputingOptions(command.argument("<run>", "a run folder, or a network in one"));
}

export interface Derivation {
  /** Part of the new file's name. */
  readonly what: string;
  change(network: Network, data: Data, options: EvaluateOptions): Network | Promise<Network>;
}

/**
 * Carries out a derivation, writes the new network and prints both side by side. Returns the new
 * network.
 */
export async function derive(
  path: string,
  flags: ComputingFlags,
  { what, change }: Derivation,
): Promise<void> {
  const { openRun, derivedFile } = await import("../runs/saved-run.js");
  const { evaluate } = await import("../train/evaluate.js");
  const { dataOfRun } = await import("../runs/run-recipe.js");
  const { saveModel } = await import("../export/model-file.js");
  const { networkSize } = await import("../export/size.js");
  const { networkTable } = await import("./network-table.js");
  const { painter } = await import("./paint.js");
  const { file, recipe, network: before } = openRun(path);
  const data = dataOfRun(recipe, { dataDir: flags.dataDir });
  const options = evaluateOptions(recipe, flags);
  const after = await change(before, data, options);
  const reached = await evaluate([before, after], data, options);
  const out = derivedFile(file, `-${what}.safetensors`);
  saveModel(out, after, { recipe: recipe.name, seed: String(recipe.seed) });
  const [old, now] = [before, after].map((network, k) => ({
    size: networkSize(network),
    reached: reached[k],
  }));
  process.stdout.write(`${networkTable(old, now, painter(process.stdout))}\n\n  ${out}\n`);
}

function evaluateOptions(
  { loss, data }: Recipe,
  { threads, backend }: ComputingFlags,
): EvaluateOptions {
  const { validation, splitSeed, stratify, limit, normalize } = data;
  return { loss, validation, splitSeed, stratify, limit, normalize, threads, backend };
}
