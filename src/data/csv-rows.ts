/** The cells of a CSV text as numbers, row by row. */
import { UnusableFileError } from "../errors.js";
import { isBytes } from "../inputs.js";
import { type Categories, type DecimalMark, newCategories, numberOf } from "./csv-cells.js";
import type { CsvColumns } from "./csv-columns.js";
import { eachRow } from "./csv-text.js";

export interface RowOptions {
  /** Name of the text in error messages. */
  readonly where: string;
  readonly delimiter: string;
  /** The numbers must be whole, from 0 to 255, and are kept as bytes. */
  readonly pixels: boolean;
  /** Before the decimals of numbers. Default ".". */
  readonly decimal?: DecimalMark | undefined;
  /** Texts of cells that are missing: such a cell is NaN. Default: none may be. */
  readonly missing?: readonly string[] | undefined;
  /** Whether a row with a missing cell is left out. */
  readonly drop?: boolean | undefined;
  /** What the columns are, by the first row. */
  columnsOf(first: readonly string[]): CsvColumns;
  /** What may be said of a cell that is no number, for the error; "" for nothing. */
  hint?(text: string, column: string): string;
}

export interface CsvRows {
  /** [count, features] row-major: of a column of categories the place of its text in `texts`. */
  readonly inputs: Uint8Array | Float64Array;
  readonly count: number;
  /** [count], without spaces around them; empty if no column has labels. */
  readonly labels: readonly string[];
  /** [count, targets] row-major; empty if no column has targets. */
  readonly targets: readonly number[];
  readonly columns: CsvColumns;
  /** For each feature the texts of a column of categories; undefined for numbers. */
  readonly texts: readonly (readonly string[] | undefined)[];
  /** Rows that were left out. */
  readonly dropped: number;
}

/**
 * Reads the rows of a text as `readCsvText` gives it, or of pieces of one, each of whole rows.
 *
 * @throws what `columnsOf` throws; UnusableFileError if there are no rows; also, with row and
 * column, if a row has another number of cells than the first, a cell of a feature is not a number,
 * or a label is missing. Row 1 is the first of the text.
 */
export function csvRows(text: string | Iterable<string>, options: RowOptions): CsvRows {
  const { where, delimiter, pixels, columnsOf } = options;
  let columns: CsvColumns | undefined;
  let kinds: ColumnKind[] = [];
  let numbers = pixels ? new Uint8Array(1024) : new Float64Array(1024);
  let used = 0;
  const labels: string[] = [];
  const targets: number[] = [];
  let [row, count, dropped] = [0, 0, 0];

  const take = (cells: readonly string[]): void => {
    row++;
    if (cells.length === 1 && cells[0].trim() === "") return;
    if (columns === undefined) {
      columns = columnsOf(cells);
      kinds = kindsOf(columns);
      if (columns.header) return;
    }
    const { names, label, features } = columns;
    if (cells.length !== names.length) {
      throw new UnusableFileError(
        `${where}: row ${row}: expected ${names.length} cells, found ${cells.length}`,
      );
    }
    if (isDropped(cells, columns, options)) {
      dropped++;
      return;
    }
    if (used + features.length > numbers.length) numbers = grown(numbers, used + features.length);
    for (const [place, k] of features.entries())
      numbers[used++] = valueOf(cells, k, kinds[place], columns, options, row);
    for (const k of columns.targets ?? []) targets.push(targetOf(cells, k, columns, options, row));
    count++;
    if (label === undefined) return;
    const text = cells[label].trim();
    if (text === "") throw badCell(cells, label, "a label", columns, options, row);
    labels.push(text);
  };

  for (const piece of typeof text === "string" ? [text] : text) {
    eachRow(piece, delimiter, ({ data, errors }) => {
      if (errors.length > 0) {
        const reason = errors[0].message.toLowerCase();
        throw new UnusableFileError(`${where}: row ${row + 1}: ${reason}`);
      }
      take(data);
    });
  }
  if (count === 0) {
    const without = dropped > 0 ? `: each of ${dropped} has a missing cell` : "";
    throw new UnusableFileError(`${where}: expected rows of numbers, found none${without}`);
  }
  const texts = kinds.map(({ categories }) => categories?.texts);
  const inputs = numbers.slice(0, used);
  return { inputs, count, labels, targets, columns: columns!, texts, dropped };
}

/** What is known of a feature's column so far. */
interface ColumnKind {
  /** Undefined: its first cell that is there tells. */
  isText: boolean | undefined;
  categories?: Categories;
}

function kindsOf({ features, texts }: CsvColumns): ColumnKind[] {
  return features.map((_, place) => ({
    isText: texts === "any" ? undefined : (texts?.[place] ?? false),
  }));
}

function isDropped(
  cells: readonly string[],
  { label, targets = [], features }: CsvColumns,
  { missing, drop }: RowOptions,
): boolean {
  if (!drop || !missing) return false;
  const isMissing = (k: number) => missing.includes(cells[k].trim());
  return (label !== undefined && isMissing(label)) || [...targets, ...features].some(isMissing);
}

/** The number of a cell: its own, or the place of its text. */
function valueOf(
  cells: readonly string[],
  k: number,
  kind: ColumnKind,
  columns: CsvColumns,
  options: RowOptions,
  row: number,
): number {
  const { pixels, decimal, missing } = options;
  const text = cells[k].trim();
  if (missing?.includes(text)) return Number.NaN;
  const value = numberOf(text, decimal);
  kind.isText ??= Number.isNaN(value);
  if (kind.isText) return (kind.categories ??= newCategories()).placeOf(text);
  const isByte = Number.isInteger(value) && value >= 0 && value <= 255;
  if (pixels ? !isByte : Number.isNaN(value)) {
    const wanted = pixels ? "a whole number from 0 to 255" : "a number";
    throw badCell(cells, k, wanted, columns, options, row);
  }
  return value;
}

/** The number of a target's cell: one that is missing is never filled. */
function targetOf(
  cells: readonly string[],
  k: number,
  columns: CsvColumns,
  options: RowOptions,
  row: number,
): number {
  const value = numberOf(cells[k].trim(), options.decimal);
  if (Number.isNaN(value)) throw badCell(cells, k, "a number", columns, options, row);
  return value;
}

function badCell(
  cells: readonly string[],
  k: number,
  wanted: string,
  { names, header, label, targets }: CsvColumns,
  { where, hint }: RowOptions,
  row: number,
): UnusableFileError {
  const shown = JSON.stringify(names[k]);
  const text = cells[k].trim();
  const isTold = k === label || targets?.includes(k);
  const more = isTold ? "" : (hint?.(text, header ? shown : String(k)) ?? "");
  return new UnusableFileError(
    `${where}: row ${row}, ${header ? `column ${shown}` : names[k]}: expected ${wanted}, ` +
      `found ${JSON.stringify(text)}${more}`,
  );
}

function grown(
  numbers: Uint8Array | Float64Array,
  needed: number,
): Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const size = 2 * numbers.length + needed;
  const larger = isBytes(numbers) ? new Uint8Array(size) : new Float64Array(size);
  larger.set(numbers);
  return larger;
}
