/** The outputs of a network for samples of one's own. */
import type { Network } from "../nn/network.js";
import { predictWith, type PredictOptions } from "./kept.js";
import { createPredictor } from "./predictor.js";
import type { PredictInputs } from "./samples-in.js";

/**
 * Outputs of a network, row-major [count, outputs]; for a classifier the logits of each class.
 *
 * The first call prepares the network and keeps that for as long as the network is in use, so that
 * the next ones cost what {@link Predictor.predict} costs. Numbers that are changed in place in a
 * network's arrays after that are not seen: make another network of them.
 *
 * @param inputs - row-major [count, features]; bytes count as value / 255. All are normalised as
 * `network.normalization` says, in float64: numbers of more than seven digits (times, for instance)
 * belong in a Float64Array
 * @throws InputError if the inputs are no such array or no whole number of samples, or the network
 * is not complete; also for an input that is too large for float32 when it is normalised
 * @example
 * const network = loadModel("runs/first/model.safetensors");
 * const logits = await predict(network, new Uint8Array(784)); // 10 numbers for one black image
 */
export async function predict(
  network: Network,
  inputs: PredictInputs,
  options: PredictOptions = {},
): Promise<Float32Array> {
  return predictWith(createPredictor, network, inputs, options);
}
