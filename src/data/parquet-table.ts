/** Reads a table, or images with labels, from a Parquet file: a row is a sample. */
import { InputError, UnusableFileError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import type { CsvTable, LearningRows, LikeTable } from "./csv.js";
import { MISSING, newCategories } from "./csv-cells.js";
import { type ParquetColumn, type ParquetFile, withParquet } from "./parquet.js";
import { type FillRule, prepareTable } from "./table-preparation.js";

export interface ParquetTableOptions {
  /** The column of the labels. */
  readonly label?: string | undefined;
  /** Or the columns of numbers that are to be told from the others. */
  readonly targets?: readonly string[] | undefined;
  /** Columns that are left out. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** As those of CSV files. */
  readonly categories?: readonly string[] | "text" | undefined;
  readonly missing?: FillRule | undefined;
}

/** A table, and the classes that the file names. */
export interface ParquetTable extends CsvTable {
  readonly classes?: readonly string[] | undefined;
}

/**
 * Reads numbers and texts.
 *
 * @param like - what it must have the columns of, and be prepared as
 * @param learning - which of the rows are trained with, so that nothing is decided of others
 * @throws as withParquet and prepareTable; UnusableFileError if a column is not there, is neither
 *   numbers nor texts, is texts and not said to be categories, or has gaps without a rule
 */
export function readParquetTable(
  path: string,
  options: ParquetTableOptions,
  like?: LikeTable,
  learning?: LearningRows,
): ParquetTable {
  const { label, targets, ignore = [], categories = [], missing: rule } = options;
  if ((label === undefined) === (targets === undefined))
    throw new InputError(
      `${path}: expected a label or targets, found ${label ? "both" : "neither"}`,
    );
  return withParquet(path, (file) => {
    const labels = label === undefined ? undefined : columnNamed(file, label, path);
    const told = targets ?? [label!];
    for (const name of told) columnNamed(file, name, path);
    for (const name of [...ignore, ...(categories === "text" ? [] : categories)])
      columnNamed(file, name, path);
    const features = like
      ? like.table.columns.map((name) => columnNamed(file, String(name), path))
      : file.columns.filter(({ name }) => !told.includes(name) && !ignore.includes(name));
    const isText = ({ name, kind }: ParquetColumn) =>
      categories === "text" ? kind === "texts" : categories.includes(name);
    const read = features.map((column) => numbersOf(file, column, isText(column), path));
    const texts = told.map((name) => Array.from(file.read(columnNamed(file, name, path)), textOf));
    const kept = keptRows(read, texts, rule, path, features, told);
    const answers = answersOf(kept, texts, targets, path);
    const inputs = new Float64Array(kept.length * read.length);
    kept.forEach((row, k) =>
      read.forEach(({ numbers }, c) => (inputs[k * read.length + c] = numbers[row])),
    );
    const { notes, ...prepared } = prepareTable(
      {
        inputs,
        count: kept.length,
        columns: features.map(({ name }) => name),
        texts: read.map((column) => column.texts),
        // As a CSV file has them, which the network may read, too.
        missing: rule === undefined ? [] : MISSING,
        dropped: file.rows - kept.length,
      },
      rule,
      path,
      like?.table.preparation,
      learning?.(kept.length, answers.labels, labels?.classes),
    );
    return {
      ...answers,
      columns: features.map(({ name }) => name),
      classes: labels?.classes,
      ...prepared,
      notes: [...notes],
    };
  });
}

/** The column of a name. @throws UnusableFileError if there is none */
export function columnNamed(file: ParquetFile, name: string, where: string): ParquetColumn {
  const found = file.columns.find((column) => column.name === name);
  if (found) return found;
  const names = file.columns.map((column) => column.name);
  throw new UnusableFileError(
    `${where}: there is no column ${JSON.stringify(name)}${didYouMean(name, names)}; columns: ` +
      names.join(", "),
  );
}

interface ReadColumn {
  /** NaN where there is none; of categories the places of their texts. */
  readonly numbers: Float64Array;
  readonly texts: readonly string[] | undefined;
}

/** A column as numbers, or its texts by their places. */
export function numbersOf(
  file: ParquetFile,
  column: ParquetColumn,
  isText: boolean,
  where: string,
): ReadColumn {
  const { name, kind } = column;
  const shown = `column ${JSON.stringify(name)}`;
  if (kind === "images" || kind === "other" || (kind === "texts" && !isText)) {
    const hint =
      kind === "texts" ? `"categories": [${JSON.stringify(name)}] takes them` : "ignore it";
    const found = kind === "other" ? "dates, lists or bytes" : kind;
    throw new UnusableFileError(`${where}: ${shown}: expected numbers, found ${found}; ${hint}`);
  }
  const values = file.read(column);
  const categories = isText ? newCategories() : undefined;
  const numbers = Float64Array.from({ length: values.length }, (_, row) => {
    const text = textOf(values[row]);
    if (text === undefined) return Number.NaN;
    const number = categories ? categories.placeOf(text) : Number(values[row]);
    if (Number.isFinite(number)) return number;
    throw new UnusableFileError(`${where}: row ${row}, ${shown}: expected a number, found ${text}`);
  });
  return { numbers, texts: categories?.texts };
}

/** A value as text; undefined if it is missing, as numbers that are none are, too. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return undefined;
  return typeof value === "boolean" ? String(Number(value)) : String(value);
}

/** What is told of the rows that are samples. */
function answersOf(
  kept: readonly number[],
  texts: readonly (readonly (string | undefined)[])[],
  targets: readonly string[] | undefined,
  where: string,
): Pick<CsvTable, "labels" | "targets"> {
  if (!targets) return { labels: kept.map((row) => texts[0][row]!) };
  const values = kept.flatMap((row) =>
    targets.map((name, k) => targetOf(texts[k][row], name, row, where)),
  );
  return { labels: [], targets: { names: targets, values } };
}

/** Columns of numbers, none of which may be missing: [rows, columns] row-major. */
export function targetsIn(
  file: ParquetFile,
  names: readonly string[],
  where: string,
): Float64Array {
  const columns = names.map((name) => file.read(columnNamed(file, name, where)));
  return Float64Array.from({ length: file.rows * names.length }, (_, k) => {
    const [row, column] = [Math.floor(k / names.length), k % names.length];
    return targetOf(textOf(columns[column][row]), names[column], row, where);
  });
}

function targetOf(text: string | undefined, name: string, row: number, where: string): number {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UnusableFileError(
    `${where}: row ${row}, column ${JSON.stringify(name)}: expected a number to be told, ` +
      `found ${text === undefined ? "no value" : JSON.stringify(text)}`,
  );
}

/** The rows that are samples: all, or those without a gap. */
function keptRows(
  read: readonly ReadColumn[],
  told: readonly (readonly (string | undefined)[])[],
  rule: FillRule | undefined,
  where: string,
  features: readonly ParquetColumn[],
  names: readonly string[],
): number[] {
  const gapIn = (row: number) => read.findIndex(({ numbers }) => Number.isNaN(numbers[row]));
  const untoldIn = (row: number) => told.findIndex((texts) => texts[row] === undefined);
  const kept = [...told[0].keys()].filter(
    (row) => rule !== "drop" || (untoldIn(row) < 0 && gapIn(row) < 0),
  );
  for (const row of kept) {
    const untold = untoldIn(row);
    const gap = rule === undefined ? gapIn(row) : -1;
    if (untold < 0 && gap < 0) continue;
    const name = JSON.stringify(untold >= 0 ? names[untold] : features[gap].name);
    const hint = untold >= 0 ? "" : '; "missing": "mean" would fill it';
    throw new UnusableFileError(`${where}: row ${row}, column ${name}: it has no value${hint}`);
  }
  if (kept.length > 0) return kept;
  throw new UnusableFileError(`${where}: expected rows without gaps, found none`);
}
