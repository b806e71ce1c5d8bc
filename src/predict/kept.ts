/** Predictors that are kept for as long as their networks are in use. */
import { knownOptions } from "../known-options.js";
import type { Network, Values } from "../nn/network.js";
import { COMPUTE_OPTIONS } from "../runtime/pool.js";
import type { Predictor, PredictorOptions } from "./predictor-with.js";
import { type PredictInputs, samplesOf } from "./samples-in.js";

/** How to compute. Threads: by default as many as pay for the network, one for most. */
export type PredictOptions = PredictorOptions;

type Create = (network: Network, options: PredictOptions) => Promise<Predictor>;

/** The outputs of a network by the predictor that is kept for it, if need be a new one. */
export async function predictWith(
  create: Create,
  network: Network,
  inputs: PredictInputs,
  options: PredictOptions,
): Promise<Float32Array> {
  knownOptions("predict", options, COMPUTE_OPTIONS);
  samplesOf("predict", network.model, inputs);
  const predictor = await predictorFor(create, network, options);
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
function predictorFor(
  create: Create,
  network: Network,
  options: PredictOptions,
): Promise<Predictor> {
  const parts = partsOf(network);
  const all = kept.get(network) ?? [];
  const isCurrent = (one: Kept) =>
    one.parts.length === parts.length && one.parts.every((part, k) => part === parts[k]);
  const current = all.filter(isCurrent);
  for (const { predictor } of all.filter((one) => !isCurrent(one))) end(predictor);
  let found = current.find((one) => sameOptions(one.options, options))?.predictor;
  if (!found) {
    const predictor = create(network, options);
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
