/** The outputs of a network for samples of one's own. */
import { InputError } from "../errors.js";
import { INPUT_KINDS, type Inputs, isInputs } from "../inputs.js";
import { isTypedArray } from "../kinds.js";
import { knownOptions } from "../known-options.js";
import { size } from "../nn/layers/layer.js";
import { checkNetwork, type Network } from "../nn/network.js";
import { storeSamples, unchanged } from "../nn/samples.js";
import { COMPUTE_OPTIONS, type ComputeOptions, createPool } from "../runtime/pool.js";
import { createEvaluator } from "../engine/evaluator.js";
import { takeTurns } from "../engine/next-turn.js";

/** Samples between two turns for others. */
const CHUNK = 512;

/** How to compute. */
export type PredictOptions = ComputeOptions;

/**
 * Outputs of a network, row-major [count, outputs]; for a classifier the logits of each class.
 *
 * @param inputs - row-major [count, features]; bytes count as value / 255. All are normalized as
 * `network.normalization` says, in float64: numbers of more than seven digits (times, for instance)
 * belong in a Float64Array
 * @throws InputError if the inputs are no such array or no whole number of samples, or the network
 * is not complete; also for an input that is too large for float32 when it is normalized
 * @example
 * const network = loadModel("runs/first/model.safetensors");
 * const logits = await predict(network, new Uint8Array(784)); // 10 numbers for one black image
 */
export async function predict(
  network: Network,
  inputs: Inputs | Uint8ClampedArray,
  options: PredictOptions = {},
): Promise<Float32Array> {
  const { backend, threads, wasm } = knownOptions("predict", options, COMPUTE_OPTIONS);
  const given = isTypedArray(inputs, "Uint8ClampedArray")
    ? new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.length)
    : inputs;
  if (!isInputs(given))
    throw new InputError(`predict: inputs must be ${INPUT_KINDS}, or a Uint8ClampedArray`);
  checkNetwork(network);
  const features = size(network.model.input);
  const count = inputs.length / features;
  if (!Number.isInteger(count)) {
    const shape = network.model.input.join(", ");
    throw new InputError(
      `predict: inputs must be samples of ${features} numbers ([${shape}]), found ${inputs.length}`,
    );
  }
  if (count === 0) return new Float32Array(0);
  const pool = await createPool({ backend, threads, wasm });
  try {
    const { mean, std } = network.normalization ?? unchanged(network.model.input);
    const samples = storeSamples(pool.memory, [{ inputs: given, labels: new Uint8Array(count) }], {
      features,
      mean,
      std,
    });
    const { predict: outputs } = createEvaluator(pool, network, { loss: "crossEntropy", samples });
    const turns = takeTurns();
    const out = new Float32Array(count * size(network.model.output));
    for (let from = 0; from < count; from += CHUNK) {
      const chunk = Int32Array.from({ length: Math.min(CHUNK, count - from) }, (_, k) => from + k);
      out.set(outputs(chunk), from * size(network.model.output));
      await turns();
    }
    return out;
  } finally {
    await pool.close();
  }
}
