/**
 * Makes features of the columns of a table.
 *
 *     numbers      one feature; a missing one counts as the column's fill
 *     categories   one feature for each text of the training samples, sorted: 1 where the cell is
 *                  that text, else 0; of a missing cell and of a text that is new all are 0
 *
 * What is decided here, texts and fills, is decided of the samples that are trained with, and is
 * part of the result, so that all others are treated the same way.
 */
import { UnusableFileError } from "../errors.js";
import { featuresOf, type PreparedColumn, type TablePreparation } from "../preparation.js";
import type { ColumnName } from "./csv-columns.js";

/** What a missing number counts as; "drop": its row has been left out. */
export type FillRule = "mean" | "median" | "drop" | number;

/** A table as it was read. */
export interface ReadTable {
  /** [count, columns] row-major: numbers, or places in `texts`; NaN where a cell is missing. */
  readonly inputs: Uint8Array | Float64Array;
  readonly count: number;
  readonly columns: readonly ColumnName[];
  /** For each column the texts of its cells; undefined for numbers. */
  readonly texts: readonly (readonly string[] | undefined)[];
  /** Texts of a missing cell. */
  readonly missing: readonly string[];
  /** Rows that were left out. */
  readonly dropped?: number;
}

export interface PreparedTable {
  /** [count, features] row-major. */
  readonly inputs: Float64Array;
  readonly preparation: TablePreparation;
  readonly notes: readonly string[];
}

/** More are no categories: each would be a feature, which hardly a sample has. */
const MOST_CATEGORIES = 1000;

/**
 * The features of a table.
 *
 * @param known - what was decided of the training samples; undefined: it is decided of these
 * @param rows - those that are trained with; undefined: all of them
 * @throws UnusableFileError for a column of too many texts, or without a number; also if one is
 *   numbers here and was categories there
 */
export function prepareTable(
  table: ReadTable,
  rule: FillRule | undefined,
  where: string,
  known?: TablePreparation,
  rows?: Int32Array,
): PreparedTable {
  const preparation = known ?? {
    columns: table.columns.map((_, k) => learned(table, k, rule, where, rows)),
    missing: rule === "drop" ? [] : table.missing,
  };
  return { ...featuresOfTable(table, preparation), preparation, notes: notesOf(table, where) };
}

/** What a column of training samples says. */
function learned(
  table: ReadTable,
  k: number,
  rule: FillRule | undefined,
  where: string,
  rows: Int32Array | undefined,
): PreparedColumn {
  const name = table.columns[k];
  const all = table.texts[k];
  const texts = all && rows ? textsOf(table, k, rows) : all;
  if (!texts)
    return typeof rule === "undefined" || rule === "drop"
      ? { name }
      : { name, fill: fillOf(table, k, rule, where, rows) };
  if (texts.length > MOST_CATEGORIES) {
    throw new UnusableFileError(
      `${where}: column ${JSON.stringify(name)} has ${texts.length} different texts: expected ` +
        `${MOST_CATEGORIES} categories at most; leave it out with "ignore"`,
    );
  }
  return { name, categories: [...texts].sort() };
}

/** The texts of a column in some rows. */
function textsOf(table: ReadTable, k: number, rows: Int32Array): string[] {
  const there = new Set(columnOf(table, k, rows).filter((place) => !Number.isNaN(place)));
  return Array.from(there, (place) => table.texts[k]![place]);
}

function fillOf(
  table: ReadTable,
  k: number,
  rule: FillRule,
  where: string,
  rows: Int32Array | undefined,
): number {
  if (typeof rule === "number") return rule;
  const there = columnOf(table, k, rows).filter((x) => !Number.isNaN(x));
  if (there.length === 0) {
    throw new UnusableFileError(
      `${where}: column ${JSON.stringify(table.columns[k])} has no number${rows ? " in the rows to train with" : ""}; leave it out with "ignore"`,
    );
  }
  if (rule === "median") {
    const middle = there.sort().subarray((there.length - 1) >> 1, (there.length >> 1) + 1);
    return middle.length === 1 ? middle[0] : middle[0] / 2 + middle[1] / 2;
  }
  return there.reduce((mean, x, n) => mean + (x - mean) / (n + 1), 0);
}

function columnOf(
  { inputs, count, columns }: ReadTable,
  k: number,
  rows?: Int32Array,
): Float64Array {
  const valueAt = (row: number) => inputs[row * columns.length + k];
  return rows
    ? Float64Array.from(rows, valueAt)
    : Float64Array.from({ length: count }, (_, row) => valueAt(row));
}

/** The features of each row, as the columns say. */
export function featuresOfTable(
  { inputs, count, texts }: Pick<ReadTable, "inputs" | "count" | "texts">,
  { columns }: TablePreparation,
): { readonly inputs: Float64Array } {
  const width = columns.reduce((sum, column) => sum + featuresOf(column), 0);
  const features = new Float64Array(count * width);
  let begin = 0;
  for (const [k, column] of columns.entries()) {
    const { categories, fill } = column;
    const known = new Map(categories?.map((text, place) => [text, place]));
    const places = categories && texts[k]?.map((text) => known.get(text) ?? -1);
    for (let row = 0; row < count; row++) {
      const value = inputs[row * columns.length + k];
      const at = row * width + begin;
      if (!categories) features[at] = Number.isNaN(value) ? fill! : value;
      else if (!Number.isNaN(value) && places![value] >= 0) features[at + places![value]] = 1;
    }
    begin += featuresOf(column);
  }
  return { inputs: features };
}

/** What was missing, in a line for the table. */
function notesOf(table: ReadTable, where: string): string[] {
  const { count, columns, dropped = 0 } = table;
  const all = count + dropped;
  if (dropped > 0)
    return [`${where}: ${dropped} of ${all} rows have a missing cell and are left out.`];
  const gaps = columns.flatMap((name, k) => {
    const missing = columnOf(table, k).filter(Number.isNaN).length;
    return missing > 0 ? [`${missing} in ${JSON.stringify(name)}`] : [];
  });
  if (gaps.length === 0) return [];
  const shown = gaps.length > 5 ? [...gaps.slice(0, 5), `${gaps.length - 5} more columns`] : gaps;
  return [`${where}: missing cells of ${count} rows are filled: ${shown.join(", ")}.`];
}
