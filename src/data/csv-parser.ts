/**
 * The library that reads CSV, loaded with the first file: an import would cost every program that
 * imports `bregman`. Bundlers can't follow this; they take csv-parser-bundled.ts (package.json,
 * `imports`).
 */
import { createRequire } from "node:module";
import type Papa from "papaparse";

export function csvParser(): typeof Papa {
  return createRequire(import.meta.url)("papaparse") as typeof Papa;
}
