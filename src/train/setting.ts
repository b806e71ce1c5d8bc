/** What of a training's options decides its bits: a checkpoint keeps it, and a resumed run must have the same. */
import type { Dataset } from "../data/dataset.js";
import { constant } from "../optim/constant.js";
import { freezeOptions, type FitOptions } from "./fit-options.js";
import { lossOf } from "./fits-data.js";

/** The options with their defaults filled in. Not among them: the number of epochs, the backend and the threads. */
export function settingOf(options: FitOptions, data: Dataset) {
  const { optimizer, init, targetDensity, clip, average, freshStatistics, microBatches, sampleDual } = options;
  const { loss = lossOf(data), schedule = constant(), batchSize = 128, seed = 0, labelSmoothing, limit } = options;
  const { validation = 0, splitSeed = 42, normalize = true, augment } = options;
  return {
    optimizer,
    init,
    loss,
    schedule,
    freeze: options.freeze === undefined ? undefined : freezeOptions(options.freeze),
    targetDensity,
    clip,
    average,
    freshStatistics,
    batchSize,
    microBatches,
    sampleDual,
    labelSmoothing,
    seed,
    validation,
    splitSeed,
    limit,
    normalize,
    augment,
  };
}
