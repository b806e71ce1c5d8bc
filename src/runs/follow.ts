/**
 * A run as all ranks but the first see it: they compute. The first one reads the recipe and the
 * checkpoint, tells them, and writes the run folder.
 */
import type { Ranks } from "../ranks/ranks.js";
import { buildModel } from "../recipes/build.js";
import type { Recipe } from "../recipes/schema.js";
import { trainModel } from "../train/train-model.js";
import { NO_RUN } from "./parts-of-ranks.js";
import { fitOptionsOf } from "./recipe-options.js";
import { dataOfRun } from "./run-recipe.js";
import type { RunOptions } from "./run.js";
import { followKeeper } from "./shared-checkpoint.js";

/** How a rank computes: each may have another number of threads. */
export type FollowOptions = Pick<RunOptions, "dataDir" | "threads" | "backend">;

/** Trains as one of the others, to the end of the run. */
export async function followRun(ranks: Ranks, options: FollowOptions): Promise<void> {
  const { dataDir, threads, backend } = options;
  const text = ranks.shareText();
  if (text === NO_RUN) return;
  const recipe = JSON.parse(text) as Recipe;
  const data = dataOfRun(recipe, { dataDir });
  const told = {
    ...fitOptionsOf(recipe),
    threads,
    backend,
    checkpoint: { folder: "" },
    onWarning() {},
  };
  await trainModel(
    buildModel(recipe.model),
    data,
    told,
    (_, model, ofData, deciding) => followKeeper(ranks, { model, data: ofData, deciding }),
    ranks,
  );
}
