/** Reads images with labels from a Parquet file, as data sets lie on the Hugging Face hub. */
import { InputError, ofFile, UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { at } from "../placed.js";
import type { ImageFit } from "../preparation.js";
import { roomFor } from "../room-for.js";
import { fitImage, type ImageShape } from "./fit-image.js";
import { decodeImage, type Image } from "./image.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import type { OwnPart } from "./own-part.js";
import { type ParquetColumn, type ParquetFile, withParquet } from "./parquet.js";
import { columnNamed } from "./parquet-table.js";

export interface ParquetImages extends OwnPart {
  readonly inputs: Uint8Array;
  readonly shape: ImageShape;
  /** The classes that the file names. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ParquetImageOptions {
  /** The column of the images. */
  readonly image: string;
  /** The column of the labels, whole numbers from 0. */
  readonly label: string;
  /** As those of a folder of images. */
  readonly shape?: readonly number[] | undefined;
  readonly fit?: ImageFit | undefined;
  readonly toGrey?: boolean | undefined;
  /** Only the images in use are decoded. Default: all. */
  readonly use?: UseOptions | undefined;
}

/**
 * Reads the images of a file.
 *
 * @throws as withParquet, decodeImage and fitImage; UnusableFileError if a column is not there or
 * of another kind, a row has no image, or a label is no whole number from 0 to 255
 */
export function readParquetImages(path: string, options: ParquetImageOptions): ParquetImages {
  const { shape: wanted, fit, toGrey = wanted !== undefined, use } = options;
  if (wanted !== undefined && wanted.length !== 3) {
    throw new InputError(
      `${path}: expected a shape [channels, height, width] for images, found [${wanted.join(", ")}]`,
    );
  }
  return withParquet(path, (file) => {
    const { open, count } = imagesIn(file, columnNamed(file, options.image, path), path);
    const column = columnNamed(file, options.label, path);
    const labels = labelsOf(file, column, path);
    const first = wanted ? undefined : open(0);
    const shape = (wanted as ImageShape | undefined) ?? [
      first!.channels,
      first!.height,
      first!.width,
    ];
    const rows = use && rowsInUse(count, use);
    const read = rows ?? Int32Array.from({ length: count }, (_, k) => k);
    const length = shape[0] * shape[1] * shape[2];
    const inputs = ofFile(
      () => roomFor(Uint8Array, read.length * length, `${read.length} images`),
      (message) => `${path}: ${message}`,
    );
    read.forEach((row, k) => {
      const fitting = {
        where: `${path}: row ${row}`,
        as: wanted ? "the shape says" : "the first",
        fit,
        toGrey,
        sizeHint: '"fit": "cut" takes images of all sizes',
      };
      inputs.set(fitImage(open(row), shape, fitting), k * length);
    });
    return {
      where: path,
      inputs,
      labels: Uint8Array.from(read, (row) => labels[row]),
      ...(rows && { allLabels: labels }),
      shape,
      labelNames: column.classes,
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

function labelsOf(file: ParquetFile, column: ParquetColumn, where: string): Uint8Array {
  return Uint8Array.from(file.read(column), (value: unknown, row) => {
    const label = typeof value === "bigint" ? Number(value) : value;
    if (Number.isInteger(label) && Number(label) >= 0 && Number(label) <= 255) return Number(label);
    const found = value === null || value === undefined ? "none" : String(value);
    throw new UnusableFileError(
      `${where}: row ${row}: labels must be whole numbers from 0 to 255, found ${found}`,
    );
  });
}
