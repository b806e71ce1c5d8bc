/**
 * The libraries that read files, each loaded with the first such file: an import would cost every
 * program that imports `bregman`. Bundlers can't follow this; they take libraries-bundled.ts
 * (package.json, `imports`).
 */
import { createRequire } from "node:module";
import type { unzipSync } from "fflate";
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
