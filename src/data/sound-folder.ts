/**
 * Reads sounds, WAV files, from a folder of folders, each of which is a class; or with targets,
 * from a folder with a table that names them.
 * They come to one rate and one length: a longer one is cut at its end, a shorter one is silent
 * there.
 */
import { UnusableFileError } from "../errors.js";
import type { AnyInputs, Inputs } from "../inputs.js";
import type { SoundPreparation } from "../preparation.js";
import { filesOf } from "./sample-files.js";
import type { FolderEntry } from "./folder-entries.js";
import { rowsInUse, type UseOptions } from "./in-use.js";
import type { OwnPart } from "./own-part.js";
import { resampled } from "./resample.js";
import { sampleRoom } from "./sample-room.js";
import { readWav, type Sound, SOUND_ENDING } from "./wav.js";

export interface FolderSounds extends OwnPart {
  /** [count, length] row-major, from -1 to 1. */
  readonly inputs: AnyInputs;
  /** Names of the class folders; labels are places in this list. */
  readonly labelNames?: readonly string[] | undefined;
}

export interface SoundFolderOptions extends SoundPreparation {
  /** Names of the classes; a folder may have fewer, but no others. Default: the folder's own. */
  readonly labelNames?: readonly string[] | undefined;
  /** Only the sounds in use are read. Default: all. */
  readonly use?: UseOptions | undefined;
  /** Columns of the folder's table to be told, in place of classes. */
  readonly targets?: readonly string[] | undefined;
  /** Bytes of sounds that may be in memory; more are kept in a file. Default: all. */
  readonly memory?: number | undefined;
}

/**
 * Reads the sounds of a folder.
 *
 * @throws as filesOf; UnusableFileError for a file that is no WAV file, or a damaged one; also
 *   if memory has no room for them
 */
export function readSoundFolder(folder: string, options: SoundFolderOptions): FolderSounds {
  const { use } = options;
  const { files, answers, labelNames } = filesOf(folder, WHAT, options);
  const rows = use && rowsInUse(files.length, use);
  const read = rows ? Array.from(rows, (k) => files[k]) : files;
  return {
    where: folder,
    inputs: soundInputs(read, { ...options, where: folder }),
    ...answers.of(rows),
    ...(labelNames && { labelNames }),
  };
}

const WHAT = { samples: "sounds", files: "WAV files" };

/** The samples of files, one after the other: in memory, unless it is said how much may be. */
export function soundInputs(
  files: readonly FolderEntry[],
  options: SoundPreparation & { readonly where: string },
): Inputs;
export function soundInputs(files: readonly FolderEntry[], options: SoundRoomOptions): AnyInputs;
export function soundInputs(files: readonly FolderEntry[], options: SoundRoomOptions): AnyInputs {
  const { length: features, where, memory } = options;
  const room = { count: files.length, features, what: `sounds of ${features} samples`, where };
  const { inputs, put } = sampleRoom(Float32Array, { ...room, memory });
  files.forEach((file, k) => put(k, soundSample(readSound(file), options)));
  return inputs;
}

interface SoundRoomOptions extends SoundPreparation {
  readonly where: string;
  readonly memory?: number | undefined;
}

/** A sound as the sample it is to be one of: at that rate, and not longer than it. */
export function soundSample(
  { rate: from, samples }: Sound,
  { rate, length }: SoundPreparation,
): Float64Array {
  return resampled(samples, from, rate, length);
}

/**
 * The sound that an entry of a folder is.
 *
 * @throws UnusableFileError if it is none, otherwise as `readWav`
 */
export function readSound({ path, isFolder }: FolderEntry): Sound {
  if (!isFolder && SOUND_ENDING.test(path)) return readWav(path);
  const kind = isFolder ? "a folder" : "another file";
  throw new UnusableFileError(
    `${path}: expected a WAV file, found ${kind}; convert other sounds first`,
  );
}
