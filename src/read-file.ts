/** Reads a whole file; what goes wrong is one line with the path. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";

/** The system gives less than 2 GiB at a time. */
const MOST_AT_ONCE = 2 ** 30;

function readLarge(file: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = readSync(file, bytes, at, Math.min(size - at, MOST_AT_ONCE), null);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

/**
 * The bytes of a file.
 *
 * @throws Error with one line that names the path and the reason; its `cause` is the system's error.
 */
export function readBytes(path: string): Uint8Array {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      return size <= MOST_AT_ONCE ? readFileSync(file) : readLarge(file, size);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message;
    throw new Error(`could not read ${path}: ${reason}`, { cause });
  }
}

/**
 * The text of a file; undefined if there is none.
 *
 * @throws Error as readBytes, and for a text longer than the engine can hold
 */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readText(path);
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The text of a file. @throws Error as readTextIfThere, and if there is no such file */
export function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    throw new Error(`could not read ${path}: ${(cause as Error).message}`, { cause });
  }
}
