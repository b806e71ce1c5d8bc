/** Reads a table of numbers from a CSV file: a row is a sample, one column is its label. */
import { type ColumnName, type ColumnOptions, csvColumns } from "./csv-columns.js";
import { csvRows } from "./csv-rows.js";
import { readCsvText } from "./csv-text.js";

export interface CsvOptions extends ColumnOptions {
  /** Default ",". */
  readonly delimiter?: string | undefined;
  /** The numbers must be whole, from 0 to 255, and are kept as bytes. Default false. */
  readonly pixels?: boolean | undefined;
}

export interface CsvTable {
  /** [count, features] row-major: the columns without the label's and those ignored. */
  readonly inputs: Uint8Array | Float64Array;
  /** [count], as text, without spaces around it. */
  readonly labels: readonly string[];
  /**
   * The features' columns as {@link ColumnOptions.ignore} takes them: names, or indices if the file
   * has no header.
   */
  readonly columns: readonly ColumnName[];
}

/**
 * Reads the CSV file at `path`, plain or gzip-compressed.
 *
 * @throws as `readCsvText` and `csvColumns`; UnusableFileError if the file has no rows; also, with
 * row and column, if a row has another number of cells than the first, a cell of a feature is not a
 * number, or a label is missing. Row 1 is the first of the file.
 */
export function readCsv(path: string, options: CsvOptions): CsvTable {
  const { delimiter = ",", pixels = false } = options;
  const { inputs, labels, columns } = csvRows(readCsvText(path, delimiter), {
    where: path,
    delimiter,
    pixels,
    columnsOf: (first) => csvColumns(first, options, path),
  });
  const { names, header, features } = columns;
  return { inputs, labels, columns: features.map((k) => (header ? names[k] : k)) };
}
