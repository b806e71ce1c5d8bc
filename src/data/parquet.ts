/**
 * Reads columns of Parquet files: numbers, texts, and images as bytes. A chunk of a column is in
 * memory at a time.
 *
 *     "PAR1"   chunks of columns, a group of rows after the other   metadata   its length   "PAR1"
 *
 * Source: https://parquet.apache.org/docs/file-format/.
 */
import * as zlib from "node:zlib";
import { parquetLibrary } from "#libraries";
import { BregmanError, UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import { type ReadAt, readParts } from "../read-file.js";
import { columnKind, type ParquetKind } from "./parquet-kinds.js";

export interface ParquetColumn {
  readonly name: string;
  readonly kind: ParquetKind;
  /** Names of the classes, if they are kept with the column: Hugging Face does so. */
  readonly classes?: readonly string[];
}

export interface ParquetFile {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  /** The values of a column, null or undefined where there is none; of images their bytes. */
  read(column: ParquetColumn): ArrayLike<unknown>;
}

/** A place in a file, or its bytes. */
export type ParquetOrigin = string | { readonly where: string; readonly bytes: Uint8Array };

/** Rows that a byte of a file may stand for, where all of them are one value. */
const ROWS_PER_BYTE = 2 ** 16;
/** How much longer a page may become, by the way it is packed. */
const MOST_TIMES: Readonly<Record<string, number>> = { UNCOMPRESSED: 1, SNAPPY: 32, GZIP: 1032 };

/** Whether bytes begin as a Parquet file does. */
export function isParquet(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString("latin1") === "PAR1";
}

/**
 * What `work` makes of a file, of which it reads the columns that it needs.
 *
 * @throws UnusableFileError if it can't be read, is damaged, or of a kind that is not read; what
 *   `work` throws
 */
export function withParquet<Result>(
  origin: ParquetOrigin,
  work: (file: ParquetFile) => Result,
): Result {
  const where = typeof origin === "string" ? origin : origin.where;
  const open = (read: ReadAt, size: number): Result => {
    try {
      return work(openFile(read, size, where));
    } catch (cause) {
      if (cause instanceof BregmanError) throw cause;
      // What the engine says of a fault is of the library's code, not of the file.
      const isOwn = isError(cause) && cause.name === "Error" && !/undefined/.test(cause.message);
      const said = isOwn ? ` (${cause.message})` : "";
      throw new UnusableFileError(`${where}: damaged Parquet file${said}`, { cause });
    }
  };
  if (typeof origin === "string") return readParts(origin, open);
  const { bytes } = origin;
  return open((place, into) => into.set(bytes.subarray(place, place + into.length)), bytes.length);
}

function damaged(where: string, what: string): UnusableFileError {
  return new UnusableFileError(`${where}: damaged Parquet file (${what})`);
}

function openFile(read: ReadAt, size: number, where: string): ParquetFile {
  const library = parquetLibrary();
  const part = (place: number, length: number): Uint8Array<ArrayBuffer> => {
    if (!(place >= 0 && length >= 0 && place + length <= size))
      throw damaged(where, `bytes ${place} to ${place + length} of ${size}`);
    const bytes = new Uint8Array(length);
    read(place, bytes);
    return bytes;
  };
  if (size < 12) throw damaged(where, `it has ${size} bytes`);
  const tail = part(size - 8, 8);
  if (!isParquet(tail.subarray(4))) throw damaged(where, "its end is missing");
  const length = new DataView(tail.buffer).getUint32(0, true);
  const footer = part(size - 8 - length, length + 8);
  const metadata = library.parquetMetadata(footer, { geoparquet: false });
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!Number.isSafeInteger(rows) || rows < 0 || rows > ROWS_PER_BYTE * size)
    throw damaged(where, `${rows} rows in ${size} bytes`);
  const tree = library.parquetSchema(metadata);
  const classes = classNames(metadata.key_value_metadata);
  const columns = tree.children.map((child): ParquetColumn => {
    const { name } = child.element;
    const names = classes.get(name);
    return { name, kind: columnKind(child), ...(names && { classes: names }) };
  });
  return {
    rows,
    columns,
    read({ name, kind }) {
      const path = kind === "images" ? [name, "bytes"] : [name];
      const values: unknown[] = [];
      for (const group of metadata.row_groups) {
        const chunk = group.columns.find(
          ({ meta_data: data }) => data?.path_in_schema.join("\n") === path.join("\n"),
        )?.meta_data;
        if (!chunk) throw damaged(where, `there is no column ${path.join(".")}`);
        const begin = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
        const bytes = part(begin, Number(chunk.total_compressed_size));
        const count = Number(group.num_rows);
        checkPages(bytes, count, chunk.codec, where);
        const schemaPath = library.getTreePath(tree, path);
        const { data } = library.readColumn(
          { view: new DataView(bytes.buffer), offset: 0 },
          { groupStart: 0, selectStart: 0, selectEnd: count, groupRows: count },
          {
            ...chunk,
            pathInSchema: path,
            schemaPath,
            element: schemaPath[schemaPath.length - 1].element,
            parsers: library.DEFAULT_PARSERS,
            compressors: unpackers(where),
            utf8: false,
          },
        );
        const before = values.length;
        for (const some of data) for (let k = 0; k < some.length; k++) values.push(alone(some[k]));
        if (values.length - before !== count)
          throw damaged(where, `${values.length - before} values of ${name}, expected ${count}`);
      }
      return values;
    },
  };
}

/** A value in a struct comes as a list of one, or of none. */
function alone(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** Looks at what the pages say of their sizes, before anything is made of them. */
function checkPages(
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  codec: string,
  where: string,
): void {
  const reader = { view: new DataView(bytes.buffer), offset: 0 };
  while (reader.offset < bytes.length - 1) {
    const header = parquetLibrary().parquetHeader(reader);
    const { compressed_page_size: packed = -1, uncompressed_page_size: size = -1 } = header;
    const most = (MOST_TIMES[codec] ?? 2 ** 20) * packed + 64;
    const values =
      header.data_page_header?.num_values ??
      header.data_page_header_v2?.num_values ??
      header.dictionary_page_header?.num_values ??
      0;
    if (!(packed >= 0 && reader.offset + packed <= bytes.length && size <= most && values <= rows))
      throw damaged(where, `a page of ${size} bytes with ${values} values, packed in ${packed}`);
    reader.offset += packed;
  }
}

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** What packs pages, beside Snappy; Zstandard since Node 22.15. */
const UNPACK: Readonly<Record<string, Unpack | undefined>> = {
  GZIP: zlib.gunzipSync,
  BROTLI: zlib.brotliDecompressSync,
  ZSTD: (zlib as { readonly zstdDecompressSync?: Unpack }).zstdDecompressSync,
};

function unpackers(where: string): Record<string, (bytes: Uint8Array, size: number) => Uint8Array> {
  const unpackerOf = (codec: string) => (bytes: Uint8Array, size: number) => {
    const unpack = UNPACK[codec];
    if (!unpack) {
      throw new UnusableFileError(`${where}: packed by ${codec}, which this version of Node lacks`);
    }
    try {
      const content = unpack(bytes, { maxOutputLength: Math.max(1, size) });
      if (content.length === size) return content;
    } catch {
      // Told below.
    }
    throw damaged(where, `a page that ${codec} does not unpack to ${size} bytes`);
  };
  return Object.fromEntries(Object.keys(UNPACK).map((codec) => [codec, unpackerOf(codec)]));
}

/** The names of classes that Hugging Face keeps with columns. */
function classNames(
  pairs: readonly { readonly key: string; readonly value?: string }[] | undefined,
): Map<string, string[]> {
  const text = pairs?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return new Map();
  const features: unknown = JSON.parse(text)?.info?.features;
  return new Map(
    Object.entries(features ?? {}).flatMap(([name, said]) => {
      const names: unknown = said?.names;
      const isList = Array.isArray(names) && names.every((one) => typeof one === "string");
      return isList ? [[name, names] as const] : [];
    }),
  );
}
