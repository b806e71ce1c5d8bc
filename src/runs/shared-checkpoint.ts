/** The checkpoint that ranks go on from: the first one has it, and gives it to the others. */
import type { AnyDataset } from "../data/dataset.js";
import type { Model } from "../nn/model.js";
import type { Ranks } from "../ranks/ranks.js";
import type { Keeper } from "../train/keeper.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint-file.js";
import { identityOf } from "./identity.js";

/** What of a training all ranks must have the same. */
interface Same {
  readonly model: Model;
  readonly data: AnyDataset;
  readonly deciding: Readonly<Record<string, unknown>>;
}

/**
 * Gives the other ranks the checkpoint to go on from, if there is one.
 *
 * @throws InputError on all ranks, if their data or settings differ
 */
export function shareCheckpoint(ranks: Ranks, found: Checkpoint | undefined, same: Same): void {
  ranks.share(found ? encodeCheckpoint(found) : new Uint8Array(0));
  agree(ranks, same);
}

/**
 * The checkpoints as another rank than the first has them.
 *
 * @throws as shareCheckpoint
 */
export function followKeeper(ranks: Ranks, same: Same): Keeper {
  const bytes = ranks.share();
  agree(ranks, same);
  let found = bytes.length > 0 ? decodeCheckpoint(bytes) : undefined;
  return {
    ...(found && { resumed: found.progress }),
    about: {},
    restore(trainer) {
      if (!found) return undefined;
      const { progress, tensors } = found;
      trainer.restore({ ...progress.trainer, tensors });
      found = undefined;
      return tensors;
    },
    notes: () => [],
    isDue: () => false,
    save() {},
    close() {},
  };
}

function agree(ranks: Ranks, { model, data, deciding }: Same): void {
  const { data: hash, ...settings } = identityOf(model, data, deciding);
  ranks.agree("data", hash);
  ranks.agree("settings", JSON.stringify(settings));
}
