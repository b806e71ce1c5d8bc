/**
 * `bregman reproduce`: runs a row of the paper's table, and shows the paper's figure, ours, and
 * that of the run; without a row, lists them.
 */
import { join } from "node:path";
import type { Command } from "commander";
import type { Reproduction } from "../sweep/reproduce.js";
import type { RowFigures } from "../sweep/row-figures.js";
import { addComputingOptions, addYesOption, type ComputingFlags } from "./computing.js";
import { folder, integer, integers, repeatingCommand } from "./options.js";
import { createRunsView, untilStopped } from "./runs-view.js";

interface ReproduceFlags extends ComputingFlags {
  readonly seeds?: readonly number[];
  readonly epochs?: number;
  readonly out?: string;
  /** See missing-data.ts. */
  readonly yes?: boolean;
}

/** What the command says and takes. */
export function defineReproduce(command: Command): void {
  command
    .description(
      "Runs a row of the paper's table with the seeds of ours, one run after the other, and " +
        "shows the paper's figure, ours, and that of this run: a table, and reproduce.json. " +
        "Runs that are finished are not repeated: after a stop, the same command goes on.",
    )
    .argument("[row]", "name of its recipe; without it, the rows are listed")
    .option(
      "--seeds <list>",
      "other seeds than ours, with commas between them",
      integers("--seeds", 0, 0xffffffff),
    )
    .option("--epochs <n>", "another number of epochs than the recipe's", integer("--epochs", 1))
    .option(
      "--out <folder>",
      "folder of the runs (default: runs/reproduce/<row>, with --epochs <row>-epochs-<n>)",
      folder("--out"),
    );
  addYesOption(addComputingOptions(command))
    .addHelpText(
      "after",
      "\nExamples:\n  bregman reproduce mnist-mlp-linbreg\n" +
        "  bregman reproduce mnist-mlp-linbreg --seeds 0 --epochs 3",
    )
    .action(async (name: string | undefined, flags: ReproduceFlags) => {
      if (name === undefined) await list();
      else process.exitCode = await reproduce(name, flags, process.argv.slice(2));
    });
}

async function list(): Promise<void> {
  const { PAPER_ROWS } = await import("../sweep/paper-rows.js");
  const { publishedFigures } = await import("../sweep/published-figures.js");
  const { rowText } = await import("../sweep/row-figures.js");
  const { readRecipe } = await import("../recipes/load.js");
  const { duration } = await import("../report/format.js");
  const { painter } = await import("./paint.js");
  const paint = painter(process.stdout);
  const published = publishedFigures();
  for (const experiment of new Set(PAPER_ROWS.map((row) => row.experiment))) {
    const rows = PAPER_ROWS.filter((row) => row.experiment === experiment);
    const lines = rows.map(({ recipe, method, paper = NONE, measure }) => {
      const ours = published[recipe];
      return (
        `  ${paint("bold", recipe)}  ${method}\n` +
        `    paper  ${paper}\n` +
        `    ours   ${rowText(measure, ours)} ` +
        `(${countsOf(ours)}, ${duration(ours.seconds.mean)} a seed)\n` +
        otherLength(ours, readRecipe(recipe).recipe.epochs)
      );
    });
    process.stdout.write(`${paint("dim", experiment)}\n${lines.join("")}\n`);
  }
  process.stdout.write(
    `${AT}\nTimes are those of our runs, on one thread or two.\n\n` +
      "bregman reproduce NAME runs a row; with --seeds 0 --epochs 3 it is short.\n",
  );
}

/** In place of a figure that the paper does not have. */
const NONE = "–";

const AT = 'After "at" stands the density: the part of the weights that is not zero.';

function countsOf({ seeds, epochs }: RowFigures): string {
  return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")} for ${epochs} epochs`;
}

/** A line for a recipe that has become longer or shorter since ours was run. */
function otherLength({ epochs }: RowFigures, now: number): string {
  return epochs === now
    ? ""
    : `           its recipe takes ${now} epochs now; add --epochs ${epochs}\n`;
}

/** Runs the command and returns the exit code. */
async function reproduce(
  name: string,
  flags: ReproduceFlags,
  args: readonly string[],
): Promise<number> {
  const { paperRow } = await import("../sweep/paper-rows.js");
  const { publishedFigures } = await import("../sweep/published-figures.js");
  const { reproduceRow } = await import("../sweep/reproduce.js");
  const { writeReport } = await import("../report/report.js");
  const { makeWritable } = await import("./out-folder.js");
  const row = paperRow(name);
  const published = publishedFigures()[name];
  const { epochs, dataDir, threads, backend } = flags;
  const seeds = flags.seeds ?? published.seeds;
  // A short run is not in the way of the whole one.
  const place = epochs === undefined ? name : `${name}-epochs-${epochs}`;
  const out = flags.out ?? join("runs", "reproduce", place);
  const removeOut = makeWritable(out, "folder of the runs");
  const view = createRunsView([name], seeds.length);
  return untilStopped(
    () => view,
    removeOut,
    async (signal) => {
      const reproduction = await reproduceRow(row, {
        out,
        seeds,
        epochs,
        dataDir,
        threads,
        backend,
        published,
        command: repeatingCommand(args),
        signal,
        onRun(run, event) {
          view.onRun(run, event);
          if (event.type === "end") writeReport(run.folder);
        },
      });
      view.clear();
      if (reproduction) await show(reproduction, out);
    },
  );
}

/** One line of the table. */
interface SourceLine {
  readonly source: string;
  readonly text: string;
  readonly runs?: RowFigures;
}

async function show(reproduction: Reproduction, out: string): Promise<void> {
  const { rowText } = await import("../sweep/row-figures.js");
  const { columnsText } = await import("./columns-text.js");
  const { experiment, method, recipe, paper = NONE, measure, published, run } = reproduction;
  const lines: SourceLine[] = [
    { source: "paper", text: paper },
    { source: "ours", text: rowText(measure, published), runs: published },
    { source: "this run", text: rowText(measure, run), runs: run },
  ];
  const table = columnsText<SourceLine>(
    [
      { head: "", cell: ({ source }) => source },
      { head: "reached", cell: ({ text }) => text },
      { head: "seeds", cell: ({ runs }) => runs?.seeds.join(", ") ?? "" },
      { head: "epochs", cell: ({ runs }) => (runs ? String(runs.epochs) : "") },
    ],
    lines,
    3,
  );
  process.stdout.write(
    `${experiment}\n${method} (${recipe})\n\n${table}\n\n${AT}\n${difference(reproduction)}` +
      `${join(out, "reproduce.json")}\n`,
  );
}

/** A line for a run that has other seeds or epochs than ours. */
function difference({ published, run }: Reproduction): string {
  const same = run.epochs === published.epochs && run.seeds.join(",") === published.seeds.join(",");
  return same ? "" : `Not the row as it stands: that is ${countsOf(published)}.\n`;
}
