/**
 * Reads images from a folder of folders: each folder is a class and holds its images, as PNG files.
 *
 *     train/cat/001.png   train/cat/002.png   train/dog/a.png   ...
 *
 * Classes and files are taken in the order of their names (by code points), so that the same files
 * give the same samples everywhere. What systems leave behind is passed over: names that begin with
 * ".", Thumbs.db, desktop.ini, __MACOSX.
 *
 * PNG only: a JPEG must be decoded to the same bits on every machine for a run to be repeatable,
 * and no small, well-kept decoder promises that.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InputError, UnusableFileError } from "../errors.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import type { OwnPart } from "./own-part.js";
import { type Image, readPng } from "./png.js";

/** In small letters. */
const LEFT_BEHIND = ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir"];

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
  const found = entries(folder).filter(({ isFolder }) => isFolder);
  const names = labelNames ?? found.map(({ name }) => name);
  const files = found.flatMap(({ name, path }) => {
    const label = names.indexOf(name);
    if (label < 0) {
      throw new UnusableFileError(
        `${path}: unknown class ${JSON.stringify(name)}; expected one of ${names.join(", ")}`,
      );
    }
    const inside = entries(path);
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
  read.forEach((file, k) =>
    inputs.set(fitted(readImage(file), shape, file.path, files[0].path), k * length),
  );
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

function readImage({
  path,
  isFolder,
}: {
  readonly path: string;
  readonly isFolder: boolean;
}): Image {
  if (isFolder || !/\.png$/i.test(path)) {
    const kind = isFolder ? "a folder" : "another file";
    throw new UnusableFileError(
      `${path}: expected a PNG file, found ${kind}; convert other images to PNG first`,
    );
  }
  return readPng(path);
}

function shapeOf({ channels, height, width }: Image): FolderImages["shape"] {
  return [channels, height, width];
}

/** The image's bytes in this shape. */
function fitted(
  image: Image,
  shape: FolderImages["shape"],
  path: string,
  firstPath: string,
): Uint8Array {
  const [channels, height, width] = shape;
  if (image.height !== height || image.width !== width) {
    throw new UnusableFileError(
      `${path}: expected ${width} x ${height} pixels (as ` +
        `${path === firstPath ? "the shape says" : firstPath}), found ${image.width} x ` +
        `${image.height}`,
    );
  }
  if (image.channels === channels) return image.data;
  if (image.channels === 1 && channels === 3) {
    const size = height * width;
    const data = new Uint8Array(3 * size);
    for (let c = 0; c < 3; c++) data.set(image.data, c * size);
    return data;
  }
  const hint = channels === 1 ? `; a "shape" of [3, ${height}, ${width}] takes both` : "";
  throw new UnusableFileError(
    `${path}: expected ${kindName(channels)}, found ${kindName(image.channels)}${hint}`,
  );
}

function kindName(channels: number): string {
  return channels === 1
    ? "a grey image"
    : channels === 3
      ? "a colour image"
      : `an image of ${channels} channels`;
}

/** What is in a folder, by name. */
function entries(folder: string): { name: string; path: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && !LEFT_BEHIND.includes(name.toLowerCase()))
      .map((entry) => ({
        name: entry.name,
        path: join(folder, entry.name),
        // A link may be either; what it is shows when it is read.
        isFolder: entry.isDirectory() || (entry.isSymbolicLink() && !/\.png$/i.test(entry.name)),
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
