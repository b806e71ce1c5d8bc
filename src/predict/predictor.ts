/** A network that answers: prepared once, asked as often as one likes. */
import { createPool } from "../runtime/pool.js";
import { computationOf } from "./computation.js";
import {
  predictorWith,
  type Engine,
  type Predictor,
  type PredictorOptions,
} from "./predictor-with.js";
import type { NetworkSource } from "./source.js";
import { threadsFor } from "./threads-for.js";

const ENGINE: Engine = {
  start: (network, { backend, wasm, threads = threadsFor(network) }) =>
    createPool({ backend, wasm, threads }),
  computation: computationOf,
};

/**
 * Makes a predictor of a network: simplifies it (batch norm is folded, dead units are cut), puts it
 * into memory, and chooses its kernels.
 *
 * @param source - a network, the bytes of its file, or where that file is: a path in Node, an
 *   address anywhere
 * @throws InputError for a source that is none of these or a network that is not complete;
 *   also for threads or a backend that can't be; what reading the file throws
 * @example
 * const net = await createPredictor("runs/first/model.safetensors");
 * const logits = await net.predict(new Uint8Array(784)); // 10 numbers for one black image
 * await net.close();
 */
export async function createPredictor(
  source: NetworkSource,
  options: PredictorOptions = {},
): Promise<Predictor> {
  return predictorWith(ENGINE, source, options);
}
