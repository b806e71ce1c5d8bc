/**
 * Reads files of arrays, plain or gzip-compressed: of a compressed one no more than its header
 * says.
 */
import { constants } from "node:buffer";
import { readBytes } from "../read-file.js";
import { type SaidSize, wrongSize } from "./file-size.js";
import { gunzip, gunzipBeginning, isGzip } from "./unpack.js";

/**
 * The bytes of a file, unpacked if it is packed; gzip is recognised by its first two bytes.
 *
 * @param longest - bytes that a header has at most
 * @param header - what a header says; is given the file's first bytes
 * @throws Error if the file can't be read; what `header` throws; SyntaxError if a gzip stream is
 * damaged or holds more than its header says; RangeError if that is more than memory may hold
 */
export function readHeaded(
  path: string,
  longest: number,
  header: (head: Uint8Array) => SaidSize,
  where: string = path,
): Uint8Array {
  const bytes = readBytes(path);
  if (!isGzip(bytes)) return bytes;
  const said = header(gunzipBeginning(bytes, longest, where));
  if (said.size > constants.MAX_LENGTH) {
    throw new RangeError(
      `${where}: ${said.what} needs ${said.size} bytes: more than one array holds (${constants.MAX_LENGTH})`,
    );
  }
  const content = gunzip(bytes, said.size, where);
  if (content === undefined) throw wrongSize("more", said, where);
  return content;
}
