/**
 * compare.html and compare.svg: a comparison on one page, as a table and a figure. No network, no
 * script.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import type { ComparedRecipe, Comparison, Statistic } from "../sweep/comparison.js";
import { backendName } from "./format.js";
import { html, safe } from "./markup.js";
import { page } from "./page.js";
import { type Column, columnsTable, figureColumns } from "./statistic-columns.js";
import { scatterChart } from "./scatter.js";
import { standaloneSvg } from "./standalone-svg.js";

/** The columns that a comparison has figures for. */
export function compareColumns({ rows }: Comparison): Column<ComparedRecipe>[] {
  const figure = (head: string, key: keyof ComparedRecipe, scale: number, digits: number) =>
    figureColumns(rows, head, key, scale, digits);
  return [
    { head: "recipe", cell: ({ recipe }) => recipe },
    { head: "seeds", cell: ({ seeds }) => seeds.join(" ") },
    { head: "epochs", cell: ({ epochs }) => String(epochs) },
    ...figure("test accuracy %", "testAccuracy", 100, 2),
    ...figure("validation %", "validAccuracy", 100, 2),
    ...(rows.some(({ testAccuracy }) => testAccuracy) ? [] : figure("test loss", "testLoss", 1, 5)),
    ...(rows.some(reached) ? [] : figure("validation loss", "validLoss", 1, 5)),
    ...figure("SSIM", "ssim", 1, 3),
    ...figure("density %", "density", 100, 2),
    ...figure("kernels %", "kernelDensity", 100, 2),
    ...figure("multiplications %", "flopDensity", 100, 2),
    ...figure("seconds", "seconds", 1, 1),
  ];
}

/** Whether there is a figure that says more than the validation loss does. */
function reached({ testAccuracy, validAccuracy, testLoss }: ComparedRecipe): boolean {
  return [testAccuracy, validAccuracy, testLoss].some((figure) => figure !== undefined);
}

/** What the figure may show, the first that all recipes have. */
const SHOWN = [
  ["testAccuracy", "test accuracy, %", 100],
  ["validAccuracy", "validation accuracy, %", 100],
  ["testLoss", "test loss", 1],
  ["validLoss", "validation loss", 1],
] as const;

/** The figure of a comparison: test accuracy, or what there is in its place, against density. */
export function compareFigure({ rows }: Comparison): string {
  const [key, yLabel, factor] = SHOWN.find(([name]) => rows.every((row) => row[name])) ?? SHOWN[0];
  const times = (scale: number, { mean, deviation }: Statistic) => ({
    mean: scale * mean,
    deviation: scale * deviation,
  });
  const points = rows.flatMap(({ recipe, density, [key]: shown }) =>
    shown ? [{ name: recipe, x: times(100, density), y: times(factor, shown) }] : [],
  );
  return scatterChart(points, {
    label: `${yLabel} against density, by recipe`,
    xLabel: "density, %",
    yLabel,
  });
}

/**
 * Writes compare.html and compare.svg into the folder of a comparison; returns the path of the
 * page.
 */
export function writeCompareReport(folder: string, comparison: Comparison): string {
  const figure = compareFigure(comparison);
  writeFileAtomic(join(folder, "compare.svg"), standaloneSvg(figure));
  const path = join(folder, "compare.html");
  writeFileAtomic(path, compareHtml(comparison, figure));
  return path;
}

function compareHtml(comparison: Comparison, figure: string): string {
  const { rows, command, machine, backend, isa, threads, commit } = comparison;
  const columns = compareColumns(comparison);
  const facts = [
    `backend ${backendName(backend, isa)}`,
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    machine,
    ...(commit === undefined ? [] : [`commit ${commit}`]),
  ];
  return page(
    "Comparison",
    html`<header>
        <p class="brand">bregman · comparison</p>
        <h1>${rows.length} ${rows.length === 1 ? "recipe" : "recipes"}</h1>
        <p class="lead">Last epoch, mean ± standard deviation over the seeds.</p>
      </header>
      <figure class="chart">${safe(figure)}</figure>
      <h2>Figures</h2>
      ${columnsTable(columns, rows)}
      <h2>Recipes</h2>
      ${rows.map(({ recipe, description }) => html`<p class="note"><code>${recipe}</code> ${description}</p>`)}
      <footer>
        <p>${facts.join(" · ")}</p>
        <p>Made by <code>${command}</code></p>
      </footer>`,
  );
}
