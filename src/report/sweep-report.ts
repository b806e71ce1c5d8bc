/** sweep.html: a sweep on one page, as two figures and a table. No network, no script. */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import type { SweepTable, SweptTrial } from "../sweep/table.js";
import { shown } from "../sweep/trials.js";
import { backendName, percent } from "./format.js";
import { html, safe } from "./markup.js";
import { page } from "./page.js";
import { type Column, columnsTable, figureColumns } from "./statistic-columns.js";
import { parallelCoordinates, sweepScatter } from "./sweep-figures.js";

/** The columns that a sweep has something for. */
export function sweepColumns({ rows, grid }: SweepTable): Column<SweptTrial>[] {
  const figure = (head: string, key: keyof SweptTrial, scale: number, digits: number) =>
    figureColumns(rows, head, key, scale, digits);
  const isHalving = grid.strategy.kind === "halving";
  return [
    ...(Array.isArray(grid.recipe)
      ? [{ head: "recipe", cell: (row: SweptTrial) => row.recipe }]
      : []),
    ...Object.keys(grid.ranges).map((field) => ({
      head: field.split(".").slice(-2).join("."),
      cell: ({ values }: SweptTrial) => shown(values[field]),
    })),
    ...(isHalving ? [{ head: "rung", cell: ({ rung }: SweptTrial) => String(rung) }] : []),
    {
      head: "epochs",
      cell: ({ epochs, diverged }) => (diverged ? "diverged" : String(epochs)),
    },
    ...figure("validation %", "validAccuracy", 100, 2),
    ...figure("validation loss", "validLoss", 1, 5),
    ...figure("test accuracy %", "testAccuracy", 100, 2),
    ...figure("density %", "density", 100, 2),
    ...figure("multiplications %", "flopDensity", 100, 2),
    ...figure("seconds", "seconds", 1, 1),
  ];
}

/** Writes sweep.html into the folder of a sweep; returns its path. */
export function writeSweepReport(folder: string, table: SweepTable): string {
  const path = join(folder, "sweep.html");
  writeFileAtomic(path, sweepHtml(table));
  return path;
}

/** The best trial in a line. */
export function sweepLead({ rows, by }: SweepTable): string {
  const [best] = rows;
  const { [by]: reached, density } = best;
  if (best.diverged || !reached || !density) return "Every trial has diverged.";
  const values = Object.entries(best.values).map(
    ([field, value]) => `${field.split(".").slice(-2).join(".")} ${shown(value)}`,
  );
  const what =
    by === "validAccuracy"
      ? `validation accuracy ${percent(reached.mean)}`
      : `validation loss ${reached.mean.toFixed(5)}`;
  const whose = [best.recipe, ...values].join(", ");
  return `The best: ${what} with ${percent(density.mean)} of the weights, by ${whose}.`;
}

function sweepHtml(table: SweepTable): string {
  const { rows, missing, command, machine, backend, isa, threads, commit, grid } = table;
  const columns = sweepColumns(table);
  const facts = [
    backend && `backend ${backendName(backend, isa)}`,
    threads && `${threads} ${threads === 1 ? "thread" : "threads"}`,
    machine,
    commit && `commit ${commit}`,
  ].filter((fact) => typeof fact === "string");
  const left = missing === 1 ? "1 trial is" : `${missing} trials are`;
  return page(
    "Sweep",
    html`<header>
        <p class="brand">bregman · sweep</p>
        <h1>${rows.length} ${rows.length === 1 ? "trial" : "trials"}</h1>
        <p class="lead">${sweepLead(table)}</p>
        ${missing > 0 ? html`<p class="warning">${left} not finished yet.</p>` : undefined}
      </header>
      <h2>Accuracy over density</h2>
      <p class="note">
        On the validation samples. The best trial is orange; blue ones, of as many epochs, have no
        other that is better both ways.
      </p>
      <figure class="chart">${safe(sweepScatter(table))}</figure>
      <h2>Values, and what came of them</h2>
      <p class="note">A line a trial. Those that diverged are red and broken.</p>
      <figure class="chart wide">${safe(parallelCoordinates(table))}</figure>
      <h2>Trials</h2>
      ${columnsTable(columns, rows)}
      <h2>The grid</h2>
      <pre tabindex="0">${JSON.stringify(grid, null, 2)}</pre>
      <footer>
        <p>${facts.join(" · ")}</p>
        <p>Made by <code>${command}</code></p>
      </footer>`,
  );
}
