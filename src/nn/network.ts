/** A network that computes something: a model with the values of its parameters and buffers. */
import { InputError } from "../errors.js";
import { isTypedArray, kindOf } from "../kinds.js";
import { checkBoth, type Counts, type Normalization } from "../normalization.js";
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
}

/**
 * Checks that every parameter and buffer of the model is there, with its shape, that the
 * normalization is one of its inputs, that there are as many labels' names as outputs, and that a
 * preparation is one of its inputs.
 *
 * @throws InputError that names the first one that is not, what was expected and what was found;
 * also for a mean or a deviation that can't be
 */
export function checkNetwork(network: Network): void {
  const { model, parameters, buffers, normalization, labelNames, preparation } = network;
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
  if (labelNames !== undefined) checkLabelNames(labelNames, size(model.output));
  if (preparation !== undefined) checkPreparation(preparation, model.input);
}

/** They may come from a file, and be anything. */
function checkLabelNames(names: readonly string[], outputs: number): void {
  const wanted = `labelNames must be a list of one text for each of the ${outputs} outputs`;
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
