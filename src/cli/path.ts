/** `bregman path`: when the weights of a run were born, as a table, JSON, a page and a picture. */
import type { Command } from "commander";

/** What the command says and takes. */
export function definePath(command: Command): void {
  command
    .description(
      "Shows when the weights of a run were born, layer by layer and epoch by epoch, " +
        "as its newest checkpoint knows it. Writes path.json (with the epoch of each " +
        "weight), path.html and path.svg into the run folder. Works while the run is " +
        "going, too.",
    )
    .argument("<run>", "a run folder")
    .addHelpText("after", "\nExample:\n  bregman path runs/first")
    .action(async (run: string) => {
      process.stdout.write(await pathText(run));
    });
}

/** Writes the path of a run, and returns a table of it. */
async function pathText(run: string): Promise<string> {
  const { PATH_COLUMNS, pathRow, writePath } = await import("../report/path-report.js");
  const { default: Table } = await import("cli-table3");
  const { UNRULED } = await import("./table-style.js");
  const { path, file } = writePath(run);
  const table = new Table({
    head: [...PATH_COLUMNS],
    colAligns: PATH_COLUMNS.map((_, k) => (k === 0 ? "left" : "right")),
    ...UNRULED,
  });
  for (const layer of path.layers) table.push(pathRow(layer));
  return `${table.toString()}\n\n  ${file}\n`;
}
