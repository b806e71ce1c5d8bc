/** What a recipe says about data and training, as `fit` takes it. */
import type { AnyDataset } from "../data/dataset.js";
import type { DataOptions } from "../data/data-dir.js";
import { loadData, openData } from "../data/load.js";
import { restorationTask } from "../data/restore.js";
import { buildModel, buildOptimizer, buildSchedule } from "../recipes/build.js";
import { toSource } from "../recipes/data-schema.js";
import type { Recipe } from "../recipes/schema.js";
import type { FitOptions } from "../train/fit-options.js";
import { readStart } from "./start-file.js";

/**
 * The data of a recipe, as `fit` takes them.
 *
 * @throws as loadData and restorationTask
 */
export function dataOf({ data, seed }: Recipe, options: DataOptions = {}): AnyDataset {
  const { restore, limit, validation, splitSeed, stratify } = data;
  const use = { limit, validation, splitSeed, stratify };
  const [source, all] = [toSource(data), { ...options, ...use }];
  if (!restore) return openData(source, all);
  return restorationTask(loadData(source, all), { ...restore, seed: restore.seed ?? seed });
}

/**
 * The options of `fit` that follow from a recipe: all but where and how to run it. Most keys are
 * the same there. A network to start from is read.
 *
 * @throws UnusableFileError if that can't be
 */
export function fitOptionsOf(recipe: Recipe): FitOptions {
  const { data, init, optimizer, schedule, description: _, model, start, ...same } = recipe;
  const { validation, splitSeed, stratify, normalize, limit, augment } = data;
  return {
    ...same,
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
    ...(start && { start: readStart(start, buildModel(model)) }),
    schedule: buildSchedule(schedule, recipe.epochs),
    validation,
    splitSeed,
    stratify,
    normalize,
    limit,
    augment,
  };
}
