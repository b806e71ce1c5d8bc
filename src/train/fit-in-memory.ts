/** `fit` where there is no file system: see train-model.ts for the loop. */
import type { AnyDataset } from "../data/dataset.js";
import { InputError } from "../errors.js";
import type { Model } from "../nn/model.js";
import type { FitOptions } from "./fit-options.js";
import { type FitResult, trainModel } from "./train-model.js";

/** Options of {@link fit}. */
export type FitInMemoryOptions = Omit<FitOptions, "checkpoint">;

/**
 * Trains a model on a data set. With more than one thread it must be called in a web worker of a
 * page that is cross-origin isolated; a page itself can train on one.
 *
 * @throws InputError for an impossible number (epochs, batch size, seed, ...)
 * @throws DivergedError at the first non-finite loss
 * @throws InputError if model, data and loss do not fit each other, `freeze` or `targetDensity` an
 *   optimizer, or for `checkpoint`
 * @example
 * const train = { inputs: images, labels }; // Uint8Arrays of [count, 784] and [count]
 * const result = await fit(mlp([784, 200, 80, 10]), fromArrays({ shape: [1, 28, 28], train }), {
 *   optimizer: {
 *     weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
 *     biases: linBreg({ tau: 0.1 }),
 *   },
 *   init: { weights: { density: 0.01 } },
 *   epochs: 5,
 * });
 */
export async function fit(
  model: Model,
  data: AnyDataset,
  options: FitInMemoryOptions,
): Promise<FitResult> {
  if ((options as { checkpoint?: unknown }).checkpoint !== undefined) {
    throw new InputError(
      "checkpoint: a browser has no folders; encodeModel gives the bytes of a trained network",
    );
  }
  return trainModel(model, data, options);
}
