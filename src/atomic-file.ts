/**
 * Files that are whole or not there: written under a temporary name beside the target, flushed to
 * disk, then renamed.
 *
 * A run that is killed while it saves must leave the previous file, never half of the new one.
 * Rename within one folder is atomic on every file system we know of. The calls are synchronous, so
 * that a signal handler can save too.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { UnusableFileError } from "./errors.js";

let written = 0;
/** Names of temporary files: the target's, then the process and a running number. */
const TEMPORARY = /\.\d+-\d+\.tmp$/;

export interface AtomicOptions {
  /** Called when the new content is whole and on the disk, just before it takes the name `path`. */
  readonly beforeRename?: (() => void) | undefined;
}

/**
 * Replaces the content of `path` by `content` (strings as UTF-8).
 *
 * @throws UnusableFileError with one line that names the path and the reason; its `cause` is the
 *   system's error (with `code`).
 */
export function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  { beforeRename }: AtomicOptions = {},
): void {
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    const file = openSync(temporary, "wx");
    try {
      writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    beforeRename?.();
    renameSync(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    throw new UnusableFileError(`could not write ${path}: ${reason(cause)}`, { cause });
  }
  flushFolder(dirname(path));
}

/** The system takes less than 2 GiB at a time. */
const MOST_AT_ONCE = 2 ** 30;

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, Math.min(bytes.length - at, MOST_AT_ONCE));
}

/**
 * Removes the temporary files that a killed process has left in a folder; nothing if the folder is
 * not there. No other process may be writing into it.
 */
export function removeTemporaries(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) if (TEMPORARY.test(name)) removeQuietly(join(folder, name));
}

/**
 * The rename itself reaches the disk with the folder. Windows can't flush a folder: then the system
 * does it in its own time.
 */
function flushFolder(folder: string): void {
  try {
    const file = openSync(folder, "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // The file is complete either way.
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never created, or is already renamed.
  }
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return "its folder does not exist";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  if (code === "ENOTDIR") return "a part of the path is a file, not a folder";
  if (code === "ENOSPC") return "no space left on the disk";
  if (code === "EROFS") return "the file system is read-only";
  return message;
}
