/**
 * A start that is given: the numbers of a trained network in place of drawn ones.
 *
 * Each parameter and buffer of the model takes those of its name. v follows as from any start: v =
 * theta / delta + p with p in dJ(theta), so that prox_{delta J}(delta v) gives theta back. Layers
 * that are to begin anew are named: they are drawn, and their buffers are as the layer has them.
 */
import { InputError } from "../errors.js";
import { isMap, kindOf } from "../kinds.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { didYouMean } from "../nearest.js";
import type { Model } from "../nn/model.js";
import type { Network, Values } from "../nn/network.js";
import { size } from "../shape-size.js";

/** A network to start from: that of a file, a result of `fit`, or numbers from elsewhere. */
export type StartNetwork = Pick<Network, "parameters" | "buffers"> & Partial<Network>;

export interface StartOptions {
  readonly network: StartNetwork;
  /**
   * Layers that are drawn by `init` all the same, such as the last one where the classes are
   * others. Of them the network needs nothing, and what it has is left out. Default: none.
   */
  readonly fresh?: readonly string[] | undefined;
  /** Where it comes from, lines that are told as notes when the training begins. Default: none. */
  readonly notes?: readonly string[] | undefined;
}

const OPTIONS: OptionKeys<StartOptions> = { network: 1, fresh: 1, notes: 1 };

/** Faults that a message names. */
const MOST_NAMED = 3;

/** The options that a start means: those given, or those of a network. */
export function startOptions(start: StartNetwork | StartOptions): StartOptions {
  if (typeof start !== "object" || start === null) {
    throw new InputError(
      `start: expected a network such as loadModel gives, or an object with one, found ${kindOf(start)}`,
    );
  }
  const options = "network" in start ? knownOptions("start", start, OPTIONS) : { network: start };
  const { parameters, buffers } = options.network ?? {};
  if (!isMap(parameters) || !isMap(buffers)) {
    throw new InputError(
      "start: expected a network with maps of parameters and buffers, found parameters " +
        `${kindOf(parameters)} and buffers ${kindOf(buffers)}`,
    );
  }
  return options;
}

/** What a model has to be given: its parameters and buffers, but for those of fresh layers. */
export function wantedOf({ nodes }: Model, fresh: readonly string[] = []) {
  const holders = nodes.filter(({ parameters }) => parameters.length > 0).map(({ name }) => name);
  for (const name of fresh) {
    if (holders.includes(name)) continue;
    throw new InputError(
      `start: fresh: the model has no layer "${name}" with parameters` +
        `${didYouMean(name, holders)}; layers: ${holders.join(", ")}`,
    );
  }
  return nodes.flatMap((node) =>
    [...node.parameters, ...node.buffers].map((spec) => ({
      layer: node.name,
      name: `${node.name}.${spec.name}`,
      shape: spec.shape,
      isFresh: fresh.includes(node.name),
    })),
  );
}

/**
 * Values of all parameters, and of the buffers that the network has, by name.
 *
 * @param drawn - what fresh layers begin with
 * @throws InputError of one line, if the network lacks something, or has it in another shape or
 *   something else besides
 */
export function startFrom(
  model: Model,
  { network, fresh }: StartOptions,
  drawn: () => ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array> {
  const wanted = wantedOf(model, fresh);
  const { parameters, buffers } = network;
  const given = new Map<string, Values>([...parameters, ...buffers]);
  const start = new Map(wanted.some(({ isFresh }) => isFresh) ? drawn() : []);
  const faults: string[] = [];
  for (const { name, layer, shape, isFresh } of wanted) {
    const values = given.get(name);
    given.delete(name);
    if (isFresh) continue;
    const fault = faultOf(values, shape);
    if (!fault) start.set(name, values!.data);
    else faults.push(`"${name}" must have the shape [${shape.join(", ")}], ${fault(layer)}`);
  }
  // Of a layer that is drawn the network may have more, or something else.
  const extra = [...given.keys()].filter(
    (name) => !fresh?.some((layer) => name.startsWith(`${layer}.`)),
  );
  for (const name of extra) faults.push(`the model has no "${name}"`);
  if (faults.length === 0) return start;
  const more = faults.length - MOST_NAMED;
  const listed = faults.slice(0, MOST_NAMED).join("; ");
  throw new InputError(
    `start: the network does not fit the model: ${listed}${more > 0 ? ` (and ${more} more)` : ""}`,
  );
}

/** What is wrong with values that should have a shape, of a layer. */
function faultOf(
  values: Values | undefined,
  shape: readonly number[],
): ((layer: string) => string) | undefined {
  if (!values) return () => "found none";
  if (values.shape.join() !== shape.join()) {
    const found = `found [${values.shape.join(", ")}]`;
    // Another number of outputs, all else the same: other classes.
    const isOther = values.shape.slice(1).join() === shape.slice(1).join();
    return (layer) => (isOther ? `${found} (fresh: ["${layer}"] draws this layer anew)` : found);
  }
  const { data } = values;
  if (data.length !== size(shape)) return () => `found ${data.length} numbers`;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  return bad < 0 ? undefined : () => `and finite numbers, found ${data[bad]} at index ${bad}`;
}
