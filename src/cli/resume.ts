/** `bregman resume`: goes on with a run that was stopped or killed, to the bits it would have had. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { commandLine } from "./options.js";
import { addTrainingOptions, carryOut, type TrainingFlags } from "./training.js";

/** Adds the command to the program. */
export function addResume(program: Command): void {
  const command = program
    .command("resume")
    .summary("go on with a run that was stopped or killed")
    .description(
      "Goes on with a run from its last checkpoint. On the same backend the finished run has the bits of one that was never interrupted.",
    )
    .argument("<run>", "a run folder");
  addTrainingOptions(command)
    .addHelpText("after", "\nExample:\n  bregman resume runs/first")
    .action(async (run: string, flags: TrainingFlags) => {
      process.exitCode = await resume(run, flags);
    });
}

/** Runs the command and returns the exit code. */
async function resume(folder: string, flags: TrainingFlags): Promise<number> {
  const recipeFile = join(folder, "recipe.json");
  if (!existsSync(recipeFile)) {
    throw new RangeError(`cannot resume ${folder}: it has no recipe.json (is it a run folder?)`);
  }
  const { loadRecipe, repeatingArguments } = await import("../recipes/load.js");
  const recipe = loadRecipe(recipeFile);
  if (isFinished(folder)) {
    // A kill may have come between the result and its copy.
    if (flags.results !== undefined) {
      const { copyResult } = await import("../train/run.js");
      copyResult(flags.results, recipe, readFileSync(join(folder, "result.json"), "utf8"));
    }
    const text = `This run is finished; its report is ${await reportOf(folder, recipe.epochs)}`;
    process.stdout.write(`${flags.json ? JSON.stringify({ type: "note", text }) : text}\n`);
    return 0;
  }
  return carryOut({ recipe, folder, resume: true, command: commandLine(repeatingArguments(recipe)), flags });
}

/** The report of a finished run. A kill may have come between the result and the report: then it is made now. */
async function reportOf(folder: string, epochs: number): Promise<string> {
  const { openFilm } = await import("./film-folder.js");
  const { writeReport } = await import("../report/report.js");
  const film = openFilm(folder, epochs, true);
  film.resume(epochs);
  const path = join(folder, "report.html");
  return film.write(true) || !existsSync(path) ? writeReport(folder) : path;
}

/** Whether the run has come to its end: only then is there a result that is not that of an interruption. */
function isFinished(folder: string): boolean {
  try {
    const { interrupted } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as { interrupted?: boolean };
    return interrupted === false;
  } catch {
    return false;
  }
}
