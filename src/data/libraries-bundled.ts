/** libraries.ts for bundlers, which put the libraries into the bundle. */
import { unzipSync } from "fflate";
import Jpeg from "jpeg-js";
import Papa from "papaparse";

export function csvParser(): typeof Papa {
  return Papa;
}

export function jpegDecoder(): typeof Jpeg.decode {
  return Jpeg.decode;
}

export function unzipper(): typeof unzipSync {
  return unzipSync;
}
