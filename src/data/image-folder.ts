/**
 * Reads images from a folder of folders: each folder is a class and holds its images, as PNG or
 * JPEG files.
 */
import { classFolders } from "./class-folders.js";
import { readImageEntry } from "./folder-entries.js";
import {
  type ImageSampleOptions,
  type ImageSamples,
  imageSamples,
  type LabelledImages,
} from "./fit-image.js";

export interface FolderImages extends ImageSamples {
  /** Names of the classes, such as the folders; labels are places in this list. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface ImageFolderOptions extends ImageSampleOptions {
  /** Names of the classes; a folder may have fewer, but no others. Default: the folder's own. */
  readonly labelNames?: readonly string[] | undefined;
}

/**
 * Reads the images of a folder.
 *
 * @throws as classFolders and imageSamples; UnusableFileError if an image can't be read, or has
 * another size than the first; also for a file that is no image of a kind that is read
 */
export function readImageFolder(folder: string, options: ImageFolderOptions = {}): FolderImages {
  const { files, labels, labelNames } = classFolders(folder, WHAT, options.labelNames);
  const first = files[0].path;
  const about: LabelledImages["about"] = (k, [channels, height, width]) => {
    const { path } = files[k];
    const hint =
      channels === 1
        ? `a "shape" of [3, ${height}, ${width}] takes both, [1, ${height}, ${width}] makes all grey`
        : "";
    return { where: path, as: path === first ? "the shape says" : first, hint };
  };
  const images = { where: folder, labels, open: (k: number) => readImageEntry(files[k]), about };
  return { ...imageSamples(images, options), labelNames };
}

const WHAT = { samples: "images", files: "PNG or JPEG files" };
