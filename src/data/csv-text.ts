/**
 * The text of a CSV file, plain or gzip-compressed: in UTF-8, or in UTF-16 with a byte order mark,
 * as spreadsheets write it.
 *
 * A string can't be longer than 512 MB: a longer file is decoded in pieces that end with a row.
 */
import { constants, isUtf8 } from "node:buffer";
import { csvParser } from "#libraries";
import { UnusableFileError } from "../errors.js";
import { readBytes } from "../read-file.js";
import { gunzip, isGzip } from "./unpack.js";

const MOST_BYTES = constants.MAX_STRING_LENGTH;
const QUOTE = 0x22;
const LINE_END = 0x0a;

/**
 * Reads the file. Its lines end with "\n", and no byte order mark is left.
 *
 * @param delimiter - between cells; to count rows by
 * @throws UnusableFileError if the file can't be read; also if it is too long; also if it is
 * damaged or in another encoding, with the row
 */
export function readCsvText(path: string, delimiter: string): string {
  return csvText(readBytes(path), path, delimiter);
}

/**
 * The same in pieces, one after the other, each of whole rows: of a file that is longer than a
 * string can be.
 *
 * @param most - bytes of a piece
 * @throws UnusableFileError as {@link readCsvText}; where a long file is in another encoding than
 *   UTF-8, or has a row of more than `most` bytes
 */
export function* readCsvPieces(
  path: string,
  delimiter: string,
  most: number = MOST_BYTES,
): Generator<string> {
  yield* csvPieces(readBytes(path), path, delimiter, most);
}

/** As {@link readCsvPieces}, from the bytes of a file. */
export function* csvPieces(
  bytes: Uint8Array,
  path: string,
  delimiter: string,
  most: number = MOST_BYTES,
): Generator<string> {
  const content = isGzip(bytes) ? gunzip(bytes, constants.MAX_LENGTH, path) : bytes;
  if (content === undefined || content.length <= most) {
    yield csvText(content ?? bytes, path, delimiter);
    return;
  }
  for (let from = 0; from < content.length;) {
    const end = endOfRows(content, from, most);
    if (end === undefined) {
      throw new UnusableFileError(
        `could not read ${path}: expected rows of at most ${most} bytes that end with "\\n", found ` +
          `none from byte ${from} on`,
      );
    }
    yield csvText(content.subarray(from, end), `${path}: from byte ${from} on`, delimiter);
    from = end;
  }
}

/**
 * Where the last whole row ends within so many bytes: behind a line end that is not in quotes.
 * Undefined if there is none.
 */
function endOfRows(bytes: Uint8Array, from: number, most: number): number | undefined {
  const last = Math.min(bytes.length, from + most);
  if (last === bytes.length) return last;
  let [isQuoted, end] = [false, from];
  for (let k = from; k < last; k++) {
    if (bytes[k] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[k] === LINE_END && !isQuoted) end = k + 1;
  }
  return end > from ? end : undefined;
}

/** As {@link readCsvText}, from the bytes of a file. */
export function csvText(bytes: Uint8Array, path: string, delimiter: string): string {
  const text = decoded(unpacked(bytes, path), path, delimiter);
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    const row = countRows(text.slice(0, zero + 1), delimiter);
    throw new UnusableFileError(
      `${path}: row ${row}: expected text in UTF-8, found a zero byte; UTF-16 is read with a byte order mark only`,
    );
  }
  return text;
}

/** What is wrong with a row, if something is, and its cells. */
export interface ParsedRow {
  readonly data: string[];
  readonly errors: readonly { readonly message: string }[];
}

/** Goes over the rows of a text, or of a piece of one. */
export function eachRow(text: string, delimiter: string, step: (row: ParsedRow) => void): void {
  // Behind the last line end there would be one row more.
  const rows = text.endsWith("\n") ? text.slice(0, -1) : text;
  csvParser().parse<string[]>(rows, { delimiter, newline: "\n", step });
}

/** Rows of a text whose last row may end anywhere. */
function countRows(text: string, delimiter: string): number {
  return csvParser().parse(oneLineEnd(text), { delimiter, newline: "\n" }).data.length;
}

/** One kind of line end: a file from several hands may have more. */
function oneLineEnd(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function unpacked(bytes: Uint8Array, path: string): Uint8Array {
  const content = isGzip(bytes) ? gunzip(bytes, MOST_BYTES, path) : bytes;
  if (content !== undefined && content.length <= MOST_BYTES) return content;
  const found = content === undefined ? "more, unpacked" : content.length;
  throw new UnusableFileError(
    `could not read ${path}: a CSV file has ${MOST_BYTES} bytes at most, found ${found}; use .npy`,
  );
}

function decoded(bytes: Uint8Array, path: string, delimiter: string): string {
  const marked = [bytes[0], bytes[1]].join();
  const encoding = marked === "255,254" ? "utf-16le" : marked === "254,255" ? "utf-16be" : "utf-8";
  if (encoding === "utf-8" && !isUtf8(bytes)) throw notUtf8(bytes, path, delimiter);
  try {
    return oneLineEnd(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new UnusableFileError(
      `${path}: expected text in ${encoding.toUpperCase()}, as it begins (${(cause as Error).message})`,
      {
        cause,
      },
    );
  }
}

/**
 * Names the first byte that is not UTF-8, what it would be in the encoding most likely, and its
 * row.
 */
function notUtf8(bytes: Uint8Array, path: string, delimiter: string): UnusableFileError {
  const before = wholeCharacters(bytes);
  const row = countRows(`${before}?`, delimiter);
  const byte = bytes[new TextEncoder().encode(before).length];
  const latin = new TextDecoder("windows-1252").decode(Uint8Array.of(byte));
  return new UnusableFileError(
    `${path}: row ${row}: expected text in UTF-8, found byte 0x${byte.toString(16)}, ` +
      `which is "${latin}" in Latin-1 (Windows-1252); save the file as UTF-8`,
  );
}

/** The text before the first byte that is not UTF-8. */
function wholeCharacters(bytes: Uint8Array): string {
  // With `stream` a character may be cut at the end.
  const decode = (length: number): string =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), {
      stream: true,
    });
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    try {
      decode(middle);
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return decode(good);
}
