/** `bregman report`: builds a run folder's report.html anew. */
import type { Command } from "commander";

/** What the command says and takes. */
export function defineReport(command: Command): void {
  command
    .description(
      "Builds report.html from what is in a run folder, also while the run is going or after it broke off.",
    )
    .argument("<run>", "a run folder")
    .action(async (run: string) => {
      const { writeReport } = await import("../report/report.js");
      process.stdout.write(`${writeReport(run)}\n`);
    });
}
