/** One's own images and sounds: a training part, and a test part that is read as that was. */
import type { FolderImages, ImageFolderOptions } from "./image-folder.js";
import type { UseOptions } from "./in-use.js";
import type { OwnData } from "./load.js";
import { readSoundFolder } from "./sound-folder.js";
import type { ImageFolderSource, ParquetSource, SoundFolderSource } from "./source.js";

/** @param read - a part, as the training images are */
export function readImages(
  source: ImageFolderSource | ParquetSource,
  read: (path: string, options: ImageFolderOptions) => FolderImages,
  use: UseOptions | undefined,
): OwnData {
  const train = read(source.train, { use });
  const { shape } = train;
  const labelNames = source.labelNames ?? train.labelNames;
  const { fit } = source;
  // Only what was said of the training images holds for others.
  const like = { shape, labelNames, toGrey: source.shape !== undefined };
  return {
    train,
    test: source.test === undefined ? undefined : read(source.test, like),
    shape,
    labelNames,
    targetNames: source.targets,
    preparation: fit && { image: { shape, fit } },
  };
}

export function readSounds(source: SoundFolderSource, use: UseOptions | undefined): OwnData {
  const { rate, length } = source;
  const train = readSoundFolder(source.train, { ...source, use });
  const { labelNames } = train;
  const like = { rate, length, labelNames, targets: source.targets };
  return {
    train,
    test: source.test === undefined ? undefined : readSoundFolder(source.test, like),
    shape: [length],
    labelNames,
    targetNames: source.targets,
    preparation: { sound: { rate, length } },
    isSignal: true,
  };
}
