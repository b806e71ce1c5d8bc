/**
 * Reads a table of numbers from a CSV file: a row is a sample, one column is its label.
 *
 * The file is read as one string, which can't be longer than 512 MB; beyond that .npy is the better format anyway.
 */
import Papa from "papaparse";
import { readBytes } from "../read-file.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export interface CsvOptions {
  /** Column of the labels: its name, or its index from 0 (from the end if negative). */
  readonly label: string | number;
  /** Whether the first row names the columns. Default true, but a first row of numbers is then refused. */
  readonly header?: boolean | undefined;
  /** Default ",". */
  readonly delimiter?: string | undefined;
  /** The numbers must be whole, from 0 to 255, and are kept as bytes. Default false. */
  readonly pixels?: boolean | undefined;
}

export interface CsvTable {
  /** [count, features] row-major: the columns without the label's. */
  readonly inputs: Uint8Array | Float32Array;
  /** [count], as text, without spaces around it. */
  readonly labels: readonly string[];
  /** Names of the features' columns, or "column 0", ... if the file has no header. */
  readonly columns: readonly string[];
}

/**
 * Reads the CSV file at `path`.
 *
 * @throws Error if the file can't be read; RangeError if it has no rows or not that label column; SyntaxError, with row and
 * column, if a row has another number of cells than the first, a cell is not a number (of float32), or a label is missing. Row 1 is the first of the file.
 */
export function readCsv(path: string, options: CsvOptions): CsvTable {
  const { label, header = true, delimiter = ",", pixels = false } = options;
  const guessed = options.header === undefined;
  let names: string[] | undefined;
  let place = -1;
  let numbers = pixels ? new Uint8Array(1024) : new Float32Array(1024);
  let used = 0;
  const labels: string[] = [];
  let row = 0;

  const take = (cells: readonly string[]): void => {
    row++;
    if (cells.length === 1 && cells[0].trim() === "") return;
    if (names === undefined) {
      names = cells.map((cell, k) => (header ? cell.trim() : `column ${k}`));
      place = labelColumn(path, names, label, header);
      if (guessed) expectNames(path, names, place);
      if (header) return;
    }
    if (cells.length !== names.length) {
      throw new SyntaxError(`${path}: row ${row}: expected ${names.length} cells, found ${cells.length}`);
    }
    if (used + cells.length > numbers.length) {
      const grown = pixels ? new Uint8Array(2 * used + cells.length) : new Float32Array(2 * used + cells.length);
      grown.set(numbers);
      numbers = grown;
    }
    for (let k = 0; k < cells.length; k++) {
      const text = cells[k].trim();
      const value = NUMBER.test(text) ? Math.fround(Number(text)) : Number.NaN;
      const isByte = Number.isInteger(value) && value >= 0 && value <= 255;
      const isGood = k === place ? text !== "" : pixels ? isByte : Number.isFinite(value);
      if (!isGood) {
        const wanted = k === place ? "a label" : pixels ? "a whole number from 0 to 255" : "a number";
        const name = header ? `column ${JSON.stringify(names[k])}` : names[k];
        throw new SyntaxError(`${path}: row ${row}, ${name}: expected ${wanted}, found ${JSON.stringify(text)}`);
      }
      if (k === place) labels.push(text);
      else numbers[used++] = value;
    }
  };

  // One kind of line end: a file from several hands may have more.
  Papa.parse<string[]>(readText(path).replace(/\r\n?/g, "\n"), {
    delimiter,
    newline: "\n",
    step: ({ data, errors }) => {
      if (errors.length > 0) throw new SyntaxError(`${path}: row ${row + 1}: ${errors[0].message.toLowerCase()}`);
      take(data);
    },
  });
  if (labels.length === 0) throw new RangeError(`${path}: expected rows of numbers, found none`);
  return { inputs: numbers.slice(0, used), labels, columns: names!.filter((_, k) => k !== place) };
}

/**
 * Refuses a first row that names nothing, since it would be a sample lost: numbers only, other than those some programs count
 * columns by.
 */
function expectNames(path: string, names: readonly string[], place: number): void {
  const counted = names.every((name, k) => Number(name) === Number(names[0]) + k);
  if (counted || !names.every((name, k) => k === place || NUMBER.test(name))) return;
  throw new SyntaxError(
    `${path}: row 1: expected the names of the columns, found numbers; say "header": false if there is no header, true if that is one`,
  );
}

function labelColumn(path: string, names: readonly string[], label: string | number, header: boolean): number {
  if (names.length < 2) {
    throw new RangeError(`${path}: expected a label and one number or more in each row, found ${names.length} column`);
  }
  if (typeof label === "string") {
    if (!header) {
      throw new RangeError(`${path}: expected the index of the label column, as there is no header, found "${label}"`);
    }
    const place = names.indexOf(label);
    if (place >= 0) return place;
    const shown = names.length > 12 ? [...names.slice(0, 10), "...", names[names.length - 1]] : names;
    throw new RangeError(`${path}: there is no column "${label}" for the labels; columns: ${shown.join(", ")}`);
  }
  const place = label < 0 ? names.length + label : label;
  if (Number.isInteger(place) && place >= 0 && place < names.length) return place;
  const range = `from 0 to ${names.length - 1}, or from -1 to -${names.length}`;
  throw new RangeError(`${path}: label column ${label}: expected an index ${range}`);
}

/** The file as text; a byte order mark, as spreadsheets write it, goes. */
function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    throw new RangeError(`could not read ${path}: ${bytes.length} bytes are too many for a CSV file; use .npy`, {
      cause,
    });
  }
}
