/**
 * Looks at data that nobody has said anything of: what kind they are, their shapes, the classes
 * with counts, ranges, what is missing and what is odd.
 */
import { statSync } from "node:fs";
import { UnusableFileError } from "../errors.js";
import { readBytes, readParts } from "../read-file.js";
import { fileKind } from "./file-kind.js";
import { inspectArray, type InspectedArray } from "./inspect-arrays.js";
import { inspectColumn, type InspectedColumn } from "./inspect-columns.js";
import { inspectFolder, type InspectedFolder } from "./inspect-folder.js";
import { inspectTable, type InspectedTable } from "./inspect-table.js";
import { readImage } from "./image.js";
import { readIdx } from "./idx.js";
import { readNpy } from "./npy.js";
import { npzNames, parseNpz } from "./npz.js";
import { type ParquetFile, withParquet } from "./parquet.js";
import { gunzipBeginning, isGzip } from "./unpack.js";
import { readWav } from "./wav.js";

/** What was found, by its kind. */
export type Inspection =
  | ({ readonly kind: "csv" } & InspectedTable)
  | {
      readonly kind: "parquet";
      readonly rows: number;
      readonly columns: readonly InspectedColumn[];
      /** Columns of images. */
      readonly images: readonly string[];
      /** Columns that are neither numbers, texts nor images. */
      readonly others: readonly string[];
    }
  | { readonly kind: "npy" | "npz" | "idx"; readonly arrays: readonly InspectedArray[] }
  | { readonly kind: "image"; readonly shape: readonly number[] }
  | { readonly kind: "sound"; readonly rate: number; readonly length: number }
  | InspectedFolder;

const FIRST_BYTES = 2 ** 16;

/**
 * Inspects a file, or a folder with a folder of images or sounds for each class.
 *
 * @throws UnusableFileError if it can't be read, or is of no kind that is read
 * @example
 * const found = inspectData("iris.csv");
 * if (found.kind === "csv") console.log(found.rows, found.columns.map(({ name }) => name));
 */
export function inspectData(path: string): Inspection {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return inspectFolder(path);
  const packed = readParts(path, (read, size) => {
    const bytes = new Uint8Array(Math.min(size, FIRST_BYTES));
    read(0, bytes);
    return bytes;
  });
  const head = isGzip(packed) ? gunzipBeginning(packed, 16, path) : packed;
  const kind = fileKind(head, path);
  switch (kind) {
    case "csv":
      return { kind, ...inspectTable(path) };
    case "parquet":
      return withParquet(path, inspectParquet);
    case "npy":
      return { kind, arrays: [inspectArray("", readNpy(path))] };
    case "npz": {
      const bytes = readBytes(path);
      const arrays = parseNpz(bytes, npzNames(bytes, path), path);
      return { kind, arrays: [...arrays].map(([name, array]) => inspectArray(name, array)) };
    }
    case "idx": {
      const { shape, data } = readIdx(path);
      return { kind, arrays: [inspectArray("", { shape, type: "uint8", data })] };
    }
    case "image": {
      const { channels, height, width } = readImage(path);
      return { kind, shape: [channels, height, width] };
    }
    case "sound": {
      const { rate, samples } = readWav(path);
      return { kind, rate, length: samples.length };
    }
  }
}

function inspectParquet(file: ParquetFile): Inspection {
  const of = (...kinds: readonly string[]) =>
    file.columns.filter(({ kind }) => kinds.includes(kind));
  if (file.columns.length === 0) throw new UnusableFileError("a Parquet file without columns");
  const columns = of("numbers", "texts").map((column) => {
    const inspector = inspectColumn(column.name);
    const values = file.read(column);
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      inspector.add(value === null || value === undefined ? undefined : String(value));
    }
    return inspector.result();
  });
  const names = (kind: string) => of(kind).map(({ name }) => name);
  return {
    kind: "parquet",
    rows: file.rows,
    columns,
    images: names("images"),
    others: names("other"),
  };
}
