/**
 * Reads images from a folder of folders: each folder is a class and holds its images, as PNG files.
 *
 *     train/cat/001.png   train/cat/002.png   train/dog/a.png   ...
 *
 * Classes and files are taken in the order of their names (by code points), so that the same files
 * give the same samples everywhere. What systems leave behind is passed over (folder-entries.ts).
 *
 * PNG only: a JPEG must be decoded to the same bits on every machine for a run to be repeatable,
 * and no small, well-kept decoder promises that.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { fitImage } from "./fit-image.js";
import { folderEntries, readImage } from "./folder-entries.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import type { OwnPart } from "./own-part.js";
import type { Image } from "./png.js";

export interface FolderImages extends OwnPart {
  readonly inputs: Uint8Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Names of the class folders; labels are places in this list. */
  readonly labelNames: readonly string[];
}

export interface ImageFolderOptions {
  /**
   * Shape each image must have. Default: that of the first. Where it has three channels, grey
   * images are repeated.
   */
  readonly shape?: readonly number[] | undefined;
  /** Names of the classes; a folder may have fewer, but no others. Default: the folder's own. */
  readonly labelNames?: readonly string[] | undefined;
  /** Only the images in use are read. Default: all. */
  readonly use?: UseOptions | undefined;
}

/**
 * Reads the images of a folder.
 *
 * @throws UnusableFileError if a folder or file can't be read; also if there are no images, in the
 * folder or in one of a class, if an image has another size than the first, or if a class is not
 * one of `labelNames`; also for a file that is no PNG image of the kind `readPng` reads.
 */
export function readImageFolder(folder: string, options: ImageFolderOptions = {}): FolderImages {
  const { shape: wanted, labelNames, use } = options;
  const found = folderEntries(folder).filter(({ isFolder }) => isFolder);
  const names = labelNames ?? found.map(({ name }) => name);
  const files = found.flatMap(({ name, path }) => {
    const label = names.indexOf(name);
    if (label < 0) {
      throw new UnusableFileError(
        `${path}: unknown class ${JSON.stringify(name)}; expected one of ${names.join(", ")}`,
      );
    }
    const inside = folderEntries(path);
    if (inside.length === 0) {
      throw new UnusableFileError(
        `${path}: expected PNG files of the class ${JSON.stringify(name)}, found none; remove the folder, or fill it`,
      );
    }
    return inside.map((file) => ({ ...file, label }));
  });
  if (files.length === 0) {
    throw new UnusableFileError(
      `could not find images in ${folder}: expected a folder for each class with PNG files in it`,
    );
  }
  if (wanted !== undefined && wanted.length !== 3) {
    throw new InputError(
      `${folder}: expected a shape [channels, height, width] for images, found [${wanted.join(", ")}]`,
    );
  }
  const shape = (wanted as FolderImages["shape"] | undefined) ?? shapeOf(readImage(files[0]));
  const rows = use && rowsInUse(files.length, use);
  const read = rows ? Array.from(rows, (k) => files[k]) : files;
  const length = shape[0] * shape[1] * shape[2];
  const inputs = new Uint8Array(read.length * length);
  const first = files[0].path;
  read.forEach((file, k) => {
    const { path } = file;
    const as = path === first ? "the shape says" : first;
    const hint = shape[0] === 1 ? `a "shape" of [3, ${shape[1]}, ${shape[2]}] takes both` : "";
    inputs.set(fitImage(readImage(file), shape, { where: path, as, hint }), k * length);
  });
  const labelsOf = (list: typeof files) => Uint8Array.from(list, ({ label }) => label);
  return {
    where: folder,
    inputs,
    labels: labelsOf(read),
    ...(rows && { allLabels: labelsOf(files) }),
    shape,
    labelNames: names,
  };
}

function shapeOf({ channels, height, width }: Image): FolderImages["shape"] {
  return [channels, height, width];
}
