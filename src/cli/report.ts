/** `bregman report`: builds a run folder's report.html anew. */
import type { Command } from "commander";

/** Adds the command to the program. */
export function addReport(program: Command): void {
  program
    .command("report")
    .summary("build a run's report.html anew")
    .description(
      "Builds report.html from what is in a run folder, also while the run is going or after it broke off.",
    )
    .argument("<run>", "a run folder")
    .action(async (run: string) => {
      const { writeReport } = await import("../report/report.js");
      process.stdout.write(`${writeReport(run)}\n`);
    });
}
