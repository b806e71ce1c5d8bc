/** The outputs of a network for samples of one's own. */
import type { Network, Values } from "../nn/network.js";
import { knownOptions } from "../known-options.js";
import { COMPUTE_OPTIONS, type ComputeOptions } from "../runtime/pool.js";
import { createPredictor, type Predictor } from "./predictor.js";
import { type PredictInputs, samplesOf } from "./samples-in.js";

/** How to compute. Threads: by default as many as pay for the network, one for most. */
export type PredictOptions = ComputeOptions;

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
  knownOptions("predict", options, COMPUTE_OPTIONS);
  samplesOf("predict", network.model, inputs);
  const predictor = await predictorFor(network, options);
  return predictor.predict(inputs);
}

/** A predictor, and what it was made of. */
interface Kept {
  readonly options: PredictOptions;
  readonly parts: readonly unknown[];
  readonly predictor: Promise<Predictor>;
}

const kept = new WeakMap<Network, Kept[]>();

/** Ends predictors whose networks nobody has any more. */
let ending: FinalizationRegistry<Promise<Predictor>> | undefined;

/** The predictor of a network for these options: the one of before, if the network is the same. */
function predictorFor(network: Network, options: PredictOptions): Promise<Predictor> {
  const parts = partsOf(network);
  const all = kept.get(network) ?? [];
  const isCurrent = (one: Kept) =>
    one.parts.length === parts.length && one.parts.every((part, k) => part === parts[k]);
  const current = all.filter(isCurrent);
  for (const { predictor } of all.filter((one) => !isCurrent(one))) end(predictor);
  let found = current.find((one) => sameOptions(one.options, options))?.predictor;
  if (!found) {
    const predictor = createPredictor(network, options);
    found = predictor;
    current.push({ options: { ...options }, parts, predictor });
    // One that could not be made is tried again.
    predictor.catch(() => forget(network, predictor));
    ending ??= new FinalizationRegistry(end);
    ending.register(network, predictor);
  }
  kept.set(network, current);
  return found;
}

function forget(network: Network, predictor: Promise<Predictor>): void {
  const others = (kept.get(network) ?? []).filter((one) => one.predictor !== predictor);
  kept.set(network, others);
}

function end(predictor: Promise<Predictor>): void {
  predictor.then(
    (one) => one.close(),
    () => {},
  );
}

/** What a network is made of: with other arrays it is another. */
function partsOf({ model, parameters, buffers, normalization }: Network): unknown[] {
  const arrays = (values: ReadonlyMap<string, Values>) => [...values.values()];
  return [model, normalization, ...arrays(parameters), ...arrays(buffers)];
}

function sameOptions(a: PredictOptions, b: PredictOptions): boolean {
  const keys = Object.keys(COMPUTE_OPTIONS) as (keyof PredictOptions)[];
  return keys.every((key) => a[key] === b[key]);
}
