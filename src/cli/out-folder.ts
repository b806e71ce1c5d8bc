/**
 * The run folder of a training: its default name, and the checks that must fail before the
 * training, not after it.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UnusableFileError } from "../errors.js";
import { LOCK_FILE } from "../folder-lock.js";
import { freeName, runName } from "../runs/run-name.js";

/** `runs/<recipe>-seed<n>-<date>-<time>`, a name not taken yet. */
export function defaultFolder(recipe: string, seed: number, now: Date = new Date()): string {
  return freeName(join("runs", runName(recipe, seed, now)));
}

/**
 * Makes the folder and makes sure that files can be written into it. Returns a function that takes
 * an empty folder away again, for a run that fails before it has written anything.
 *
 * @throws UnusableFileError if it is there and not empty (a run never writes over another), is a
 *   file, or can't be made or written
 */
export function prepareFolder(folder: string): () => void {
  const held = entries(folder);
  if (held.length > 0) {
    const things = `${held.length} ${held.length === 1 ? "entry" : "entries"}`;
    throw new UnusableFileError(
      `the run folder must be new or empty, found ${things} in ${folder}; ${freeName(folder)} would be free`,
    );
  }
  return makeWritable(folder, "run folder");
}

/**
 * Makes a folder where it is not there yet, and makes sure that files can be written into it.
 * Returns a function that takes away what was made, as far as it is empty.
 *
 * @throws UnusableFileError if that can't be; `what` names the folder in the message
 */
export function makeWritable(folder: string, what: string): () => void {
  let made: string | undefined;
  const remove = () => {
    if (made === undefined) return;
    const first = resolve(made);
    try {
      // From the innermost folder to the first that was made.
      for (let path = resolve(folder); path.startsWith(first); path = dirname(path))
        rmdirSync(path);
    } catch {
      // Not empty: there is something worth keeping.
    }
  };
  try {
    made = makeFolders(folder);
    // A name that nothing has, and no link in its place: the folder may have been filled by others.
    const probe = join(folder, `.bregman-probe-${process.pid}`);
    writeFileSync(probe, "", { flag: "wx" });
    unlinkSync(probe);
  } catch (cause) {
    remove();
    throw new UnusableFileError(`could not make the ${what} ${folder}: ${reason(cause)}`, {
      cause,
    });
  }
  return remove;
}

/**
 * Makes a folder and its parents; returns the first that was made. Not mkdirSync's own recursion:
 * it tries for ever where the system calls a folder in one that is there "no such file or
 * directory", as /proc does.
 */
function makeFolders(folder: string): string | undefined {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path);
    } catch (error) {
      // Another run may have made it meanwhile.
      if (!existsSync(path)) throw error;
    }
  }
  return missing[0];
}

/**
 * What is in the folder; nothing if it is not there yet. A lock is no content: a run that is going
 * has more, and one may be left.
 */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name !== LOCK_FILE);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new UnusableFileError(`could not make the run folder ${folder}: ${reason(cause)}`, {
      cause,
    });
  }
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOTDIR" || code === "EEXIST") return "a part of the path is a file, not a folder";
  if (code === "ENOENT") return "no folder can be made there";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "ENOSPC") return "no space left on the disk";
  return message;
}
