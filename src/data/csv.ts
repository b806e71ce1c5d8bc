/** Reads a table of numbers from a CSV file: a row is a sample, one column is its label. */
import Papa from "papaparse";
import { UnusableFileError } from "../errors.js";
import {
  type ColumnName,
  type ColumnOptions,
  type CsvColumns,
  csvColumns,
  NUMBER,
} from "./csv-columns.js";
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
  const { header = true, delimiter = ",", pixels = false } = options;
  let columns: CsvColumns | undefined;
  let numbers = pixels ? new Uint8Array(1024) : new Float64Array(1024);
  let used = 0;
  const labels: string[] = [];
  let row = 0;

  const take = (cells: readonly string[]): void => {
    row++;
    if (cells.length === 1 && cells[0].trim() === "") return;
    if (columns === undefined) {
      columns = csvColumns(cells, options, path);
      if (header) return;
    }
    const { names, label, features } = columns;
    if (cells.length !== names.length) {
      throw new UnusableFileError(
        `${path}: row ${row}: expected ${names.length} cells, found ${cells.length}`,
      );
    }
    if (used + cells.length > numbers.length) {
      const grown = pixels
        ? new Uint8Array(2 * used + cells.length)
        : new Float64Array(2 * used + cells.length);
      grown.set(numbers);
      numbers = grown;
    }
    const bad = (k: number, wanted: string): UnusableFileError => {
      const name = header ? `column ${JSON.stringify(names[k])}` : names[k];
      const found = JSON.stringify(cells[k].trim());
      return new UnusableFileError(
        `${path}: row ${row}, ${name}: expected ${wanted}, found ${found}`,
      );
    };
    for (const k of features) {
      const text = cells[k].trim();
      const value = NUMBER.test(text) ? Number(text) : Number.NaN;
      const isByte = Number.isInteger(value) && value >= 0 && value <= 255;
      if (pixels ? !isByte : !Number.isFinite(value)) {
        throw bad(k, pixels ? "a whole number from 0 to 255" : "a number");
      }
      numbers[used++] = value;
    }
    const text = cells[label].trim();
    if (text === "") throw bad(label, "a label");
    labels.push(text);
  };

  Papa.parse<string[]>(readCsvText(path, delimiter), {
    delimiter,
    newline: "\n",
    step: ({ data, errors }) => {
      if (errors.length > 0)
        throw new UnusableFileError(`${path}: row ${row + 1}: ${errors[0].message.toLowerCase()}`);
      take(data);
    },
  });
  if (labels.length === 0)
    throw new UnusableFileError(`${path}: expected rows of numbers, found none`);
  const { names, features } = columns!;
  return {
    inputs: numbers.slice(0, used),
    labels,
    columns: features.map((k) => (header ? names[k] : k)),
  };
}
