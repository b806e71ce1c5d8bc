/** What a recipe says about data and training, as `fit` takes it. */
import type { Dataset } from "../data/dataset.js";
import type { DataOptions } from "../data/data-dir.js";
import { loadData } from "../data/load.js";
import { restorationTask } from "../data/restore.js";
import { buildOptimizer, buildSchedule } from "../recipes/build.js";
import { toSource } from "../recipes/data-schema.js";
import type { Recipe } from "../recipes/schema.js";
import type { FitOptions } from "./fit-options.js";

/**
 * The data of a recipe, as `fit` takes them.
 *
 * @throws as loadData and restorationTask
 */
export function dataOf({ data, seed }: Recipe, options: DataOptions = {}): Dataset {
  const { restore, limit, validation, splitSeed } = data;
  const loaded = loadData(toSource(data), { ...options, limit, validation, splitSeed });
  return restore ? restorationTask(loaded, { ...restore, seed: restore.seed ?? seed }) : loaded;
}

/** The options of `fit` that follow from a recipe: all but where and how to run it. */
export function fitOptionsOf(recipe: Recipe): FitOptions {
  const { data, init, optimizer } = recipe;
  return {
    optimizer: {
      weights: buildOptimizer(optimizer.weights),
      biases: buildOptimizer(optimizer.biases),
      convs: optimizer.convs && buildOptimizer(optimizer.convs),
      norms: optimizer.norms && buildOptimizer(optimizer.norms),
      skips: optimizer.skips && buildOptimizer(optimizer.skips),
    },
    init: {
      weights: init.weights,
      convs: init.convs,
      ...(init.layers === undefined ? {} : { layers: init.layers }),
      biases: { r0: init.biases.scale, signed: init.biases.signed },
    },
    loss: recipe.loss,
    schedule: buildSchedule(recipe.schedule, recipe.epochs),
    freeze: recipe.freeze,
    targetDensity: recipe.targetDensity,
    clip: recipe.clip,
    sampleDual: recipe.sampleDual,
    labelSmoothing: recipe.labelSmoothing,
    average: recipe.average,
    freshStatistics: recipe.freshStatistics,
    recompute: recipe.recompute,
    batchSize: recipe.batchSize,
    microBatches: recipe.microBatches,
    epochs: recipe.epochs,
    seed: recipe.seed,
    name: recipe.name,
    validation: data.validation,
    splitSeed: data.splitSeed,
    normalize: data.normalize,
    limit: data.limit,
    augment: data.augment,
  };
}
