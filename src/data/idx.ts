/** Reads idx files (see `idx-format.ts`), plain or gzip-compressed. */
import {
  type IdxArray,
  idxHeader,
  type IdxOptions,
  LONGEST_IDX_HEADER,
  parseIdx,
} from "./idx-format.js";
import { readHeaded, readRows, type Rows } from "./read-headed.js";

/**
 * Reads the idx file at `path`; gzip is recognised by its first two bytes, whatever the file is
 * called.
 *
 * @param rows - see {@link Rows}
 * @throws UnusableFileError if the file can't be read; also as {@link parseIdx}, or if its gzip
 * stream is damaged; UnusableFileError if it holds more bytes than memory may.
 */
export function readIdx(path: string, options: IdxOptions = {}, rows?: Rows): IdxArray {
  const named = { ...options, where: options.where ?? path };
  const some = rows && readRows(path, LONGEST_IDX_HEADER, (head) => idxHeader(head, named), rows);
  if (some) return { shape: some.header.shape, data: some.bytes };
  return parseIdx(
    readHeaded(path, LONGEST_IDX_HEADER, (head) => idxHeader(head, named), named.where),
    named,
  );
}
