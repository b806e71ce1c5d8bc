/** Rows of a Parquet file without labels, as a network takes them. */
import { UnusableFileError } from "../errors.js";
import { featuresOf, isCategories, type TablePreparation } from "../preparation.js";
import type { Image } from "./image.js";
import { type ParquetFile, type ParquetOrigin, withParquet } from "./parquet.js";
import { imagesIn } from "./parquet-images.js";
import { columnNamed, numbersOf } from "./parquet-table.js";
import { featuresOfTable } from "./table-preparation.js";

/** The images of a file that has a column of them; undefined if it has none. */
export function parquetImages(
  origin: ParquetOrigin,
  where: string,
): { readonly count: number; open(row: number): Image } | undefined {
  return withParquet(origin, (file) => {
    const columns = file.columns.filter(({ kind }) => kind === "images");
    return columns.length === 1 ? imagesIn(file, columns[0], where) : undefined;
  });
}

/**
 * The features of a table.
 *
 * @param prepared - the columns of training
 * @throws as withParquet; UnusableFileError if there is none, or one has a gap that training had no
 *   rule for; also if a network has not learned of such a table
 */
export function parquetRows(
  origin: ParquetOrigin,
  prepared: TablePreparation | undefined,
  where: string,
): { readonly inputs: Float64Array; readonly count: number } {
  if (!prepared) {
    throw new UnusableFileError(
      `${where}: a Parquet table, for a network whose file does not name its columns`,
    );
  }
  return withParquet(origin, (file) => {
    const read = prepared.columns.map((column) =>
      numbersOf(file, columnNamed(file, String(column.name), where), isCategories(column), where),
    );
    checkGaps(file, read, prepared, where);
    const { rows: count } = file;
    const inputs = new Float64Array(count * read.length);
    read.forEach(({ numbers }, c) =>
      numbers.forEach((x, row) => (inputs[row * read.length + c] = x)),
    );
    const texts = read.map((column) => column.texts);
    return { ...featuresOfTable({ inputs, count, texts }, prepared), count };
  });
}

function checkGaps(
  file: ParquetFile,
  read: readonly { readonly numbers: Float64Array }[],
  { columns }: TablePreparation,
  where: string,
): void {
  if (file.rows === 0) throw new UnusableFileError(`${where}: expected rows, found none`);
  for (const [c, column] of columns.entries()) {
    if (isCategories(column) || column.fill !== undefined || featuresOf(column) === 0) continue;
    const row = read[c].numbers.findIndex(Number.isNaN);
    if (row < 0) continue;
    const name = JSON.stringify(column.name);
    throw new UnusableFileError(`${where}: row ${row}, column ${name}: it has no value`);
  }
}
