/** One's own images and sounds: a training part, and a test part that is read as that was. */
import type { FolderImages, ImageFolderOptions } from "./image-folder.js";
import type { OwnData, ReadOptions } from "./read-own.js";
import { readSoundFolder } from "./sound-folder.js";
import type { ImageFolderSource, ParquetSource, SoundFolderSource } from "./source.js";

/** @param read - a part, as the training images are */
export function readImages(
  source: ImageFolderSource | ParquetSource,
  read: (path: string, options: ImageFolderOptions) => FolderImages,
  options: ReadOptions,
): OwnData {
  const { memory } = options;
  const train = read(source.train, options);
  const { shape } = train;
  const labelNames = source.labelNames ?? train.labelNames;
  const { fit } = source;
  // Only what was said of the training images holds for others.
  const like = { shape, labelNames, toGrey: source.shape !== undefined, memory };
  return {
    train,
    test: source.test === undefined ? undefined : read(source.test, like),
    shape,
    labelNames,
    targetNames: source.targets,
    preparation: fit && { image: { shape, fit } },
  };
}

export function readSounds(source: SoundFolderSource, options: ReadOptions): OwnData {
  const { rate, length } = source;
  const train = readSoundFolder(source.train, { ...source, ...options });
  const { labelNames } = train;
  const { memory } = options;
  const like = { rate, length, labelNames, targets: source.targets, memory };
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
