/** A network that answers: prepared once, asked as often as one likes. */
import { InputError } from "../errors.js";
import { simplify } from "../export/simplify/simplify.js";
import { knownOptions } from "../known-options.js";
import type { Model } from "../nn/model.js";
import type { Network } from "../nn/network.js";
import type { BackendName } from "../runtime/backend.js";
import { COMPUTE_OPTIONS, type ComputeOptions, type Pool } from "../runtime/pool.js";
import { type Computation, createQueue } from "./queue.js";
import { type PredictInputs, samplesOf } from "./samples-in.js";
import { networkOf, type NetworkSource } from "./source.js";

/** How to compute. Threads: by default as many as pay for the network, one for most. */
export type PredictorOptions = ComputeOptions;

/** A network in memory, with all that it needs to answer at once. */
export interface Predictor {
  /** What it computes, simplified: as small as it can be with the same outputs. */
  readonly model: Model;
  readonly backend: BackendName;
  readonly threads: number;
  /** Of a classifier: the name of each class, where its file has them; for `topClasses`. */
  readonly labelNames?: readonly string[];
  /**
   * Outputs of the network, row-major [count, outputs]; for a classifier the logits of each class.
   * May be called again while others wait: small calls that wait together are computed together.
   *
   * @param inputs - row-major [count, features]; bytes count as value / 255. They are read when it
   *   is their turn, so leave them as they are until then
   * @throws InputError if the inputs are no such array or no whole number of samples; also for
   *   an input that is too large for float32 when it is normalised, and if it is closed
   */
  predict(inputs: PredictInputs): Promise<Float32Array>;
  /** The same at once, before those who wait; no others have their turn before it is done. */
  predictSync(inputs: PredictInputs): Float32Array;
  /** Ends it, once those who wait have their answers. Its memory goes to the next one. */
  close(): Promise<void>;
  /** `using` closes it. */
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What computes a network: the part of a predictor that differs from place to place. */
export interface Engine {
  /** The pool for a network. */
  start(network: Network, options: PredictorOptions): Promise<Pool>;
  computation(pool: Pool, network: Network): Computation;
}

/** A predictor with an engine, of a source as createPredictor takes it. */
export async function predictorWith(
  engine: Engine,
  source: NetworkSource,
  options: PredictorOptions,
): Promise<Predictor> {
  knownOptions("createPredictor", options, COMPUTE_OPTIONS);
  const network = simplify(await networkOf(source));
  const pool = await engine.start(network, options);
  try {
    return predictorOf(pool, network, engine.computation(pool, network));
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** The predictor of what runs on a pool. */
function predictorOf(pool: Pool, network: Network, computation: Computation): Predictor {
  const { model, labelNames } = network;
  const queue = createQueue(computation);
  let closed: Promise<void> | undefined;
  const given = (who: string, inputs: PredictInputs) => {
    if (closed) throw new InputError(`${who}: the predictor is closed`);
    return samplesOf(who, model, inputs);
  };
  const close = (): Promise<void> => (closed ??= queue.idle().then(() => pool.close()));
  return {
    model,
    backend: pool.backend,
    threads: pool.threads,
    ...(labelNames && { labelNames }),
    predict: async (inputs) => {
      const samples = given("predict", inputs);
      return samples.count === 0 ? new Float32Array(0) : queue.add(samples);
    },
    predictSync(inputs) {
      const samples = given("predictSync", inputs);
      const { piece, outputs, put, run } = computation;
      const out = new Float32Array(samples.count * outputs);
      for (let from = 0; from < samples.count; from += piece) {
        const to = Math.min(samples.count, from + piece);
        put(samples, from, to, 0);
        run(to - from, out.subarray(from * outputs, to * outputs));
      }
      return out;
    },
    close,
    [Symbol.dispose]: () => void close(),
    [Symbol.asyncDispose]: close,
  };
}
