/**
 * Reads files of arrays, plain or gzip-compressed: of a compressed one no more than its header
 * says.
 */
import { constants } from "node:buffer";
import { ofFile, UnusableFileError } from "../errors.js";
import { readBytes, readParts } from "../read-file.js";
import { runsOf } from "../pick-rows.js";
import { roomFor } from "../room-for.js";
import { type SaidSize, wrongSize } from "./file-size.js";
import { gunzip, gunzipBeginning, isGzip } from "./unpack.js";

/** What the header of an array says. */
export interface ArrayHeader extends SaidSize {
  /** [count, ...]. */
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly begin: number;
}

/**
 * Which rows of [count, ...] are wanted, in their order; undefined: all of them. Those of a packed
 * file are all read.
 */
export type Rows = (count: number) => Int32Array | undefined;

/**
 * Rows of an array in a file that is not packed, and nothing else of it; undefined for a packed
 * one, which is unpacked as a whole.
 *
 * @throws UnusableFileError if the file can't be read; what `header` and `rows` throw; also for a
 * file of another length than its header says; also for rows that no array holds
 */
export function readRows<Header extends ArrayHeader>(
  path: string,
  longest: number,
  header: (head: Uint8Array) => Header,
  rows: Rows,
): { readonly header: Header; readonly bytes: Uint8Array } | undefined {
  return readParts(path, (read, size) => {
    const head = new Uint8Array(Math.min(longest, size));
    read(0, head);
    if (isGzip(head)) return undefined;
    const said = header(head);
    const count = said.shape[0] ?? 0;
    if (size !== said.size) throw wrongSize(size, said, path);
    const picked = count > 0 ? rows(count) : undefined;
    if (!picked) return undefined;
    const length = (said.size - said.begin) / count;
    const needed = length * picked.length;
    if (needed > constants.MAX_LENGTH) {
      throw new UnusableFileError(
        `${path}: ${picked.length} of ${said.what} need ${needed} bytes: more than ` +
          `one array holds (${constants.MAX_LENGTH})`,
      );
    }
    const what = `${picked.length} of ${said.what}`;
    const bytes = ofFile(
      () => roomFor(Uint8Array, needed, what),
      (message) => `${path}: ${message}`,
    );
    for (const { from, to } of runsOf(picked))
      read(said.begin + picked[from] * length, bytes.subarray(from * length, to * length));
    return { header: { ...said, shape: [picked.length, ...said.shape.slice(1)] }, bytes };
  });
}

/** What the header of a file says; undefined for a packed one. */
export function headerOf<Header extends ArrayHeader>(
  path: string,
  longest: number,
  header: (head: Uint8Array) => Header,
): Header | undefined {
  return readParts(path, (read, size) => {
    const head = new Uint8Array(Math.min(longest, size));
    read(0, head);
    return isGzip(head) ? undefined : header(head);
  });
}

/**
 * The bytes of a file, unpacked if it is packed; gzip is recognised by its first two bytes.
 *
 * @param longest - bytes that a header has at most
 * @param header - what a header says; is given the file's first bytes
 * @throws UnusableFileError if the file can't be read; what `header` throws; also if a gzip stream
 * is damaged or holds more than its header says; also if that is more than memory may hold
 */
export function readHeaded(
  path: string,
  longest: number,
  header: (head: Uint8Array) => SaidSize,
  where: string = path,
): Uint8Array {
  const length = readParts(path, (_, size) => size);
  if (length > constants.MAX_LENGTH) {
    throw new UnusableFileError(
      `${where}: ${length} bytes: more than one array holds (${constants.MAX_LENGTH}); ` +
        "with a limit only the samples in use are read, of a file that is not packed",
    );
  }
  return unpackHeaded(readBytes(path), longest, header, where);
}

/** As {@link readHeaded}, from the bytes of a file. */
export function unpackHeaded(
  bytes: Uint8Array,
  longest: number,
  header: (head: Uint8Array) => SaidSize,
  where: string,
): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const said = header(gunzipBeginning(bytes, longest, where));
  if (said.size > constants.MAX_LENGTH) {
    throw new UnusableFileError(
      `${where}: ${said.what} needs ${said.size} bytes: more than one array holds (${constants.MAX_LENGTH})`,
    );
  }
  const content = gunzip(bytes, said.size, where);
  if (content === undefined) throw wrongSize("more", said, where);
  return content;
}
