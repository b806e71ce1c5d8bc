/**
 * Writes dist/published-figures.json: what our runs in results/ have come to, by the rows of the
 * paper's table. `npm run build` does so last.
 */
import { writeFileSync } from "node:fs";
import { PAPER_ROWS } from "../dist/sweep/paper-rows.js";
import { PUBLISHED_FILE } from "../dist/sweep/published-figures.js";
import { rowFigures } from "../dist/sweep/row-figures.js";
import { runsOf } from "./runs.mjs";

const figures = PAPER_ROWS.map(({ recipe, measure }) => {
  const runs = runsOf(recipe);
  if (runs.length === 0) throw new Error(`a row of the paper's table has no results/${recipe}/`);
  return [recipe, rowFigures(measure, runs)];
});
writeFileSync(
  new URL(`../${PUBLISHED_FILE}`, import.meta.url),
  `${JSON.stringify(Object.fromEntries(figures))}\n`,
);
