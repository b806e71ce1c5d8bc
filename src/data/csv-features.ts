/**
 * Which columns of a CSV file are what a network takes, where the file may or may not have the
 * label and others that training left out.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isCategories, type TablePreparation } from "../preparation.js";
import { type DecimalMark, isNumber } from "./csv-cells.js";
import {
  areCounted,
  type ColumnName,
  type CsvColumns,
  places,
  placesIfThere,
} from "./csv-columns.js";

export interface FeatureOptions {
  /** Columns that are left out and must be there: somebody asked for that. */
  readonly leaveOut?: readonly ColumnName[] | undefined;
  /**
   * Columns that training left out, label and ignored ones, and that are left out here if they are
   * there: names wherever they stand, indices where the file has all columns of training.
   */
  readonly leftOut?: readonly ColumnName[] | undefined;
  /** Whether the first row names the columns. Default: where its cells are no numbers. */
  readonly header?: boolean | undefined;
  /** Whether that of the training file did, where it was said: it need not be so here. */
  readonly headerInTraining?: boolean | undefined;
  /** The columns that training prepared: those of these names are taken, wherever they stand. */
  readonly prepared?: TablePreparation | undefined;
  /** Before the decimals of numbers. Default ".". */
  readonly decimal?: DecimalMark | undefined;
}

/**
 * The columns that are features, by the first row of a file.
 *
 * @param features - how many there must be
 * @throws InputError if a column that is to be left out is not there, or it can't be told whether
 * the first row is names; UnusableFileError if there are more or fewer features
 */
export function featureColumns(
  first: readonly string[],
  features: number,
  options: FeatureOptions,
  where: string,
): CsvColumns {
  const { leaveOut = [], prepared, decimal } = options;
  const { headerInTraining = areCounted(first) && first.length > 1 } = options;
  const cells = first.map((cell) => cell.trim());
  const texts = prepared?.columns.map(isCategories);
  const byName = prepared && options.header !== false && named(cells, prepared);
  if (byName) return { names: cells, header: true, features: byName, texts };
  // A category may be anything: numbers are what tells a sample from names.
  const isNoName = (k: number, place: number) => !texts?.[place] && isNumber(cells[k], decimal);
  const isCell = (k: number, place: number) =>
    (texts?.[place] ?? false) ||
    isNumber(cells[k], decimal) ||
    (prepared?.missing.includes(cells[k]) ?? false);
  const saysNames = leaveOut.some(isName) || undefined;
  const header = options.header ?? saysNames;
  if (header !== undefined) {
    const columns = chosen(cells, features, header, options, where);
    return columns ? { ...columns, texts } : mismatch(cells, features, options, where);
  }
  const names = chosen(cells, features, true, options, where);
  if (names && !names.features.some(isNoName)) return { ...names, texts };
  const bare = chosen(cells, features, false, options, where);
  if (bare?.features.every(isCell) && !headerInTraining) return { ...bare, texts };
  if (!names && !bare?.features.some(isNoName)) mismatch(cells, features, options, where);
  throw new InputError(
    `${where}: row 1 may be the names of the columns or a sample: say --header or --no-header`,
  );
}

/** Where the prepared columns are, by their names; undefined if not each is there once. */
function named(
  cells: readonly string[],
  { columns }: TablePreparation,
): readonly number[] | undefined {
  const found = columns.map(({ name }) => placesIfThere(cells, name, true));
  const isEach = found.every((k, place) => isName(columns[place].name) && k.length === 1);
  return isEach ? found.flat() : undefined;
}

function isName(column: ColumnName): column is string {
  return typeof column === "string";
}

/** What is left of the columns, if it is as many as there must be. */
function chosen(
  cells: readonly string[],
  features: number,
  header: boolean,
  { leaveOut = [], leftOut = [] }: FeatureOptions,
  where: string,
): CsvColumns | undefined {
  const names = header ? cells : cells.map((_, k) => `column ${k}`);
  const out = new Set(
    leaveOut.flatMap((column) => places(names, column, "to leave out", { header }, where)),
  );
  for (const kind of ["string", "number"]) {
    for (const column of leftOut.filter((one) => typeof one === kind))
      for (const k of placesIfThere(names, column, header)) out.add(k);
    const left = names.flatMap((_, k) => (out.has(k) ? [] : [k]));
    if (left.length === features) return { names, header, features: left };
  }
  return undefined;
}

function mismatch(
  cells: readonly string[],
  features: number,
  { leaveOut = [], leftOut = [], prepared }: FeatureOptions,
  where: string,
): never {
  const columns = [...leaveOut, ...leftOut.filter(isName)];
  const out = new Set(columns.flatMap((column) => placesIfThere(cells, column, true))).size;
  const without = out > 0 ? `, of which ${out} left out` : "";
  const hint = cells.length - out > features ? "; --label and --ignore leave columns out" : "";
  throw new UnusableFileError(
    `${where}: expected ${features} columns${prepared ? "" : " of numbers"}, as many as the network takes, found ` +
      `${cells.length} ${cells.length === 1 ? "column" : "columns"}${without}${hint}`,
  );
}
