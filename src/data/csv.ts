/**
 * Reads a table from a CSV file: a row is a sample, one column is its label, the others are numbers
 * or categories.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isCategories, type TablePreparation } from "../preparation.js";
import { MISSING } from "./csv-cells.js";
import { type ColumnName, type ColumnOptions, type CsvColumns, csvColumns } from "./csv-columns.js";
import { csvNotes } from "./csv-notes.js";
import { csvRows } from "./csv-rows.js";
import { readCsvPieces } from "./csv-text.js";
import { type FillRule, prepareTable } from "./table-preparation.js";

export interface CsvOptions extends ColumnOptions {
  /** Default ",". */
  readonly delimiter?: string | undefined;
  /** The numbers must be whole, from 0 to 255, and are kept as bytes. Default false. */
  readonly pixels?: boolean | undefined;
  /**
   * What becomes of missing cells: of numbers the mean or median of the column's others, or this
   * number; "drop": their rows are left out. A missing category is none of the categories. Default:
   * a missing cell is an error.
   */
  readonly missing?: FillRule | undefined;
  /** Texts that mean that a cell is missing. Default "", NA, N/A, NaN, nan, NULL, null and "?". */
  readonly missingCells?: readonly string[] | undefined;
}

export interface CsvTable {
  /** [count, features] row-major: the columns without what is told and those ignored. */
  readonly inputs: Uint8Array | Float64Array;
  /** [count], as text, without spaces around it; empty where there are targets. */
  readonly labels: readonly string[];
  /** In place of labels. */
  readonly targets?: TableTargets;
  /**
   * The features' columns as {@link ColumnOptions.ignore} takes them: names, or indices if the file
   * has no header.
   */
  readonly columns: readonly ColumnName[];
  /** How the columns became features, where that is not just their numbers. */
  readonly preparation?: TablePreparation;
  /** What a person should know of it. */
  readonly notes?: readonly string[];
}

/** Columns of numbers that are to be told from the others. */
export interface TableTargets {
  /** The names of the columns, or their indices as text. */
  readonly names: readonly string[];
  /** [count, names] row-major. */
  readonly values: readonly number[];
}

/**
 * Says which rows of a table are trained with, undefined for all, from how many there are, their
 * labels, and the classes that the file names.
 */
export type LearningRows = (
  count: number,
  labels: readonly string[],
  classes: readonly string[] | undefined,
) => Int32Array | undefined;

/** A table that another must be like: that of the training samples. */
export interface LikeTable {
  /** Where it is from, for the message. */
  readonly where: string;
  readonly table: CsvTable;
}

/**
 * Reads the CSV file at `path`, plain or gzip-compressed.
 *
 * @param like - what it must have the columns of, and be prepared as
 * @param learning - which of the rows are trained with, so that nothing is decided of others
 * @throws as `readCsvPieces`, `csvColumns` and `prepareTable`; InputError for pixels that are
 * categories or missing; UnusableFileError if the file has no rows, or other columns than the one
 * that it must be like; also, with row and column, if a row has another number of cells than the
 * first, a cell of a feature is not a number, or a label is missing. Row 1 is the first of the
 * file.
 */
export function readCsv(
  path: string,
  options: CsvOptions,
  like?: LikeTable,
  learning?: LearningRows,
): CsvTable {
  const { delimiter = ",", pixels = false, decimal, categories, missing: rule } = options;
  const isPrepared = categories !== undefined || rule !== undefined;
  if (pixels && isPrepared)
    throw new InputError(`${path}: pixels can't be categories, nor be missing`);
  const missing = rule === undefined ? undefined : (options.missingCells ?? MISSING);
  const rows = csvRows(readCsvPieces(path, delimiter), {
    where: path,
    delimiter,
    pixels,
    decimal,
    missing,
    drop: rule === "drop",
    columnsOf(first) {
      const columns = csvColumns(first, options, path);
      if (!like) return columns;
      checkAlike(namesOf(columns), like, path);
      return { ...columns, texts: like.table.preparation?.columns.map(isCategories) };
    },
    hint: (text, column) => hintFor(text, column, options),
  });
  const columns = namesOf(rows.columns);
  const { inputs, count, labels } = rows;
  const told = like ? [] : csvNotes({ inputs, count, labels, columns }, path);
  const targets = rows.columns.targets && {
    names: targetNamesOf(rows.columns),
    values: rows.targets,
  };
  const same = { labels, ...(targets && { targets }), columns };
  if (!isPrepared) return { inputs, ...same, ...(told.length > 0 && { notes: told }) };
  const table = { ...rows, columns, missing: missing ?? [] };
  const { notes, ...prepared } = prepareTable(
    table,
    rule,
    path,
    like?.table.preparation,
    learning?.(count, labels, undefined),
  );
  return { ...same, ...prepared, notes: [...told, ...notes] };
}

function namesOf({ names, header, features }: CsvColumns): ColumnName[] {
  return features.map((k) => (header ? names[k] : k));
}

function targetNamesOf({ names, targets = [], header }: CsvColumns): string[] {
  return targets.map((k) => (header ? names[k] : String(k)));
}

function checkAlike(columns: readonly ColumnName[], like: LikeTable, path: string): void {
  const wanted = like.table.columns;
  if (wanted.join("\n") === columns.join("\n")) return;
  const k = wanted.findIndex((name, i) => name !== columns[i]);
  const [expected, found] = [wanted[k] ?? "no more columns", columns[k] ?? "none"];
  throw new UnusableFileError(
    `${path}: expected the columns of ${like.where}: "${expected}", found "${found}"`,
  );
}

/** What key of a recipe takes such a cell. */
function hintFor(text: string, column: string, { decimal, missing }: CsvOptions): string {
  const isMissing = (MISSING as readonly string[]).includes(text);
  if (isMissing) return missing === undefined ? '; "missing": "mean" would fill it' : "";
  if (decimal === undefined && /^[+-]?\d*,\d+$/.test(text)) return '; say "decimal": ","';
  return `; if its texts are categories, say "categories": [${column}]`;
}
