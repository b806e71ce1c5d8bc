/**
 * `bregman sweep`: runs of a recipe over ranges of its fields, with one table and one report.
 */
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../errors.js";
import type { Sweep, SweepTask } from "../sweep/sweep.js";
import { addComputingOptions, type ComputingFlags } from "./computing.js";
import { folder, integer, repeatingCommand } from "./options.js";
import { createRunsView, untilStopped } from "./runs-view.js";

export interface SweepFlags extends ComputingFlags {
  readonly out?: string;
  readonly atOnce?: number;
  readonly collect?: true;
  /** Options of sbatch, or true for none. */
  readonly slurm?: string | true;
  /** The image of the containers. */
  readonly kubernetes?: string;
  readonly task?: number;
  readonly rung?: number;
  readonly json?: boolean;
}

/** What the command says and takes. */
export function defineSweep(command: Command): void {
  command
    .description(
      "Runs a recipe over ranges of its fields, as a grid (a JSON file, see docs/sweeps.md) says: " +
        "all combinations, some drawn by a seed, or successive halving by validation. Leaves a " +
        "folder of runs with table.json, table.csv, sweep.html and the best recipe, best.json. " +
        "Runs that are finished are not repeated: the same command does what is missing.",
    )
    .argument("<grid>", "a JSON file")
    .option(
      "--out <folder>",
      "folder of the runs (default: runs/<name of the grid>)",
      folder("--out"),
    )
    .option(
      "--at-once <n>",
      "runs at a time, each with its share of the cores (default: 1)",
      integer("--at-once", 1, 1000),
    )
    .option("--collect", "run nothing: make table and report of what is there")
    .option(
      "--slurm [options]",
      'submit what is missing as job arrays, with options of sbatch: --slurm="--time=02:00:00"',
      slurmOptions,
    )
    .option("--kubernetes <image>", "write what is missing as the manifest of an indexed Job");
  addComputingOptions(command)
    .option("--task <n>", "run only the one of this number, from 0", integer("--task", 0))
    .option("--rung <n>", "the rung of --task, from 1 (default: 1)", integer("--rung", 1))
    .option("--json", "with --task: print events as JSON, one a line, and nothing else")
    .addHelpText("after", "\nExample:\n  bregman sweep grid.json --at-once 2 --out runs/tau")
    .action(async (grid: string, flags: SweepFlags) => {
      process.exitCode = await sweep(grid, flags, process.argv.slice(2));
    });
}

/** Runs the command and returns the exit code. */
async function sweep(file: string, flags: SweepFlags, args: readonly string[]): Promise<number> {
  for (const key of ["rung", "json"] as const) {
    if (flags[key] !== undefined && flags.task === undefined)
      throw new InputError(`--${key} is for one run: expected --task beside it, found none`);
  }
  const { openSweep } = await import("../sweep/sweep.js");
  const out = flags.out ?? join("runs", basename(file).replace(/\.jsonc?$/, ""));
  const opened = openSweep(file, out);
  if (flags.task !== undefined) {
    const { carryOutTask } = await import("./sweep-task.js");
    return carryOutTask(opened, { rung: (flags.rung ?? 1) - 1, task: flags.task }, flags);
  }
  const command = repeatingCommand(args.filter((arg) => arg !== "--collect"));
  if (flags.slurm !== undefined || flags.kubernetes !== undefined) {
    const told = await handOver(opened, flags);
    if (told === undefined) await show(opened, command);
    else process.stdout.write(`${told}\n`);
    return 0;
  }
  if (flags.collect) {
    if (!(await show(opened, command)))
      throw new InputError(`--collect: no run of this grid is finished in ${out}`);
    return 0;
  }
  return carryOutAll(opened, flags, command);
}

/** Has a cluster carry out what is missing; returns what was done, undefined if that is nothing. */
async function handOver(sweep: Sweep, flags: SweepFlags): Promise<string | undefined> {
  if (flags.kubernetes === undefined)
    return (await import("./sweep-slurm.js")).submit(sweep, flags);
  if (flags.slurm !== undefined)
    throw new InputError("expected either --slurm or --kubernetes, found both");
  return (await import("./sweep-kubernetes.js")).writeJob(sweep, flags);
}

async function carryOutAll(sweep: Sweep, flags: SweepFlags, command: string): Promise<number> {
  const { keepGrid, runSweep } = await import("../sweep/sweep.js");
  const { writeReport } = await import("../report/report.js");
  const { makeWritable } = await import("./out-folder.js");
  const { elsewhere } = await import("./sweep-child.js");
  const { trials, rungs, out } = sweep;
  const { atOnce = 1, threads, backend, dataDir } = flags;
  const removeOut = makeWritable(out, "folder of the sweep");
  let view = createRunsView([], 0);
  const labels = trials.map(({ label }) => label);
  return untilStopped(
    () => view,
    removeOut,
    async (signal) => {
      let child: ReturnType<typeof elsewhere> | undefined;
      const done = await runSweep(sweep, {
        atOnce,
        threads,
        backend,
        dataDir,
        signal,
        onRung(rung, runs) {
          // Not before the runs are checked: what can't be leaves nothing.
          const grid = keepGrid(sweep);
          const share = threads ?? Math.max(1, Math.floor(availableParallelism() / atOnce));
          if (atOnce > 1) child = elsewhere(grid, out, { ...flags, threads: share });
          view = createRunsView(labels, runs.length);
          if (rungs.length > 1) view.line(rungLine(sweep, rung));
        },
        onRun(run, event) {
          view.onRun(run, event);
          // Another process writes its own.
          if (event.type === "end" && child === undefined) writeReport(run.folder);
        },
        ...(atOnce > 1 && {
          elsewhere: (place: SweepTask, onEvent, signal) => child!(place, onEvent, signal),
        }),
      });
      view.clear();
      const shown = await show(sweep, command);
      if (!done && !shown) view.line("No run is finished yet.");
    },
  );
}

function rungLine({ rungs }: Sweep, rung: number): string {
  const { until, trials } = rungs[rung];
  const far = until === undefined ? "to the end" : `to epoch ${until}`;
  return `Rung ${rung + 1} of ${rungs.length}: ${trials} ${trials === 1 ? "trial" : "trials"} ${far}`;
}

/** Rows that a terminal shows; table.csv has all. */
const MOST_ROWS = 20;

/** Writes and prints what is there; false if that is nothing. */
async function show(sweep: Sweep, command: string): Promise<boolean> {
  const { tableOf, writeTable } = await import("../sweep/table.js");
  const table = tableOf(sweep, command);
  if (!table) return false;
  const { sweepColumns, sweepLead, writeSweepReport } = await import("../report/sweep-report.js");
  const { columnsText } = await import("./columns-text.js");
  writeTable(sweep, table);
  const page = writeSweepReport(sweep.out, table);
  const shown = columnsText(sweepColumns(table), table.rows.slice(0, MOST_ROWS));
  const more = table.rows.length - MOST_ROWS;
  const notes = [
    ...(more > 0 ? [`${more} more in ${join(sweep.out, "table.csv")}.`] : []),
    ...(table.missing > 0 ? [`${table.missing} not finished yet.`] : []),
  ];
  process.stdout.write(
    `${[shown, ...notes, "", sweepLead(table), join(sweep.out, "best.json"), page].join("\n")}\n`,
  );
  return true;
}

/** A reader of options of sbatch. */
function slurmOptions(text: string): string {
  if (/^-[^\n\r]*$/.test(text)) return text;
  throw new InputError(
    `--slurm must be options of sbatch such as --slurm="--time=02:00:00", found "${text}"`,
  );
}
