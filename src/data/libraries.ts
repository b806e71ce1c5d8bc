/**
 * The libraries that read files, each loaded with the first such file: an import would cost every
 * program that imports `bregman`. Bundlers can't follow this; they take libraries-bundled.ts
 * (package.json, `imports`).
 */
import { createRequire } from "node:module";
import type { unzipSync } from "fflate";
import type * as Column from "hyparquet/src/column.js";
import type * as Convert from "hyparquet/src/convert.js";
import type * as Metadata from "hyparquet/src/metadata.js";
import type * as Schema from "hyparquet/src/schema.js";
import type Jpeg from "jpeg-js";
import type Papa from "papaparse";

const load = (name: string): unknown => createRequire(import.meta.url)(name);

export function csvParser(): typeof Papa {
  return load("papaparse") as typeof Papa;
}

export function jpegDecoder(): typeof Jpeg.decode {
  return (load("jpeg-js") as typeof Jpeg).decode;
}

export function unzipper(): typeof unzipSync {
  return (load("fflate") as { unzipSync: typeof unzipSync }).unzipSync;
}

/** The parts of the reader of Parquet that need no promises. */
export interface ParquetLibrary {
  readonly parquetMetadata: typeof Metadata.parquetMetadata;
  readonly parquetSchema: typeof Metadata.parquetSchema;
  readonly parquetHeader: typeof Column.parquetHeader;
  readonly readColumn: typeof Column.readColumn;
  readonly getTreePath: typeof Schema.getTreePath;
  readonly DEFAULT_PARSERS: typeof Convert.DEFAULT_PARSERS;
}

export function parquetLibrary(): ParquetLibrary {
  const part = <Part>(name: string) => load(`hyparquet/src/${name}.js`) as Part;
  return {
    ...part<typeof Metadata>("metadata"),
    ...part<typeof Column>("column"),
    ...part<typeof Schema>("schema"),
    ...part<typeof Convert>("convert"),
  };
}
