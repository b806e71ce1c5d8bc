/**
 * Folders within a folder of ours, such as the pictures of a run. A link there may lead anywhere,
 * and a run folder may be a stranger's: nothing is written or deleted through it. (Files are safe:
 * those that we write take the place of a link, and those that we delete are the links.)
 */
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UnusableFileError } from "./errors.js";

/**
 * The path of a folder within another, which may not be there yet.
 *
 * @throws UnusableFileError of one line if it is a link or a file
 */
export function ownPath(parent: string, name: string): string {
  const path = join(parent, name);
  const what = kindOf(path);
  if (what === "link")
    throw new UnusableFileError(
      `could not write into ${path}: it is a link, which may lead out of ${parent}`,
    );
  if (what === "file") throw new UnusableFileError(`could not write into ${path}: it is no folder`);
  return path;
}

/**
 * Makes the folder where it is not there yet, and returns its path. @throws UnusableFileError as
 * ownPath, Error if it can't be made
 */
export function ownFolder(parent: string, name: string): string {
  const path = ownPath(parent, name);
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new UnusableFileError(`could not make the folder ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return path;
}

/**
 * The names of the files in a folder within another; none if it is not there, is a link, or can't
 * be read.
 */
export function filesOf(parent: string, name: string): string[] {
  const path = join(parent, name);
  if (kindOf(path) !== "folder") return [];
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

function kindOf(path: string): "folder" | "link" | "file" | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  return stats.isSymbolicLink() ? "link" : stats.isDirectory() ? "folder" : "file";
}
