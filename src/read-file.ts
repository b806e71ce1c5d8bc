/** Reads files; what goes wrong is one line with the path. */
import { constants as bufferLimits } from "node:buffer";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
} from "node:fs";
import { UnusableFileError } from "./errors.js";

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
 * @throws UnusableFileError with one line that names the path and the reason: also if it is no
 * regular file, since a pipe or a device may have no end. Its `cause` is the system's error, if
 * there is one.
 */
export function readBytes(path: string): Uint8Array {
  return withFile(path, (file, size) => {
    if (size <= MOST_AT_ONCE) return readFileSync(file);
    if (size <= bufferLimits.MAX_LENGTH) return readLarge(file, size);
    throw new UnusableFileError(
      `it has ${size} bytes, and this version of Node holds ${bufferLimits.MAX_LENGTH} in an array`,
    );
  });
}

/** Reads bytes of an open file from a place on, until `into` is full. */
export type ReadAt = (place: number, into: Uint8Array) => void;

/**
 * Reads bytes of an open file from a place on, until `into` is full.
 *
 * @throws UnusableFileError if the file ends before, or the system's error
 */
export function readFully(file: number, place: number, into: Uint8Array): void {
  for (let at = 0; at < into.length;) {
    const got = readSync(file, into, at, Math.min(into.length - at, MOST_AT_ONCE), place + at);
    if (got === 0) throw new UnusableFileError(`it ends before byte ${place + into.length}`);
    at += got;
  }
}

/**
 * What `work` makes of a file of `size` bytes, of which it reads what it needs.
 *
 * @throws UnusableFileError as {@link readBytes}; what `work` throws
 */
export function readParts<Result>(
  path: string,
  work: (read: ReadAt, size: number) => Result,
): Result {
  let thrown: { readonly error: unknown } | undefined;
  const result = withFile(path, (file, size) => {
    let failed: unknown;
    const read: ReadAt = (place, into) => {
      try {
        readFully(file, place, into);
      } catch (error) {
        throw (failed = error);
      }
    };
    try {
      return work(read, size);
    } catch (error) {
      if (error === failed) throw error;
      thrown = { error };
      return undefined;
    }
  });
  if (thrown) throw thrown.error;
  return result as Result;
}

/** What `work` makes of an open regular file. @throws UnusableFileError as {@link readBytes} */
function withFile<Result>(path: string, work: (file: number, size: number) => Result): Result {
  try {
    // Without this flag (which Windows does not have) a pipe is waited for until somebody writes.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw new UnusableFileError(`it is ${kindOf(stats)}, not a file`);
      return work(file, stats.size);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
    };
    throw new UnusableFileError(`could not read ${path}: ${reasons[code ?? ""] ?? message}`, {
      cause,
    });
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}

/**
 * The text of a file; undefined if there is none.
 *
 * @throws UnusableFileError as readBytes, and for a text longer than the engine can hold
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

/**
 * The text of a file. @throws UnusableFileError as readTextIfThere, and if there is no such file
 */
export function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    throw new UnusableFileError(`could not read ${path}: ${(cause as Error).message}`, { cause });
  }
}
