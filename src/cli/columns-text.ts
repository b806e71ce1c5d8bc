/** A table of columns as a terminal shows it. */
import Table from "cli-table3";
import type { Column } from "../report/statistic-columns.js";
import { BOXED } from "./table-style.js";

/** @param texts - columns that are texts: they stand at the left */
export function columnsText<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  texts = 0,
): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map((_, k) => (k < texts ? "left" : "right")),
    ...BOXED,
  });
  for (const row of rows) table.push(columns.map(({ cell }) => cell(row)));
  return table.toString();
}
