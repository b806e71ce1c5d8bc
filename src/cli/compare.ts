/** `bregman compare`: runs several recipes with several seeds, and shows mean and spread. */
import type { Command } from "commander";
import { largest } from "../extremes.js";
import type { Recipe } from "../recipes/schema.js";
import type { Comparison } from "../runs/comparison.js";
import type { ComparedRun, CompareOptions } from "../runs/compare.js";
import { addComputingOptions, type ComputingFlags } from "./computing.js";
import { folder, integer, integers, repeatingCommand } from "./options.js";
import { createStopper } from "./stop.js";
import { canRedraw } from "./terminal.js";

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
  const { compareRecipes } = await import("../runs/compare.js");
  const { writeReport } = await import("../report/report.js");
  const { makeWritable } = await import("./out-folder.js");
  const recipes = namesOrFiles.map(readRecipe);
  const { out, ...computing } = flags;
  const removeOut = makeWritable(out, "folder of the comparison");
  const view = createView(
    recipes.map(({ recipe }) => recipe),
    flags.seeds.length,
  );
  const stopper = createStopper(
    () =>
      view.line(
        "Stopping after this step; the same command goes on from here. Ctrl-C again stops at once.",
      ),
    view.clear,
  );
  try {
    const comparison = await compareRecipes(recipes, {
      ...computing,
      out,
      command: repeatingCommand(args),
      signal: stopper.signal,
      onRun(run, event) {
        view.onRun(run, event);
        if (event.type === "end") writeReport(run.folder);
      },
    });
    view.clear();
    if (comparison) await show(comparison, out);
  } catch (error) {
    view.clear();
    removeOut();
    throw error;
  } finally {
    stopper.close();
  }
  return stopper.exitCode ?? 0;
}

async function show(comparison: Comparison, out: string): Promise<void> {
  const { compareColumns, writeCompareReport } = await import("../report/compare-report.js");
  const { default: Table } = await import("cli-table3");
  const { BOXED } = await import("./table-style.js");
  const columns = compareColumns(comparison);
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map((_, k) => (k === 0 ? "left" : "right")),
    ...BOXED,
  });
  for (const row of comparison.rows) table.push(columns.map(({ cell }) => cell(row)));
  const page = writeCompareReport(out, comparison);
  process.stdout.write(
    `${table.toString()}\n\nLast epoch, mean ± standard deviation over the seeds.\n${page}\n`,
  );
}

/** One line a run on stderr; on a terminal, below them, the epoch of the run under way. */
function createView(recipes: readonly Recipe[], seeds: number) {
  const stream = process.stderr;
  const redraws = canRedraw(stream);
  const width = largest(recipes.map(({ name }) => name.length));
  const total = recipes.length * seeds;
  let done = 0;
  const clear = () => {
    if (redraws) stream.write("\r\x1b[K");
  };
  const line = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const percent = (fraction: number | undefined) =>
    fraction === undefined ? "" : `${(100 * fraction).toFixed(2)} %`.padStart(9);
  const onRun: NonNullable<CompareOptions["onRun"]> = (
    { recipe: { name, seed, epochs } }: ComparedRun,
    event,
  ) => {
    const head =
      `${String(Math.min(done + 1, total)).padStart(String(total).length)}/${total}  ` +
      `${name.padEnd(width)}  seed ${seed}`;
    if (event.type === "note") line(event.text);
    if (event.type === "warning") line(`${name}, seed ${seed}: warning: ${event.text}`);
    if (event.type === "epoch" && redraws) {
      clear();
      stream.write(`${head}  epoch ${event.metrics.epoch} of ${epochs}`);
    }
    if (event.type !== "done") return;
    const { final } = event.result;
    const { testAccuracy, validAccuracy, testLoss, validLoss } = final;
    const shownLoss = testLoss ?? validLoss;
    const reached =
      testAccuracy !== undefined
        ? `  test${percent(testAccuracy)}`
        : validAccuracy !== undefined
          ? `  validation${percent(validAccuracy)}`
          : shownLoss !== undefined
            ? `  loss ${shownLoss.toFixed(5)}`
            : "";
    const how = event.kept ? "finished before" : `${final.seconds.toFixed(1)} s`;
    line(`${head}${reached}  density${percent(final.density)}  ${how}`);
    done++;
  };
  return { line, clear, onRun };
}
