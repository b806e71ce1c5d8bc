/**
 * `bregman resume`: goes on with a run that was stopped or killed, to the bits it would have had,
 * or to more epochs.
 */
import { join } from "node:path";
import type { Command } from "commander";
import type { Ranks } from "../ranks/ranks.js";
import { commandLine, integer } from "./options.js";
import { asRank } from "./ranks.js";
import { addTrainingOptions, carryOut, type TrainingFlags } from "./training.js";

interface ResumeFlags extends TrainingFlags {
  readonly epochs?: number;
}

/** What the command says and takes. */
export function defineResume(command: Command): void {
  command
    .description(
      "Goes on with a run from its last checkpoint. On the same backend the finished " +
        "run has the bits of one that was never interrupted. With --epochs a run goes " +
        "on to more epochs than it was to have, also a finished one, or ends before.",
    )
    .argument("<run>", "a run folder")
    .option(
      "--epochs <n>",
      "another number of epochs in all than the run was to have",
      integer("--epochs", 1),
    );
  addTrainingOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  bregman resume runs/first\n  bregman resume runs/first --epochs 20",
    )
    .action(async (run: string, flags: ResumeFlags) => {
      process.exitCode = await asRank(flags, (own, ranks) => resume(run, own, ranks));
    });
}

/** Runs the command and returns the exit code. */
async function resume(folder: string, flags: ResumeFlags, ranks?: Ranks): Promise<number> {
  const { repeatingArguments } = await import("../recipes/load.js");
  const { openResumable } = await import("../runs/resumable.js");
  const { recipe, finished } = openResumable(folder, flags.epochs);
  if (!finished) {
    return carryOut({
      recipe,
      folder,
      resume: true,
      command: commandLine(repeatingArguments(recipe)),
      flags,
      ranks,
    });
  }
  const { NO_RUN } = await import("../runs/parts-of-ranks.js");
  const { lockFolder } = await import("../folder-lock.js");
  const lock = lockFolder(folder);
  ranks?.shareText(NO_RUN);
  try {
    // A kill may have come between the result and its copy.
    if (flags.results !== undefined) {
      const { copyResult } = await import("../runs/run-result.js");
      const { readText } = await import("../read-file.js");
      copyResult(flags.results, recipe, readText(join(folder, "result.json")));
    }
    // The server may have been away.
    if (flags.mlflow !== undefined) {
      const { tellOfFinished } = await import("./mlflow-run.js");
      await tellOfFinished(flags.mlflow, folder, recipe, (warning) =>
        say(flags, "warning", warning),
      );
    }
    const text = `This run is finished; its report is ${await reportOf(folder, recipe.epochs)}`;
    say(flags, "note", text);
  } finally {
    lock.release();
  }
  return 0;
}

function say({ json }: ResumeFlags, type: "note" | "warning", text: string): void {
  if (json) process.stdout.write(`${JSON.stringify({ type, text })}\n`);
  else if (type === "note") process.stdout.write(`${text}\n`);
  else process.stderr.write(`warning: ${text}\n`);
}

/**
 * The report of a finished run, made anew: a kill may have come between the result and the report.
 */
async function reportOf(folder: string, epochs: number): Promise<string> {
  const { openFilm } = await import("./film-folder.js");
  const { writeReport } = await import("../report/report.js");
  const film = openFilm(folder, epochs);
  film.resume(epochs);
  film.write();
  return writeReport(folder);
}
