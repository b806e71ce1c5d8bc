/** Reads a whole file; what goes wrong is one line with the path. */
import { readFileSync } from "node:fs";

/**
 * The bytes of a file.
 *
 * @throws Error with one line that names the path and the reason; its `cause` is the system's error.
 */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message;
    throw new Error(`could not read ${path}: ${reason}`, { cause });
  }
}
