/** Reads idx files (see `idx-format.ts`), plain or gzip-compressed. */
import { gunzipSync } from "node:zlib";
import { readBytes } from "../read-file.js";
import { type IdxArray, type IdxOptions, parseIdx } from "./idx-format.js";

/**
 * Reads the idx file at `path`; gzip is recognised by its first two bytes, whatever the file is called.
 *
 * @throws Error if the file can't be read; SyntaxError as {@link parseIdx}, or if its gzip stream is damaged.
 */
export function readIdx(path: string, options: IdxOptions = {}): IdxArray {
  const bytes = readBytes(path);
  const where = options.where ?? path;
  return parseIdx(isGzip(bytes) ? gunzip(bytes, where) : bytes, { ...options, where });
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gunzip(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new SyntaxError(
      `${where}: damaged or truncated gzip file of ${bytes.length} bytes (${(cause as Error).message})`,
      { cause },
    );
  }
}
