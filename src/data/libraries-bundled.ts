/** libraries.ts for bundlers, which put the libraries into the bundle. */
import { unzipSync } from "fflate";
import { parquetHeader, readColumn } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { parquetMetadata, parquetSchema } from "hyparquet/src/metadata.js";
import { getTreePath } from "hyparquet/src/schema.js";
import Jpeg from "jpeg-js";
import Papa from "papaparse";
import type { ParquetLibrary } from "./libraries.js";

export function csvParser(): typeof Papa {
  return Papa;
}

export function jpegDecoder(): typeof Jpeg.decode {
  return Jpeg.decode;
}

export function unzipper(): typeof unzipSync {
  return unzipSync;
}

export function parquetLibrary(): ParquetLibrary {
  return {
    parquetMetadata,
    parquetSchema,
    parquetHeader,
    readColumn,
    getTreePath,
    DEFAULT_PARSERS,
  };
}
