/** What a recipe says of the parts of a batch, where ranks share them out. */
import { InputError } from "../errors.js";
import type { Ranks } from "../ranks/ranks.js";
import type { Recipe } from "../recipes/schema.js";

/** What the first rank tells in place of a recipe where there is nothing to train. */
export const NO_RUN = "";

/**
 * The recipe with parts for all ranks: one for each where it does not say how many.
 *
 * @param resume - whether the run has begun: its parts then stay as they are
 * @throws InputError if there are fewer parts than ranks
 */
export function inParts(recipe: Recipe, { count }: Pick<Ranks, "count">, resume: boolean): Recipe {
  const { microBatches = resume ? 1 : count, batchSize } = recipe;
  if (microBatches >= count && batchSize >= count) return { ...recipe, microBatches };
  if (batchSize < count)
    throw new InputError(
      `${count} ranks can't share a batch of ${batchSize} samples: expected a batchSize of ${count} or more`,
    );
  throw new InputError(
    `${count} ranks can't share ${microBatches === 1 ? "1 part" : `${microBatches} parts`} of a batch: ` +
      (resume
        ? `start at most ${microBatches}, as many as the run began with parts (microBatches)`
        : `expected microBatches of ${count} or more in the recipe, or none`),
  );
}

/** Says how a batch is shared out. */
export function ranksNote({ microBatches = 1 }: Recipe, { count }: Ranks): string {
  return (
    `${count} ranks share out the ${microBatches} parts of a batch (microBatches). With as many ` +
    "parts, any number of ranks gives the same bits."
  );
}
