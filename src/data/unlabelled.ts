/**
 * Samples without labels, as a network takes them: from idx and .npy files, plain or
 * gzip-compressed, from .npz, CSV, Parquet, PNG, JPEG and WAV files and from folders of images or
 * sounds, or from the bytes of one such file. They come in pieces, so that of a plain idx or .npy
 * file and of a folder never more than a piece is in memory.
 */
import { size } from "../shape-size.js";
import { statSync } from "node:fs";
import { relative } from "node:path";
import { ofFile, UnusableFileError } from "../errors.js";
import type { Inputs } from "../inputs.js";
import { at } from "../placed.js";
import type { ImageFit, ImagePreparation, SoundPreparation } from "../preparation.js";
import { readBytes, readParts } from "../read-file.js";
import type { SampleArray } from "./channels.js";
import { type FeatureOptions, featureColumns } from "./csv-features.js";
import { csvRows } from "./csv-rows.js";
import { csvPieces } from "./csv-text.js";
import { type FileKind, fileKind } from "./file-kind.js";
import { fitImage, type ImageShape } from "./fit-image.js";
import { type FolderEntry, folderEntries, readImageEntry } from "./folder-entries.js";
import { readIdx } from "./idx.js";
import { idxHeader, LONGEST_IDX_HEADER, parseIdx } from "./idx-format.js";
import { parseNpy, readNpy } from "./npy.js";
import { LONGEST_NPY_HEADER, npyHeader } from "./npy-header.js";
import { parquetImages, parquetRows } from "./unlabelled-parquet.js";
import { nameIn, npzNames, parseNpz } from "./npz.js";
import { inputNumbers } from "./own-arrays.js";
import { decodeImage, type Image } from "./image.js";
import { type Rows, unpackHeaded } from "./read-headed.js";
import { featuresOfTable } from "./table-preparation.js";
import { countedShape, inOrder, type Wanted } from "./sample-fit.js";
import { gunzipBeginning, isGzip } from "./unpack.js";
import { readSound } from "./sound-folder.js";
import { soundPieces } from "./unlabelled-sounds.js";
import { decodeWav } from "./wav.js";

/** A path of a file or folder, or the bytes of a file. */
export type Origin = string | { readonly where: string; readonly bytes: Uint8Array };

export interface UnlabelledOptions extends Wanted {
  /** Samples of a piece. */
  readonly piece: number;
  /** Of .npz files: the name of the array. Default: that of the only one. */
  readonly array?: string | undefined;
  /** How training prepared images. */
  readonly image?: ImagePreparation | undefined;
  /** How images of other sizes come to that of the network. Default: as in training. */
  readonly fit?: ImageFit | undefined;
  /** How training prepared sounds. */
  readonly sound?: SoundPreparation | undefined;
  /** Of CSV files. */
  readonly csv?:
    | (FeatureOptions & {
        /** Default ",". */
        readonly delimiter?: string | undefined;
        /** The numbers are pixels, from 0 to 255, that mean value / 255. Default false. */
        readonly pixels?: boolean | undefined;
        /** The network has learned from bytes, so that numbers that are no pixels are at most 1. */
        readonly bytesInTraining?: boolean | undefined;
      })
    | undefined;
}

/** Some samples. */
export interface Piece {
  /** Of images their files, within the folder that was named; of others their number, from 0. */
  readonly names: readonly string[];
  /** [names, features], row-major. */
  readonly inputs: Inputs;
}

/** Samples that are still to be read. */
export interface Unlabelled {
  /** What their names need in front where there are others. */
  readonly prefix: string;
  readonly pieces: Iterable<Piece>;
}

/**
 * Looks at what there is, and gives its samples one piece after the other.
 *
 * @throws UnusableFileError if it can't be read or is not what a network takes: at once if it is no
 * such file, or its header says so, else when its piece is read
 */
export function unlabelled(origin: Origin, options: UnlabelledOptions): Unlabelled {
  if (typeof origin === "string" && isFolder(origin)) {
    const files = filesIn(origin, options);
    const named = (file: FolderEntry) => ({
      name: relative(origin, file.path).replaceAll("\\", "/"),
      where: file.path,
    });
    const pieces = options.sound
      ? soundPieces(
          files.map((file) => ({ ...named(file), open: () => readSound(file) })),
          options.sound,
          options.piece,
        )
      : images(files, options, (file) => ({ ...named(file), image: readImageEntry(file) }));
    return { prefix: `${origin.replace(/[\\/]+$/, "")}/`, pieces };
  }
  const where = typeof origin === "string" ? origin : origin.where;
  const bytes = () => (typeof origin === "string" ? readBytes(origin) : origin.bytes);
  const { kind, isPacked, head } = beginningOf(origin, where);
  if (isPacked && (kind === "image" || kind === "sound"))
    throw new UnusableFileError(`${where}: ${kind} in gzip; unpack it first`);
  if (kind === "sound") {
    const open = () => at(where, () => decodeWav(bytes()));
    const sounds = [{ name: where, where, open }];
    return { prefix: "", pieces: soundPieces(sounds, options.sound, options.piece) };
  }
  if (kind === "image") {
    const open = () => ({ name: where, where, image: at(where, () => decodeImage(bytes())) });
    return { prefix: "", pieces: images([where], options, open) };
  }
  const prefix = `${where}:`;
  if (kind === "csv") return { prefix, pieces: table(bytes, options, where) };
  if (kind === "parquet") {
    return { prefix, pieces: parquetPieces(origin, options, where) };
  }
  if (kind === "npz") {
    if (isPacked) throw new UnusableFileError(`${where}: a .npz file in gzip; unpack it first`);
    const array = onlyArray(bytes(), options, where);
    const shape = countedShape(array.shape, options, where);
    return { prefix, pieces: whole(() => array, shape, options, where) };
  }
  const read = READERS[kind];
  const shape = countedShape(read.shape(head, where), options, where);
  const pieces =
    typeof origin === "string" && !isPacked && shape[0] > options.piece
      ? rowsOf((rows, first) => read.rows(origin, rows, first), shape[0], options, where)
      : whole(() => read.all(bytes(), where), shape, options, where);
  return { prefix, pieces };
}

/** The array of a .npz file that has one, or the one that is asked for. */
function onlyArray(bytes: Uint8Array, { array }: UnlabelledOptions, where: string): SampleArray {
  const names = array === undefined ? npzNames(bytes, where) : [array];
  if (names.length !== 1) {
    throw new UnusableFileError(
      `${where}: expected one array, found ${names.join(", ") || "none"}; --array names it`,
    );
  }
  const [name] = names;
  const found = parseNpz(bytes, names, where).get(name)!;
  return { shape: found.shape, data: inputNumbers(found, nameIn(where, name)) };
}

/** How arrays are read. */
interface ArrayReader {
  /** What the first bytes say. */
  shape(head: Uint8Array, where: string): readonly number[];
  /** @param first - index of the first element of those rows */
  rows(path: string, rows: Rows, first: number): SampleArray;
  /** Unpacks them, too. */
  all(bytes: Uint8Array, where: string): SampleArray;
}

const READERS: Record<"idx" | "npy", ArrayReader> = {
  idx: {
    shape: (head, where) => idxHeader(head, { where }).shape,
    rows: (path, rows) => readIdx(path, {}, rows),
    all(bytes, where) {
      const header = (head: Uint8Array) => idxHeader(head, { where });
      return parseIdx(unpackHeaded(bytes, LONGEST_IDX_HEADER, header, where), { where });
    },
  },
  npy: {
    shape: (head, where) => npyHeader(head, where).shape,
    rows(path, rows, first) {
      const array = readNpy(path, rows);
      return { shape: array.shape, data: inputNumbers(array, path, first) };
    },
    all(bytes, where) {
      const header = (head: Uint8Array) => npyHeader(head, where);
      const array = parseNpy(unpackHeaded(bytes, LONGEST_NPY_HEADER, header, where), where);
      return { shape: array.shape, data: inputNumbers(array, where) };
    },
  },
};

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // Whoever reads it says what is wrong.
    return false;
  }
}

/** Enough to know what a file is, and what its header says. */
function beginningOf(
  origin: Origin,
  where: string,
): { readonly kind: FileKind; readonly isPacked: boolean; readonly head: Uint8Array } {
  const first = (bytes: Uint8Array) => bytes.subarray(0, LONGEST_NPY_HEADER);
  const packed =
    typeof origin === "string"
      ? readParts(origin, (read, size) => {
          const bytes = new Uint8Array(Math.min(size, LONGEST_NPY_HEADER));
          read(0, bytes);
          return bytes;
        })
      : first(origin.bytes);
  const isPacked = isGzip(packed);
  const head = isPacked ? first(gunzipBeginning(packed, LONGEST_NPY_HEADER, where)) : packed;
  return { kind: fileKind(head, where), isPacked, head };
}

/** The files of a folder, and of the folders in it. */
function filesIn(folder: string, { sound }: UnlabelledOptions): FolderEntry[] {
  const files = folderEntries(folder).flatMap((entry) =>
    entry.isFolder ? folderEntries(entry.path) : [entry],
  );
  if (files.length > 0) return files;
  const [samples, kind] = sound ? ["sounds", "WAV"] : ["images", "PNG or JPEG"];
  throw new UnusableFileError(
    `could not find ${samples} in ${folder}: expected ${kind} files, or folders with such files in them`,
  );
}

interface NamedImage {
  readonly name: string;
  readonly where: string;
  readonly image: Image;
}

function* images<Item>(
  items: readonly Item[],
  { input, piece, image: prepared, fit = prepared?.fit }: UnlabelledOptions,
  open: (item: Item) => NamedImage,
): Generator<Piece> {
  const features = size(input);
  const sizeHint = "--fit cut takes images of all sizes";
  for (let from = 0; from < items.length; from += piece) {
    const some = items.slice(from, from + piece);
    const inputs = new Uint8Array(some.length * features);
    const names = some.map((item, k) => {
      const { name, where, image } = open(item);
      const shape = prepared?.shape ?? shapeFor(image, input);
      const fitting = { where, as: "the network takes", fit, toGrey: true, sizeHint };
      inputs.set(fitImage(image, shape, fitting), k * features);
      return name;
    });
    yield { names, inputs };
  }
}

/** The shape that an image must have; a flat input takes any with so many numbers. */
function shapeFor({ channels, height, width }: Image, input: readonly number[]): ImageShape {
  if (input.length === 3) return input as unknown as ImageShape;
  const features = size(input);
  const pixels = height * width;
  if (channels * pixels === features) return [channels, height, width];
  if (3 * pixels === features) return [3, height, width];
  // It does not fit: a square one of as many numbers is what it may be measured by.
  const [colour, grey] = [Math.sqrt(features / 3), Math.sqrt(features)];
  if (Number.isInteger(grey)) return [1, grey, grey];
  return Number.isInteger(colour) ? [3, colour, colour] : [1, 1, features];
}

/** The images of a Parquet file, or its rows where it has none. */
function parquetPieces(
  origin: Origin,
  options: UnlabelledOptions,
  where: string,
): Generator<Piece> {
  const shown = parquetImages(origin, where);
  if (!shown) {
    const { inputs, count } = parquetRows(origin, options.csv?.prepared, where);
    return pieces(inputs, count, options.piece);
  }
  const rows = Array.from({ length: shown.count }, (_, row) => row);
  return images(rows, options, (row) => ({
    name: String(row),
    where: `${where}: row ${row}`,
    image: shown.open(row),
  }));
}

function* table(
  bytes: () => Uint8Array,
  { input, piece, csv = {} }: UnlabelledOptions,
  where: string,
): Generator<Piece> {
  const { delimiter = ",", pixels = false, bytesInTraining = false, prepared, decimal } = csv;
  const features = size(input);
  const columns = prepared?.columns.length ?? features;
  const rows = csvRows(csvPieces(bytes(), where, delimiter), {
    where,
    delimiter,
    pixels: pixels && !prepared,
    decimal,
    missing: prepared?.missing,
    columnsOf: (first) => featureColumns(first, columns, csv, where),
  });
  const { count } = rows;
  const { inputs } = prepared ? featuresOfTable(rows, prepared) : rows;
  const large = pixels || !bytesInTraining ? -1 : inputs.findIndex((x) => x > 1);
  if (large >= 0) {
    throw new UnusableFileError(
      `${where}: sample ${Math.floor(large / features)}: expected numbers from 0 to 1, as the ` +
        `network has learned from bytes / 255, found ${inputs[large]}; say --pixels for bytes`,
    );
  }
  yield* pieces(inputs, count, piece);
}

/** An array that is in memory. */
function* whole(
  read: () => SampleArray,
  shape: readonly number[],
  options: UnlabelledOptions,
  where: string,
): Generator<Piece> {
  const array = { shape, data: read().data };
  const { data } = ofFile(() => inOrder(array, options, where));
  yield* pieces(data, shape[0], options.piece);
}

/** An array in a file, of which a piece is read at a time. */
function* rowsOf(
  read: (rows: Rows, first: number) => SampleArray,
  count: number,
  options: UnlabelledOptions,
  where: string,
): Generator<Piece> {
  const features = size(options.input);
  for (let from = 0; from < count; from += options.piece) {
    const names = numbered(from, Math.min(count, from + options.piece));
    const array = read(() => Int32Array.from(names, Number), from * features);
    yield { names, inputs: ofFile(() => inOrder(array, options, where)).data };
  }
}

function* pieces(inputs: Inputs, count: number, piece: number): Generator<Piece> {
  const features = inputs.length / count;
  for (let from = 0; from < count; from += piece) {
    const names = numbered(from, Math.min(count, from + piece));
    const to = from + names.length;
    yield { names, inputs: inputs.subarray(from * features, to * features) };
  }
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, k) => String(from + k));
}
