/** Inputs as callers give them: checked, and put before a network as it expects them. */
import { InputError } from "../errors.js";
import { INPUT_KINDS, type Inputs, isInputs } from "../inputs.js";
import { isTypedArray } from "../kinds.js";
import { size } from "../shape-size.js";
import type { Model } from "../nn/model.js";
import type { Network } from "../nn/network.js";
import { normalizeInto, unchanged } from "../nn/store-samples.js";

/** What a canvas gives is clamped bytes. */
export type PredictInputs = Inputs | Uint8ClampedArray;

/** Whole samples of a model. */
export interface GivenSamples {
  readonly inputs: Inputs;
  readonly count: number;
}

/**
 * Checks inputs against a model.
 *
 * @param who - the function that was given them, for the message
 * @throws InputError if they are no such array, or no whole number of samples
 */
export function samplesOf(who: string, { input }: Model, inputs: PredictInputs): GivenSamples {
  const given = isTypedArray(inputs, "Uint8ClampedArray")
    ? new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.length)
    : inputs;
  if (!isInputs(given))
    throw new InputError(`${who}: inputs must be ${INPUT_KINDS}, or a Uint8ClampedArray`);
  const features = size(input);
  const count = given.length / features;
  if (!Number.isInteger(count)) {
    throw new InputError(
      `${who}: inputs must be samples of ${features} numbers ([${input.join(", ")}]), ` +
        `found ${given.length}`,
    );
  }
  return { inputs: given, count };
}

/** Writes the samples `from` to `to` of what was given, normalised as a network says. */
export type WriteSamples = (
  out: Float32Array,
  given: GivenSamples,
  from: number,
  to: number,
) => void;

/** How a network's inputs are normalised. */
export function normalizerOf({ model, normalization }: Network): WriteSamples {
  const features = size(model.input);
  const { mean, std } = normalization ?? unchanged(model.input);
  return (out, { inputs }, from, to) =>
    normalizeInto(
      out,
      inputs.subarray(from * features, to * features),
      { features, mean, std },
      from * features,
    );
}
