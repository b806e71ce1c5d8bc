/** Tables of what runs with several seeds have come to: columns, for a page or a terminal. */
import type { Statistic } from "../sweep/comparison.js";
import { html, type Markup } from "./markup.js";

/** A column of a table: its head, and the text of a row's cell. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
}

/** A column of a figure over seeds; none where no row has it. */
export function figureColumns<Row>(
  rows: readonly Row[],
  head: string,
  key: keyof Row,
  scale: number,
  digits: number,
): Column<Row>[] {
  const value = (row: Row) => row[key] as Statistic | undefined;
  if (!rows.some(value)) return [];
  return [{ head, cell: (row) => plusMinus(value(row), scale, digits) }];
}

/** "97.12 ± 0.31"; without the spread for a single seed. */
function plusMinus(value: Statistic | undefined, scale: number, digits: number): string {
  if (!value) return "–";
  const mean = (scale * value.mean).toFixed(digits);
  return value.values.length > 1 ? `${mean} ± ${(scale * value.deviation).toFixed(digits)}` : mean;
}

/** The table of a page. */
export function columnsTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const line = (row: Row): Markup =>
    html`<tr>
      ${columns.map(({ cell }) => html`<td>${cell(row)}</td>`)}
    </tr>`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Statistics">
    <table>
      <thead>
        <tr>
          ${columns.map(({ head }) => html`<th>${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
    </table>
  </div>`;
}
