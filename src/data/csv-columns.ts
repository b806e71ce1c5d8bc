/**
 * Which columns of a CSV file are what: one is the label, or some are targets, some are left out,
 * and the others are features.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { didYouMean, someNames } from "../nearest.js";
import { type DecimalMark, isNumber } from "./csv-cells.js";

/** A column: its name, or its index from 0 (from the end if negative). */
export type ColumnName = string | number;

export interface ColumnOptions {
  /** The column of the labels; absent where there are targets. */
  readonly label?: ColumnName | undefined;
  /** Or the columns of numbers that are to be told from the others. */
  readonly targets?: readonly ColumnName[] | undefined;
  /** Columns that are left out. Default: none. */
  readonly ignore?: readonly ColumnName[] | undefined;
  /**
   * Whether the first row names the columns. Default true, but a first row of numbers is then
   * refused.
   */
  readonly header?: boolean | undefined;
  /**
   * Columns whose cells are categories, or "text": all those whose first cell that is there is no
   * number. Default: none.
   */
  readonly categories?: readonly ColumnName[] | "text" | undefined;
  /** Before the decimals of numbers. Default ".". */
  readonly decimal?: DecimalMark | undefined;
}

export interface CsvColumns {
  /** Of all columns: the names in the first row, or "column 0", ... if there are none. */
  readonly names: readonly string[];
  /** Whether the first row is the names. */
  readonly header: boolean;
  /** Index of the label, if there is one. */
  readonly label?: number | undefined;
  /** Indices of the targets, in the order in which a network tells them. Default: none. */
  readonly targets?: readonly number[] | undefined;
  /** Indices of the features, in the order in which a network takes them. */
  readonly features: readonly number[];
  /**
   * For each feature whether its cells are categories; "any": its first cell tells. Default: they
   * are numbers.
   */
  readonly texts?: readonly boolean[] | "any" | undefined;
}

/**
 * What the columns of a file are, by its first row.
 *
 * @throws InputError if a column is not there, if no feature is left, or if a feature has no name
 * or that of another column; UnusableFileError if the first row should be a header and is not
 */
export function csvColumns(
  first: readonly string[],
  options: ColumnOptions,
  path: string,
): CsvColumns {
  const { header = true } = options;
  const names = first.map((cell, k) => (header ? cell.trim() : `column ${k}`));
  const ignored = new Set(
    (options.ignore ?? []).flatMap((column) => places(names, column, "to ignore", options, path)),
  );
  const one = (column: ColumnName, what: string, as: string): number => {
    const found = places(names, column, what, options, path).find((k) => !ignored.has(k));
    if (found !== undefined) return found;
    throw new InputError(`${path}: column ${JSON.stringify(column)} can't be ${as} and be ignored`);
  };
  const label =
    options.label === undefined ? undefined : one(options.label, "for the labels", "the label");
  const targets = options.targets?.map((column) => one(column, "for the targets", "a target"));
  const told = [...(label === undefined ? [] : [label]), ...(targets ?? [])];
  checkTold(told, options, path);
  const features = names.flatMap((_, k) => (told.includes(k) || ignored.has(k) ? [] : [k]));
  if (features.length === 0) {
    const beside = ignored.size > 0 ? `, of which ${ignored.size} ignored` : "";
    throw new InputError(
      `${path}: expected ${targets ? "targets" : "a label"} and one number or more in each row, found ` +
        `${names.length} ${names.length === 1 ? "column" : "columns"}${beside}`,
    );
  }
  if (options.header === undefined) expectNames(names, features, options, path);
  if (header) checkNames(names, told, features, path);
  const texts = textsOf(names, features, options, path);
  return { names, header, label, ...(targets && { targets }), features, texts };
}

/** There is a label or there are targets, each column once. */
function checkTold(told: readonly number[], { label, targets }: ColumnOptions, path: string): void {
  if ((label === undefined) === (targets === undefined)) {
    const found = label === undefined ? "neither" : "both";
    throw new InputError(`${path}: expected a label or targets, found ${found}`);
  }
  const twice = told.findIndex((k, place) => told.indexOf(k) !== place);
  if (twice < 0) return;
  throw new InputError(`${path}: column ${JSON.stringify(targets![twice])} is a target twice`);
}

/** Which of the features are categories. */
function textsOf(
  names: readonly string[],
  features: readonly number[],
  { categories, header }: ColumnOptions,
  path: string,
): CsvColumns["texts"] {
  if (categories === undefined) return undefined;
  if (categories === "text") return "any";
  const texts = features.map(() => false);
  for (const column of categories) {
    for (const k of places(names, column, "of categories", { header }, path)) {
      const place = features.indexOf(k);
      if (place < 0) {
        throw new InputError(
          `${path}: column ${JSON.stringify(column)} can't be categories: it is no feature`,
        );
      }
      texts[place] = true;
    }
  }
  return texts;
}

/**
 * Indices of a column, or of all that have the name.
 *
 * @param what - it is needed for, for the message
 * @throws InputError if there is none
 */
export function places(
  names: readonly string[],
  column: ColumnName,
  what: string,
  { header = true }: Pick<ColumnOptions, "header">,
  path: string,
): number[] {
  const found = placesIfThere(names, column, header);
  if (found.length > 0) return found;
  if (typeof column === "number") {
    const range = `from 0 to ${names.length - 1}, or from -1 to -${names.length}`;
    throw new InputError(`${path}: column ${column} ${what}: expected an index ${range}`);
  }
  if (!header) {
    throw new InputError(
      `${path}: expected the index of the column ${what}, as there is no header, found ${JSON.stringify(column)}`,
    );
  }
  const other = names.length === 1 && [";", "\t"].find((mark) => names[0].includes(mark));
  const split = other ? `; a delimiter ${JSON.stringify(other)} would split the row` : "";
  throw new InputError(
    `${path}: there is no column ${JSON.stringify(column)} ` +
      `${what}${didYouMean(column, names)}; columns: ${someNames(names)}${split}`,
  );
}

/** Indices of a column, or of all that have the name; none if it is not there. */
export function placesIfThere(
  names: readonly string[],
  column: ColumnName,
  header: boolean,
): number[] {
  if (typeof column !== "number")
    return header ? names.flatMap((name, k) => (name === column ? [k] : [])) : [];
  const place = column < 0 ? names.length + column : column;
  return Number.isInteger(place) && place >= 0 && place < names.length ? [place] : [];
}

/** Whether names are numbers that some programs count columns by. */
export function areCounted(names: readonly string[]): boolean {
  return names.every((name, k) => Number(name) === Number(names[0]) + k);
}

/**
 * Refuses a first row that names nothing, since it would be a sample lost: numbers only, other than
 * those some programs count columns by.
 */
function expectNames(
  names: readonly string[],
  features: readonly number[],
  { decimal }: ColumnOptions,
  path: string,
): void {
  if (areCounted(names) || !features.every((k) => isNumber(names[k], decimal))) return;
  throw new UnusableFileError(
    `${path}: row 1: expected the names of the columns, found numbers; say "header": ` +
      "false if there is no header, true if that is one",
  );
}

/**
 * Refuses features that may be there by mistake: one without a name, as programs write the numbers
 * of their rows, and one with the name of another column, which may be the label again.
 */
function checkNames(
  names: readonly string[],
  told: readonly number[],
  features: readonly number[],
  path: string,
): void {
  const unnamed = features.find((k) => names[k] === "");
  if (unnamed !== undefined) {
    throw new UnusableFileError(
      `${path}: column ${unnamed} (from 0) has no name: an index, perhaps; name it, ` +
        `or leave it out with "ignore": [${unnamed}]`,
    );
  }
  const seen = new Map(told.map((k) => [names[k], k]));
  for (const k of features) {
    const other = seen.get(names[k]);
    if (other !== undefined) {
      const name = JSON.stringify(names[k]);
      throw new UnusableFileError(
        `${path}: columns ${other} and ${k} (from 0) are both named ${name}; rename ` +
          `one, or leave one out, as with "ignore": [${k}]`,
      );
    }
    seen.set(names[k], k);
  }
}
