/**
 * What `train` and `resume` share: the options of how to compute, the view, and a run from its
 * start to its summary.
 */
import type { Command } from "commander";
import type { Ranks } from "../ranks/ranks.js";
import type { Recipe } from "../recipes/schema.js";
import type { RunOptions } from "../runs/run.js";
import type { EpochMetrics, TrainEvent } from "../measure/events.js";
import { addComputingOptions, addYesOption, type ComputingFlags } from "./computing.js";
import { folder, integer } from "./options.js";
import { createStopper } from "./stop.js";
import type { Tracking } from "./tracking.js";

export interface TrainingFlags extends ComputingFlags {
  readonly checkpointEvery?: number;
  readonly json?: boolean;
  readonly results?: string;
  readonly tensorboard?: string;
  readonly mlflow?: string;
  /** See missing-data.ts. */
  readonly yes?: boolean;
}

/** Adds the options of {@link TrainingFlags}. */
export function addTrainingOptions(command: Command): Command {
  const timed = addComputingOptions(command).option(
    "--checkpoint-every <seconds>",
    "longest time between two checkpoints (default: 60; one after each epoch in any case)",
    integer("--checkpoint-every", 0, 1e6),
  );
  return addYesOption(timed)
    .option("--json", "print events as JSON, one a line, and nothing else")
    .option("--results <folder>", "also write <folder>/<recipe>/seed-<n>.json", folder("--results"))
    .option(
      "--tensorboard <folder>",
      "also write events for TensorBoard into <folder>/<name of the run folder>",
      folder("--tensorboard"),
    )
    .option(
      "--mlflow <url>",
      "also tell the MLflow server at this address, such as http://127.0.0.1:5000",
    );
}

export interface TrainingCommand {
  readonly recipe: Recipe;
  /** Folder that its relative paths start from. */
  readonly baseDir?: string;
  /** The run folder. */
  readonly folder: string;
  readonly resume: boolean;
  /** The command that repeats the run. */
  readonly command: string;
  readonly flags: TrainingFlags;
  /** Other processes that train along. */
  readonly ranks?: Ranks | undefined;
  /** Called if the run fails: takes away what was made and is still empty. */
  readonly tidy?: () => void;
}

/** Trains, shows how it goes, and returns the exit code. */
export async function carryOut(training: TrainingCommand): Promise<number> {
  const { recipe, baseDir, folder, resume, command, flags, tidy, ranks } = training;
  const { makeWritable } = await import("./out-folder.js");
  const view = await openView(flags);
  const stopper = createStopper(
    () => view.note("Stopping after this step; the run is kept. Ctrl-C again stops at once."),
    view.close,
  );
  const { openFilm } = await import("./film-folder.js");
  const { runByRanks } = await import("../runs/run.js");
  const { writeReport } = await import("../report/report.js");
  const { resultLine } = await import("../measure/best-epoch.js");
  const { openTracking } = await import("./tracking.js");
  const film = openFilm(folder, recipe.epochs);
  const finish = () => {
    film.write();
    return writeReport(folder);
  };

  let tracking: Tracking | undefined;
  let removeResults: (() => void) | undefined;
  let initial: EpochMetrics | undefined;
  let lines: EpochMetrics[] = [];
  let end: Extract<TrainEvent, { type: "end" }> | undefined;
  let report: string | undefined;
  try {
    // What can't be written is told now, not after an hour of training.
    if (flags.results !== undefined) removeResults = makeWritable(flags.results, "results folder");
    tracking = await openTracking(flags, training, (text) =>
      view.onEvent({ type: "warning", text }),
    );
    const { onEvent: track, observe } = tracking;
    const onEvent = (event: TrainEvent) => {
      if (event.type === "start") {
        initial = event.initial;
        lines = [initial, ...(event.resumed?.epochs ?? [])];
        if (resume) film.resume(event.resumed ? lines.at(-1)!.epoch : -1);
      }
      if (event.type === "epoch") lines.push(event.metrics);
      track(event);
      if (event.type === "end") {
        end = event;
        // The report is there before "end" is told, and while the folder is still ours.
        report = finish();
      }
      view.onEvent(event);
    };
    const watched: Pick<RunOptions, "observe" | "onWarning" | "onEvent"> = {
      observe(epoch, network) {
        film.observe(epoch, network);
        observe(epoch, network);
      },
      // The view shows the event.
      onWarning: () => {},
      onEvent,
    };
    const where = { out: folder, baseDir, resume, command, signal: stopper.signal };
    await runByRanks(recipe, { ...where, ...runningOf(flags), ...watched }, ranks);
    await tracking.end();
    const shown = resultLine(lines, end!.final)!;
    const { epochs } = recipe;
    const whole = { last: lines.at(-1)!, shown, started: initial!.density, epochs, ...end! };
    await view.summary({ ...whole, folder, report: report! });
  } catch (error) {
    view.close();
    // A run that broke off, say at a loss that is not finite, shows its curves too.
    if (lines.length > 0) tryTo(finish);
    await tracking?.end();
    tidy?.();
    removeResults?.();
    throw error;
  } finally {
    stopper.close();
  }
  return stopper.exitCode ?? 0;
}

/** What of the flags the run is told. */
function runningOf(flags: TrainingFlags) {
  const { dataDir, threads, backend, checkpointEvery, results } = flags;
  return { dataDir, threads, backend, checkpointSeconds: checkpointEvery, resultsDir: results };
}

interface View {
  onEvent(event: TrainEvent): void;
  note(text: string): void;
  close(): void;
  summary(run: Parameters<typeof import("./summary.js").summaryText>[0]): Promise<void>;
}

function openView({ json }: TrainingFlags): Promise<View> | View {
  return json ? jsonView() : personView();
}

function jsonView(): View {
  return {
    onEvent: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
    note: () => {},
    close: () => {},
    summary: async () => {},
  };
}

async function personView(): Promise<View> {
  const { createProgress } = await import("./progress.js");
  const progress = createProgress(process.stderr);
  return {
    ...progress,
    async summary(run) {
      const { summaryText } = await import("./summary.js");
      const { painter } = await import("./paint.js");
      process.stdout.write(`\n${summaryText(run, painter(process.stdout))}`);
    },
  };
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // The error that ended the run is the one to tell.
  }
}
