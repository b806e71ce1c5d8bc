/**
 * The checkpoints of a run in their folder: `checkpoint-<steps>.safetensors`, the last two of them.
 *
 * A checkpoint is written under a temporary name, flushed, and only then renamed; the one that is
 * too many goes just before that. So at any moment there are at most two and a temporary file, and
 * at least one that is whole (but for the time before the first).
 */
import { mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { removeTemporaries, writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { type FolderLock, lockFolder } from "../folder-lock.js";
import { readBytes } from "../read-file.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint-file.js";

export interface CheckpointFolder {
  /** The newest usable checkpoint, if it was asked for and there is one. */
  readonly resumed?: Checkpoint;
  /** One line for each newer one that is not usable. */
  readonly faults: readonly string[];
  /** Writes the next one. @throws UnusableFileError if another process has taken the folder over */
  write(checkpoint: Checkpoint): void;
  /** Gives the folder back. */
  close(): void;
}

const NAME = /^checkpoint-(\d+)\.safetensors$/;

/** Names of the checkpoints in a folder, newest first. */
export function checkpointNames(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const steps = (name: string) => Number(NAME.exec(name)![1]);
  return names.filter((name) => NAME.test(name)).sort((a, b) => steps(b) - steps(a));
}

/**
 * Opens a folder for checkpoints; it is made if it is not there.
 *
 * @param resume - go on with what is there; temporary files that a kill has left are removed
 * @param given - the folder's lock, where the caller has it; else it is taken until `close`
 * @throws UnusableFileError if there are checkpoints and `resume` is false, there are some and none
 *   is usable, or another process uses the folder
 * @throws UnusableFileError if the folder can't be made
 */
export function openCheckpoints(
  folder: string,
  resume: boolean,
  given?: FolderLock,
): CheckpointFolder {
  const [there] = checkpointNames(folder);
  if (!resume && there !== undefined) {
    throw new UnusableFileError(
      `${folder} holds ${there} of an earlier run: go on with that run (resume), or name another folder`,
    );
  }
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UnusableFileError(
      `could not make the folder ${folder}: ${(cause as Error).message}`,
      { cause },
    );
  }
  const lock = given ?? lockFolder(folder);
  const close = () => {
    if (!given) lock.release();
  };
  if (resume) removeTemporaries(folder);
  const found = checkpointNames(folder);
  const { name, checkpoint, faults } = newestCheckpoint(folder);
  if (!checkpoint && faults.length > 0) {
    close();
    throw new UnusableFileError(
      `could not resume from ${folder}: no checkpoint is usable; ${faults.join("; ")}`,
    );
  }
  /** The two newest that are whole, newest first. */
  let [last, before]: (string | undefined)[] = [name, found[found.indexOf(name ?? "") + 1]];
  return {
    ...(checkpoint ? { resumed: checkpoint } : {}),
    faults,
    write(next) {
      lock.check();
      const target = `checkpoint-${next.progress.trainer.steps}.safetensors`;
      const kept = target === last ? before : last;
      writeFileAtomic(join(folder, target), encodeCheckpoint(next), {
        beforeRename() {
          for (const other of checkpointNames(folder)) {
            if (other !== kept && other !== target) unlinkSync(join(folder, other));
          }
        },
      });
      [last, before] = [target, kept];
    },
    close,
  };
}

/**
 * The newest usable checkpoint of a folder with its name, if there is one, and one line for each
 * newer one that is not usable.
 */
export function newestCheckpoint(folder: string): {
  readonly name?: string;
  readonly checkpoint?: Checkpoint;
  readonly faults: readonly string[];
} {
  const faults: string[] = [];
  for (const name of checkpointNames(folder)) {
    let bytes: Uint8Array;
    try {
      bytes = readBytes(join(folder, name));
    } catch (error) {
      faults.push((error as Error).message);
      continue;
    }
    try {
      return { name, checkpoint: decodeCheckpoint(bytes), faults };
    } catch (error) {
      faults.push(`${name} ${(error as Error).message}`);
    }
  }
  return { faults };
}
