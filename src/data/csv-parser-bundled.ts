/** csv-parser.ts for bundlers, which put the library into the bundle. */
import Papa from "papaparse";

export function csvParser(): typeof Papa {
  return Papa;
}
