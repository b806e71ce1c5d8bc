/**
 * A row of the paper's table, run anew: its recipe with several seeds, in one folder.
 *
 *     <out>/seed-<n>/         a run folder like any other
 *     <out>/reproduce.json    what came out, see Reproduction
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { adjusted, readRecipe } from "../recipes/load.js";
import type { RunResult } from "../runs/run-result.js";
import { runSeeds, type SeedRunOptions } from "./compare.js";
import type { PaperRow } from "./paper-rows.js";
import { rowFigures, type RowFigures } from "./row-figures.js";

export interface ReproduceOptions extends SeedRunOptions {
  /** At least one. */
  readonly seeds: readonly number[];
  /** Another number of epochs than the recipe's. */
  readonly epochs?: number | undefined;
  /** What our own runs of the row came to. */
  readonly published: RowFigures;
  /** The command that repeats it, for reproduce.json. */
  readonly command: string;
}

/** What reproduce.json holds. */
export interface Reproduction
  extends PaperRow, Pick<RunResult, "commit" | "machine" | "backend" | "isa" | "threads"> {
  /** The command that repeats it. */
  readonly command: string;
  /** Our own runs, which come with the package. */
  readonly published: RowFigures;
  /** The runs here. */
  readonly run: RowFigures;
}

/**
 * Runs a row's recipe with seeds, and sums up.
 *
 * @returns what came out, or undefined if `signal` stopped it before the end
 * @throws InputError if a seed is there twice, or the folder holds runs of another setting;
 *   whatever a run throws, with its recipe and seed
 */
export async function reproduceRow(
  row: PaperRow,
  { seeds, epochs, published, command, ...running }: ReproduceOptions,
): Promise<Reproduction | undefined> {
  const { recipe: given, baseDir } = readRecipe(row.recipe);
  const recipe = adjusted(given, { epochs });
  const trial = { recipe, baseDir, values: {}, place: "", label: recipe.name };
  const results = await runSeeds("reproduce", [trial], seeds, running);
  if (!results) return undefined;
  const { commit, machine, backend, isa, threads } = results.at(-1)!;
  const reproduction: Reproduction = {
    ...row,
    command,
    ...(commit !== undefined && { commit }),
    machine,
    backend,
    isa,
    threads,
    published,
    run: rowFigures(row.measure, results),
  };
  const text = `${JSON.stringify(reproduction, null, 2)}\n`;
  writeFileAtomic(join(running.out, "reproduce.json"), text);
  return reproduction;
}
