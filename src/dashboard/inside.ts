/**
 * Files of the dashboard's folder, and of no other place: whatever a name says (`..`, an absolute
 * path) and wherever a link leads, what lies outside is as if it were not there.
 */
import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { UnusableFileError } from "../errors.js";
import { readTextIfThere } from "../read-file.js";

/** The true path of the dashboard's folder. @throws UnusableFileError if there is none */
export function rootOf(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    throw new UnusableFileError(`cannot show the runs of ${folder}: there is no such folder`, {
      cause,
    });
  }
}

/**
 * The path of what is at a place in the folder; undefined if nothing is, or a link on the way.
 *
 * @param root - as {@link rootOf} has it
 */
export function pathInside(root: string, place: string): string | undefined {
  if (place.includes("\0")) return undefined;
  const path = resolve(root, place);
  const inside = root.endsWith(sep) ? root : root + sep;
  if (path !== root && !path.startsWith(inside)) return undefined;
  try {
    return realpathSync.native(path) === path ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a file in the folder; undefined if there is none. @throws as readTextIfThere */
export function textInside(root: string, place: string): string | undefined {
  const path = pathInside(root, place);
  return path === undefined ? undefined : readTextIfThere(path);
}
