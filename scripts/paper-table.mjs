// The paper's figures beside ours: the one table that says how far the experiments are reproduced.
import { PAPER_ROWS } from "../dist/sweep/paper-rows.js";
import { rowFigures, rowText } from "../dist/sweep/row-figures.js";
import { runsOf } from "./runs.mjs";

/** Heads and rows of the table. */
export function paperTable() {
  const rows = PAPER_ROWS.map(({ experiment, method, recipe, paper = "–", measure }, k) => {
    const figures = rowFigures(measure, runsOf(recipe));
    return [
      experiment === PAPER_ROWS[k - 1]?.experiment ? "" : experiment,
      `${method} (\`${recipe}\`)`,
      paper,
      rowText(measure, figures),
      figures.seeds.join(", "),
      figures.epochs,
    ];
  });
  return [["experiment", "method (recipe)", "paper", "ours", "seeds", "epochs"], rows];
}
