/** A network that computes something: a model with the values of its parameters and buffers. */
import { isTypedArray } from "../kinds.js";
import type { Shape } from "../regularizers/regularizer.js";
import type { Model } from "./model.js";

/** Values of one parameter or buffer, row-major. */
export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * A model with its numbers. What `fit` returns is one without its model: `{ model, ...result }`.
 *
 * Names are `<layer>.<parameter>`, e.g. "linear1.weight" of shape [out, in] and "batchNorm2d1.running" of shape
 * [2, channels] (mean and variance).
 */
export interface Network {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Values>;
  readonly buffers: ReadonlyMap<string, Values>;
  /** The inputs it expects are (x - mean) / std for each channel; absent: inputs as they are. */
  readonly normalization?: Normalization;
}

/** One number a channel, in units of the inputs (bytes count as value / 255). */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Checks that every parameter and buffer of the model is there, with its shape.
 *
 * @throws TypeError that names the first one that is not, what was expected and what was found
 */
export function checkNetwork({ model, parameters, buffers }: Network): void {
  for (const node of model.nodes) {
    for (const [specs, values] of [[node.parameters, parameters] as const, [node.buffers, buffers] as const]) {
      for (const { name: key, shape } of specs) {
        const name = `${node.name}.${key}`;
        const value = values.get(name);
        const length = shape.reduce((product, n) => product * n, 1);
        if (
          isTypedArray(value?.data, "Float32Array") &&
          value.shape.join() === shape.join() &&
          value.data.length === length
        ) {
          continue;
        }
        const found = value ? `[${value.shape.join(", ")}] with ${value.data.length} numbers` : "none";
        throw new TypeError(`the network needs "${name}" of shape [${shape.join(", ")}] in float32, found ${found}`);
      }
    }
  }
}
