/**
 * The checkpoints of a run, in its folder: what the training loop goes on from, and writes
 * (train/keeper.ts).
 */
import type { AnyDataset } from "../data/dataset.js";
import { UnusableFileError } from "../errors.js";
import type { FolderLock } from "../folder-lock.js";
import type { Model } from "../nn/model.js";
import type { Ranks } from "../ranks/ranks.js";
import { openCheckpoints } from "./checkpoint.js";
import type { Keeper } from "../train/keeper.js";
import type { Checkpoint } from "./checkpoint-file.js";
import { DEFAULTS, type CheckpointOptions } from "../train/fit-options.js";
import { differences, identityOf, textOf, type Identity } from "./identity.js";
import { shareCheckpoint } from "./shared-checkpoint.js";

/** Whether a checkpoint is of a version that kept less of its run's data and recipe. */
const knowsLess = ({ version }: Checkpoint) => version === "3";

/** The identity in a checkpoint; what earlier versions kept less of is taken as it is now. */
function identityIn(found: Checkpoint, now: Identity): Identity {
  const { kind } = JSON.parse(now.schedule) as { kind: string };
  // An option that there was not, then, was as it is by default now.
  const added = Object.keys(DEFAULTS).filter((key) => key in now && !(key in found.identity));
  // Where the weights came from makes no difference any more, and need not be said again.
  const { start, ...identity } = found.identity;
  return {
    ...identity,
    ...(now.start !== undefined && start !== undefined && { start }),
    ...Object.fromEntries(
      added.map((key) => [key, textOf(DEFAULTS[key as keyof typeof DEFAULTS])]),
    ),
    ...(found.identity.schedule === JSON.stringify({ kind }) && { schedule: now.schedule }),
    ...(knowsLess(found) && { data: now.data, "recipe.json": now["recipe.json"] }),
  };
}

/** Longest time between two checkpoints, in seconds. */
const EVERY = 60;

/**
 * Opens a run's checkpoints.
 *
 * @param options - of the run, defaults filled in
 * @param lock - of the folder, where the caller has it
 * @param ranks - who trains along; this is the first of them
 * @throws UnusableFileError as openCheckpoints, and if what is there is of another run
 */
export function openKeeper(
  {
    folder,
    everySeconds = EVERY,
    resume = false,
    identity: given = {},
    about = {},
  }: CheckpointOptions,
  model: Model,
  data: AnyDataset,
  options: Readonly<Record<string, unknown>>,
  { lock, ranks }: { readonly lock?: FolderLock; readonly ranks?: Ranks | undefined } = {},
): Keeper {
  const now = identityOf(model, data, { ...options, ...given });
  const { resumed: found, faults, write, close } = openCheckpoints(folder, resume, lock);
  const changed = found ? differences(identityIn(found, now), now) : [];
  if (changed.length > 0) {
    close();
    throw new UnusableFileError(
      `could not resume from ${folder}: its checkpoint is of another run; what differs: ${changed.join(", ")}`,
    );
  }
  if (ranks) shareCheckpoint(ranks, found, { model, data, deciding: options });
  const kept = found?.identity.start;
  const identity = kept === undefined ? now : { ...now, start: kept };
  const resumed = found?.progress;
  const told = found?.about ?? about;
  const less = found !== undefined && knowsLess(found);
  let tensors = found?.tensors;
  let last = performance.now();
  return {
    ...(resumed && { resumed }),
    about: told,
    restore(trainer) {
      if (!resumed || !tensors) return undefined;
      trainer.restore({ ...resumed.trainer, tensors });
      const restored = tensors;
      tensors = undefined;
      return restored;
    },
    notes({ backend, isa }) {
      if (!resume) return [];
      if (!resumed) return ["There is no checkpoint yet: the run starts from the beginning."];
      const notes = faults.map((fault) => `${fault}; the one before it is used.`);
      if (less)
        notes.push(
          "The run was begun by an earlier version: whether its data are the same is not known.",
        );
      if (resumed.backend !== backend || resumed.isa !== isa) {
        const names = `${resumed.backend} (${resumed.isa}) and goes on on ${backend} (${isa})`;
        notes.push(
          `The run was on ${names}: its results are those of an uninterrupted run to rounding only.`,
        );
      }
      return notes;
    },
    isDue: () => performance.now() - last >= everySeconds * 1000,
    save(progress, { tensors: state, ...trainer }, beside) {
      write({
        identity,
        about: told,
        progress: { ...progress, trainer },
        tensors: new Map([...state, ...beside]),
      });
      last = performance.now();
    },
    close,
  };
}
