/** A network that computes something: a model with the values of its parameters and buffers. */
import { InputError } from "../errors.js";
import { isTypedArray, kindOf } from "../kinds.js";
import {
  checkBoth,
  checkNormalization,
  type Counts,
  type Normalization,
} from "../normalization.js";
import { at } from "../placed.js";
import { checkPreparation, type Preparation } from "../preparation.js";
import type { Shape } from "../regularizers/regularizer.js";
import { size } from "../shape-size.js";
import { packedOf } from "./packed-values.js";
import type { Model } from "./model.js";

/** Values of one parameter or buffer, row-major. */
export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * A model with its numbers. What `fit` returns is one without its model: `{ model, ...result }`.
 *
 * Names are `<layer>.<parameter>`, e.g. "linear1.weight" of shape [out, in] and
 * "batchNorm2d1.running" of shape [2, channels] (mean and variance).
 */
export interface Network {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Values>;
  readonly buffers: ReadonlyMap<string, Values>;
  /** The inputs it expects are (x - mean) / std for each channel; absent: inputs as they are. */
  readonly normalization?: Normalization;
  /** Of a classifier: the name of each class, in the order of the outputs. */
  readonly labelNames?: readonly string[];
  /** How samples of files become inputs, such as the categories of a table. */
  readonly preparation?: Preparation;
  /** Of a network for regression: what its outputs are. */
  readonly targets?: TargetFacts;
}

/** What the outputs of a network for regression are, one entry for each. */
export interface TargetFacts {
  readonly names?: readonly string[];
  /**
   * By which the targets were divided in training. The outputs are in the units of the targets all
   * the same; a row of the last layer's weights is larger by this.
   */
  readonly std?: readonly number[];
}

/**
 * Checks that every parameter and buffer of the model is there, with its shape, that the
 * normalization is one of its inputs, that there are as many names as outputs, and that a
 * preparation is one of its inputs.
 *
 * @throws InputError that names the first one that is not, what was expected and what was found;
 * also for a mean or a deviation that can't be
 */
export function checkNetwork(network: Network): void {
  const { model, parameters, buffers, normalization, labelNames, preparation, targets } = network;
  for (const node of model.nodes) {
    for (const [specs, values] of [
      [node.parameters, parameters] as const,
      [node.buffers, buffers] as const,
    ]) {
      for (const { name: key, shape } of specs) {
        const name = `${node.name}.${key}`;
        const value = values.get(name);
        if (value?.shape.join() === shape.join()) {
          // Packed ones have been checked, and stay packed.
          if (packedOf(value)) continue;
          if (isTypedArray(value.data, "Float32Array") && value.data.length === size(shape))
            continue;
        }
        const found = value
          ? `[${value.shape.join(", ")}] with ${value.data.length} numbers`
          : "none";
        throw new InputError(
          `the network needs "${name}" of shape [${shape.join(", ")}] in float32, found ${found}`,
        );
      }
    }
  }
  if (normalization !== undefined)
    at("normalization", () => checkBoth(normalization, countsOf(model.input)));
  if (preparation !== undefined) checkPreparation(preparation, model.input);
  const outputs = size(model.output);
  if (labelNames !== undefined) checkNames("labelNames", labelNames, outputs);
  if (targets !== undefined) checkTargets(targets, outputs);
}

/** All of it may come from a file, and be anything. */
function checkTargets(targets: TargetFacts, outputs: number): void {
  if (typeof targets !== "object" || targets === null)
    throw new InputError(`targets must be an object, found ${kindOf(targets)}`);
  const { names, std } = targets;
  if (names !== undefined) checkNames("targets.names", names, outputs);
  if (std === undefined) return;
  const counts = { fits: (n: number) => n === outputs, wanted: "one number for each output" };
  at("targets", () => checkNormalization({ std }, counts));
}

/** They may come from a file, and be anything. */
function checkNames(what: string, names: readonly string[], outputs: number): void {
  const wanted = `${what} must be a list of one text for each of the ${outputs} outputs`;
  if (!Array.isArray(names)) throw new InputError(`${wanted}, found ${kindOf(names)}`);
  if (names.length !== outputs) throw new InputError(`${wanted}, found ${names.length}`);
  const bad = names.findIndex((name) => typeof name !== "string");
  if (bad >= 0) throw new InputError(`${wanted}, found ${kindOf(names[bad])} at index ${bad}`);
}

/**
 * The channels of the data need not be those of the model: each is a run of numbers in a sample,
 * all of one length. Where a model takes images, the data were such images or flat.
 */
function countsOf(input: Shape): Counts {
  const features = size(input);
  if (input.length === 3) {
    const [channels] = input;
    return {
      fits: (n) => n === channels || n === 1 || n === features,
      wanted: `one number for each of the ${channels} channels, or one, or one for each of the ${features} features`,
    };
  }
  return {
    fits: (n) => n > 0 && features % n === 0,
    wanted: `one number, or one for each of several equal runs of the ${features} features`,
  };
}
