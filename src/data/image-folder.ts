/**
 * Reads images, PNG or JPEG files, from a folder of folders, each of which is a class; or with
 * targets, from a folder with a table that names them.
 */
import { filesOf } from "./sample-files.js";
import { readImageEntry } from "./folder-entries.js";
import {
  type ImageSampleOptions,
  type ImageSamples,
  imageSamples,
  type AnsweredImages,
} from "./fit-image.js";

export interface FolderImages extends ImageSamples {
  /** Names of the classes, such as the folders; labels are places in this list. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ImageFolderOptions extends ImageSampleOptions {
  /** Names of the classes; a folder may have fewer, but no others. Default: the folder's own. */
  readonly labelNames?: readonly string[] | undefined;
  /** Columns of the folder's table to be told, in place of classes. */
  readonly targets?: readonly string[] | undefined;
}

/**
 * Reads the images of a folder.
 *
 * @throws as filesOf and imageSamples; UnusableFileError if an image can't be read, or has
 * another size than the first; also for a file that is no image of a kind that is read
 */
export function readImageFolder(folder: string, options: ImageFolderOptions = {}): FolderImages {
  const { files, answers, labelNames } = filesOf(folder, WHAT, options);
  const first = files[0].path;
  const about: AnsweredImages["about"] = (k, [channels, height, width]) => {
    const { path } = files[k];
    const hint =
      channels === 1
        ? `a "shape" of [3, ${height}, ${width}] takes both, [1, ${height}, ${width}] makes all grey`
        : "";
    return { where: path, as: path === first ? "the shape says" : first, hint };
  };
  const images = { where: folder, answers, open: (k: number) => readImageEntry(files[k]), about };
  return { ...imageSamples(images, options), labelNames };
}

const WHAT = { samples: "images", files: "PNG or JPEG files" };
