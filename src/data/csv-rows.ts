/** The numbers of a CSV text, row by row. */
import { csvParser } from "#csv-parser";
import { UnusableFileError } from "../errors.js";
import { type CsvColumns, NUMBER } from "./csv-columns.js";

export interface RowOptions {
  /** Name of the text in error messages. */
  readonly where: string;
  readonly delimiter: string;
  /** The numbers must be whole, from 0 to 255, and are kept as bytes. */
  readonly pixels: boolean;
  /** What the columns are, by the first row. */
  columnsOf(first: readonly string[]): CsvColumns;
}

export interface CsvRows {
  /** [count, features] row-major. */
  readonly inputs: Uint8Array | Float64Array;
  readonly count: number;
  /** [count], without spaces around them; empty if no column has labels. */
  readonly labels: readonly string[];
  readonly columns: CsvColumns;
}

/**
 * Reads the rows of a text as `readCsvText` gives it.
 *
 * @throws what `columnsOf` throws; UnusableFileError if there are no rows; also, with row and
 * column, if a row has another number of cells than the first, a cell of a feature is not a number,
 * or a label is missing. Row 1 is the first of the text.
 */
export function csvRows(text: string, options: RowOptions): CsvRows {
  const { where, delimiter, pixels, columnsOf } = options;
  let columns: CsvColumns | undefined;
  let numbers = pixels ? new Uint8Array(1024) : new Float64Array(1024);
  let used = 0;
  const labels: string[] = [];
  let [row, count] = [0, 0];

  const take = (cells: readonly string[]): void => {
    row++;
    if (cells.length === 1 && cells[0].trim() === "") return;
    if (columns === undefined) {
      columns = columnsOf(cells);
      if (columns.header) return;
    }
    const { names, header, label, features } = columns;
    if (cells.length !== names.length) {
      throw new UnusableFileError(
        `${where}: row ${row}: expected ${names.length} cells, found ${cells.length}`,
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
        `${where}: row ${row}, ${name}: expected ${wanted}, found ${found}`,
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
    count++;
    if (label === undefined) return;
    const text = cells[label].trim();
    if (text === "") throw bad(label, "a label");
    labels.push(text);
  };

  csvParser().parse<string[]>(text, {
    delimiter,
    newline: "\n",
    step: ({ data, errors }) => {
      if (errors.length > 0)
        throw new UnusableFileError(`${where}: row ${row + 1}: ${errors[0].message.toLowerCase()}`);
      take(data);
    },
  });
  if (count === 0) throw new UnusableFileError(`${where}: expected rows of numbers, found none`);
  return { inputs: numbers.slice(0, used), count, labels, columns: columns! };
}
