/** Reads images with labels from a Parquet file, as data sets lie on the Hugging Face hub. */
import { InputError, UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { at } from "../placed.js";
import { decodeImage, type Image } from "./image.js";
import { type ImageSampleOptions, type ImageSamples, imageSamples } from "./fit-image.js";
import { asLabels, isLabel, LABEL_KIND, type Labels } from "./labels.js";
import { type ParquetColumn, type ParquetFile, withParquet } from "./parquet.js";
import { columnNamed, targetsIn } from "./parquet-table.js";
import { type Answers, labelAnswers, targetAnswers } from "./own-part.js";

export interface ParquetImages extends ImageSamples {
  /** The classes that the file names. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ParquetImageOptions extends ImageSampleOptions {
  /** The column of the images. */
  readonly image: string;
  /** The column of the labels, whole numbers from 0. */
  readonly label?: string | undefined;
  /** Or the columns of numbers to be told. */
  readonly targets?: readonly string[] | undefined;
}

/**
 * Reads the images of a file.
 *
 * @throws as withParquet, decodeImage and imageSamples; UnusableFileError if a column is not there
 * or of another kind, a row has no image, or a label is no whole number from 0 to 65534
 */
export function readParquetImages(path: string, options: ParquetImageOptions): ParquetImages {
  const as = options.shape ? "the shape says" : "the first";
  return withParquet(path, (file) => {
    const { open } = imagesIn(file, columnNamed(file, options.image, path), path);
    const told = options.targets
      ? { answers: targetsOf(file, options.targets, path) }
      : labelled(file, options.label, path);
    const about = (row: number) => ({ where: `${path}: row ${row}`, as });
    return {
      ...imageSamples({ where: path, open, about, answers: told.answers }, options),
      ...("labelNames" in told && { labelNames: told.labelNames }),
    };
  });
}

/** The images of a column, each decoded when it is asked for. */
export function imagesIn(
  file: ParquetFile,
  column: ParquetColumn,
  where: string,
): { readonly count: number; open(row: number): Image } {
  if (column.kind !== "images") {
    throw new UnusableFileError(
      `${where}: column ${JSON.stringify(column.name)}: expected images, found ${column.kind}`,
    );
  }
  const values = file.read(column);
  if (values.length === 0) throw new UnusableFileError(`${where}: expected images, found no rows`);
  return {
    count: values.length,
    open: (row) =>
      at(`${where}: row ${row}`, () => {
        const bytes = values[row];
        if (isTypedArray(bytes, "Uint8Array")) return decodeImage(bytes);
        throw new UnusableFileError("expected an image, found none: only its path, perhaps");
      }),
  };
}

/** @throws InputError if no column of labels is named */
function labelled(file: ParquetFile, label: string | undefined, where: string) {
  if (label === undefined)
    throw new InputError(`${where}: expected a label, or targets, found neither`);
  const column = columnNamed(file, label, where);
  return { answers: labelAnswers(labelsOf(file, column, where)), labelNames: column.classes };
}

/** Columns of numbers, none of which may be missing, [rows, columns]. */
function targetsOf(file: ParquetFile, names: readonly string[], where: string): Answers {
  return targetAnswers(targetsIn(file, names, where), names.length, where);
}

function labelsOf(file: ParquetFile, column: ParquetColumn, where: string): Labels {
  const labels = Array.from(file.read(column), (value: unknown, row) => {
    const label = typeof value === "bigint" ? Number(value) : value;
    if (typeof label === "number" && isLabel(label)) return label;
    const found = value === null || value === undefined ? "none" : String(value);
    throw new UnusableFileError(
      `${where}: row ${row}: expected a label, ${LABEL_KIND}, found ${found}`,
    );
  });
  return asLabels(labels, where);
}
