/**
 * `fit`, with checkpoints in a folder: see train-model.ts for the loop, which is loaded when it is
 * called.
 */
import type { AnyDataset } from "../data/dataset.js";
import type { Model } from "../nn/model.js";
import type { FitOptions } from "../train/fit-options.js";
import type { OpenKeeper } from "../train/keeper.js";
import type { FitResult } from "../train/train-model.js";

/**
 * Trains a model on a data set.
 *
 * @throws InputError for an impossible number (epochs, batch size, seed, ...)
 * @throws DivergedError at the first non-finite loss
 * @throws InputError if model, data and loss do not fit each other, or `freeze` or `targetDensity`
 *   an optimizer
 * @throws InputError if `checkpoint.resume` finds checkpoints but none of this run that is whole
 * @example
 * const data = loadMnist();
 * const result = await fit(mlp([784, 200, 80, 10]), data, {
 *   optimizer: {
 *     weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
 *     biases: linBreg({ tau: 0.1 }),
 *   },
 *   init: { weights: { density: 0.01 } },
 *   epochs: 5,
 * });
 * console.log(result.final.testAccuracy, result.final.density);
 *
 * @example
 * // With "meanSquaredError" the outputs come near to targets: fromArrays takes them,
 * // restorationTask makes them.
 * const noisy = restorationTask(loadMnist(), { noise: 0.05, seed: 3 });
 * const rows = groupLasso({ lambda: 0.03, groups: "rows" });
 * const { final } = await fit(skipAutoencoder({ layers: 2, skips: false }), noisy, {
 *   loss: "meanSquaredError",
 *   optimizer: {
 *     weights: adaBreg({ tau: 0.001, regularizer: rows }),
 *     biases: adaBreg({ tau: 0.001 }),
 *   },
 *   init: { weights: { density: 0.1, mask: "row", varianceFactor: 0.25 } },
 *   epochs: 5,
 * });
 * console.log(final.testLoss, final.ssim);
 */
export async function fit(model: Model, data: AnyDataset, options: FitOptions): Promise<FitResult> {
  const { trainModel } = await import("../train/train-model.js");
  return trainModel(model, data, options, openKeeper);
}

/** The files' reader and its schemas are loaded by the runs that have checkpoints. */
const openKeeper: OpenKeeper = async (options, model, data, deciding) =>
  (await import("./checkpoint-keeper.js")).openKeeper(options, model, data, deciding);
