/** `bregman train`: trains by a recipe, shows the progress, and leaves a run folder with a report. */
import { join } from "node:path";
import type { Command } from "commander";
import type { Film } from "../report/film.js";
import type { EpochMetrics, TrainEvent } from "../train/events.js";
import type { Trainer } from "../train/trainer.js";
import { commandLine, integer, oneOf } from "./options.js";
import { createStopper } from "./stop.js";

interface TrainFlags {
  readonly dataDir?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly epochs?: number;
  readonly threads?: number;
  readonly backend?: "native" | "wasm";
  readonly json?: boolean;
  readonly results?: string;
}

/** Adds the command to the program. */
export function addTrain(program: Command): void {
  program
    .command("train")
    .summary("train a network by a recipe")
    .description("Trains a network by a recipe and leaves a run folder with the model, the metrics and a report.")
    .argument("<recipe>", "name of a recipe (see `bregman recipes`), or a JSON file")
    .option("--data-dir <folder>", "where the data set's files are (default: $BREGMAN_DATA, or the npm package)")
    .option("--out <folder>", "run folder, new or empty (default: runs/<recipe>-seed<n>-<time>)")
    .option("--seed <n>", "another seed than the recipe's", integer("--seed", 0, 0xffffffff))
    .option("--epochs <n>", "another number of epochs than the recipe's", integer("--epochs", 1))
    .option("--threads <n>", "threads to compute with (default: one a core)", integer("--threads", 1, 256))
    .option(
      "--backend <name>",
      "native or wasm (default: native where it is built)",
      oneOf("--backend", ["native", "wasm"]),
    )
    .option("--json", "print events as JSON, one a line, and nothing else")
    .option("--results <folder>", "also write <folder>/<recipe>/seed-<n>.json")
    .addHelpText("after", "\nExample:\n  bregman train mnist-quick --epochs 3 --out runs/first")
    .action(async (recipe: string, flags: TrainFlags) => {
      process.exitCode = await train(recipe, flags, process.argv.slice(2));
    });
}

/** Runs the command and returns the exit code. */
async function train(nameOrFile: string, flags: TrainFlags, args: readonly string[]): Promise<number> {
  const { checkRecipe, loadRecipe } = await import("../recipes/load.js");
  const { defaultFolder, makeWritable, prepareFolder } = await import("./out-folder.js");
  const loaded = loadRecipe(nameOrFile);
  // Checked again with the flags in it: a schedule may not fit a smaller number of epochs.
  const recipe = checkRecipe(
    { ...loaded, seed: flags.seed ?? loaded.seed, epochs: flags.epochs ?? loaded.epochs },
    nameOrFile,
  );
  const folder = flags.out ?? defaultFolder(recipe.name, recipe.seed);
  // What can't be written is told now, not after an hour of training.
  const removeResults = flags.results === undefined ? undefined : makeWritable(flags.results, "results folder");
  const removeFolder = prepareFolder(folder);

  const view = flags.json ? jsonView() : await personView();
  const stopper = createStopper(
    () => view.note("Stopping after this step; the run is kept. Ctrl-C again stops at once."),
    view.close,
  );
  const film = filmOfFirstLayer(recipe.epochs, await import("../report/film.js"));
  const { runRecipe } = await import("../train/run.js");
  const { writeReport } = await import("../report/report.js");
  const finish = () => {
    film.write(join(folder, "pictures"));
    return writeReport(folder);
  };

  let initial: EpochMetrics | undefined;
  let last: EpochMetrics | undefined;
  let end: Extract<TrainEvent, { type: "end" }> | undefined;
  try {
    await runRecipe(recipe, {
      out: folder,
      command: commandLine(args),
      signal: stopper.signal,
      ...(flags.dataDir !== undefined && { dataDir: flags.dataDir }),
      ...(flags.threads !== undefined && { threads: flags.threads }),
      ...(flags.backend !== undefined && { backend: flags.backend }),
      ...(flags.results !== undefined && { resultsDir: flags.results }),
      observe: film.observe,
      onEvent(event) {
        if (event.type === "start") initial = last = event.initial;
        if (event.type === "epoch") last = event.metrics;
        if (event.type === "end") end = event;
        // The report is there before "end" is told.
        else view.onEvent(event);
      },
    });
    const report = finish();
    view.onEvent(end!);
    await view.summary({ last: last!, started: initial!.density, epochs: recipe.epochs, ...end!, folder, report });
  } catch (error) {
    view.close();
    // A run that broke off, say at a loss that is not finite, shows its curves too.
    if (last) tryTo(finish);
    removeFolder();
    removeResults?.();
    throw error;
  } finally {
    stopper.close();
  }
  return stopper.exitCode ?? 0;
}

interface View {
  onEvent(event: TrainEvent): void;
  note(text: string): void;
  close(): void;
  summary(run: Parameters<typeof import("./summary.js").summaryText>[0]): Promise<void>;
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

/** Pictures of the first weight, if what it reads can be seen as a square image. */
function filmOfFirstLayer(epochs: number, { createFilm, squareImage }: typeof import("../report/film.js")) {
  let film: Film | undefined;
  return {
    observe(epoch: number, trainer: Trainer): void {
      const node = trainer.model.nodes.find(({ parameters }) => parameters.some(({ role }) => role === "weight"));
      const spec = node?.parameters.find(({ role }) => role === "weight");
      const size = spec?.shape.length === 2 ? squareImage(spec.shape[1]) : undefined;
      if (!node || !spec || !size) return;
      film ??= createFilm(spec.shape[0], size, epochs);
      film.add(epoch, trainer.theta(`${node.name}.${spec.name}`));
    },
    write: (folder: string) => film?.write(folder),
  };
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // The error that ended the run is the one to tell.
  }
}
