/**
 * Reads images from a folder of folders: each folder is a class and holds its images, as PNG or
 * JPEG files.
 */
import { InputError } from "../errors.js";
import type { ImageFit } from "../preparation.js";
import { classFolders } from "./class-folders.js";
import { fitImage, type ImageShape } from "./fit-image.js";
import { readImageEntry } from "./folder-entries.js";
import type { Image } from "./image.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import type { OwnPart } from "./own-part.js";

export interface FolderImages extends OwnPart {
  readonly inputs: Uint8Array;
  readonly shape: ImageShape;
  /** Names of the classes, such as the folders; labels are places in this list. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ImageFolderOptions {
  /**
   * Shape each image must have, or comes to. Default: that of the first. Where it has three
   * channels, grey images are repeated.
   */
  readonly shape?: readonly number[] | undefined;
  /** How images of other sizes come to that. Default: there may be none. */
  readonly fit?: ImageFit | undefined;
  /** Whether a grey image may be made of colours. Default: where the shape is given. */
  readonly toGrey?: boolean | undefined;
  /** Names of the classes; a folder may have fewer, but no others. Default: the folder's own. */
  readonly labelNames?: readonly string[] | undefined;
  /** Only the images in use are read. Default: all. */
  readonly use?: UseOptions | undefined;
}

/**
 * Reads the images of a folder.
 *
 * @throws as classFolders; UnusableFileError if an image can't be read, or has another size than
 * the first; also for a file that is no image of a kind that is read
 */
export function readImageFolder(folder: string, options: ImageFolderOptions = {}): FolderImages {
  const { shape: wanted, fit, toGrey = wanted !== undefined, labelNames, use } = options;
  const { files, labelNames: names } = classFolders(folder, WHAT, labelNames);
  if (wanted !== undefined && wanted.length !== 3) {
    throw new InputError(
      `${folder}: expected a shape [channels, height, width] for images, found [${wanted.join(", ")}]`,
    );
  }
  const shape = (wanted as ImageShape | undefined) ?? shapeOf(readImageEntry(files[0]));
  const rows = use && rowsInUse(files.length, use);
  const read = rows ? Array.from(rows, (k) => files[k]) : files;
  const length = shape[0] * shape[1] * shape[2];
  const inputs = new Uint8Array(read.length * length);
  const first = files[0].path;
  const [, height, width] = shape;
  const hint =
    shape[0] === 1
      ? `a "shape" of [3, ${height}, ${width}] takes both, [1, ${height}, ${width}] makes all grey`
      : "";
  read.forEach((file, k) => {
    const { path } = file;
    const as = path === first ? "the shape says" : first;
    const sizeHint = '"fit": "cut" takes images of all sizes';
    const fitting = { where: path, as, fit, toGrey, hint, sizeHint };
    inputs.set(fitImage(readImageEntry(file), shape, fitting), k * length);
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

const WHAT = { samples: "images", files: "PNG or JPEG files" };

function shapeOf({ channels, height, width }: Image): ImageShape {
  return [channels, height, width];
}
