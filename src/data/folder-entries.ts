/**
 * What is in a folder of samples, in the order of the names (by code points). What systems leave
 * behind is passed over: names that begin with ".", Thumbs.db, desktop.ini, __MACOSX; so is the
 * table of a folder (sample-files.ts), which is no sample.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UnusableFileError } from "../errors.js";
import { type Image, IMAGE_ENDING, IMAGE_FILE, readImage } from "./image.js";
import { SOUND_ENDING } from "./wav.js";

/** The table that a folder may have beside its files. */
export const FOLDER_TABLE = "metadata.csv";

/** In small letters. */
const LEFT_BEHIND = [FOLDER_TABLE, "thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir"];

/** A file or folder within a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** Whether a name is that of an image or a sound. */
function isSampleName(name: string): boolean {
  return IMAGE_ENDING.test(name) || SOUND_ENDING.test(name);
}

/**
 * What is in a folder, by name.
 *
 * @throws UnusableFileError if it can't be read
 */
export function folderEntries(folder: string): FolderEntry[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && !LEFT_BEHIND.includes(name.toLowerCase()))
      .map((entry) => ({
        name: entry.name,
        path: join(folder, entry.name),
        // A link may be either; what it is shows when it is read.
        isFolder: entry.isDirectory() || (entry.isSymbolicLink() && !isSampleName(entry.name)),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT"
        ? "there is no such folder"
        : code === "ENOTDIR"
          ? "it is a file, not a folder"
          : message;
    throw new UnusableFileError(`could not read ${folder}: ${reason}`, { cause });
  }
}

/**
 * The image that an entry is.
 *
 * @throws UnusableFileError if it is none, otherwise as `readImage`
 */
export function readImageEntry({ path, isFolder }: FolderEntry): Image {
  if (isFolder || !IMAGE_ENDING.test(path)) {
    const kind = isFolder ? "a folder" : "another file";
    throw new UnusableFileError(
      `${path}: expected ${IMAGE_FILE}, found ${kind}; convert other images first`,
    );
  }
  return readImage(path);
}
