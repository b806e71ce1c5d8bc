/**
 * Biases at the start: dense, and none of them zero.
 *
 *     b ~ U(0, r0 / sqrt(fanIn)),   with `signed` U(-r0 / sqrt(fanIn), r0 / sqrt(fanIn))
 *
 * A sparse start leaves many units without any weight. With equal biases all of these would share
 * one activation, a symmetry nothing breaks; with positive ones a ReLU lets them live until their
 * first weight is born. Signs may vary where the activation is zero at zero only (tanh, leaky
 * ReLU). Source: Bungert et al., JMLR 23:192 (2022), section 4.1; r0 = 1 in the authors' MLP, 10 in
 * their ConvNet.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Random } from "../random.js";
import type { Floats } from "../regularizers/regularizer.js";

export interface BiasInitOptions {
  /** Source of random numbers, e.g. `stream(seed, "init")`. */
  readonly random: Random;
  /** Weights into one unit. */
  readonly fanIn: number;
  /** Scale, > 0; default 1. */
  readonly r0?: number | undefined;
  /** Whether half of the biases are negative; default false. */
  readonly signed?: boolean | undefined;
}

const OPTIONS: OptionKeys<BiasInitOptions> = { random: 1, fanIn: 1, r0: 1, signed: 1 };

/**
 * Fills a bias.
 *
 * @throws InputError if fanIn is not an integer of at least 1, or r0 not a finite number above 0
 * @example
 * const bias = new Float32Array(200);
 * biasInit(bias, { fanIn: 784, random: stream(1, "init") }); // all in (0, 1/28]
 */
export function biasInit(bias: Floats, options: BiasInitOptions): void {
  const { random, fanIn, r0 = 1, signed = false } = knownOptions("biasInit", options, OPTIONS);
  if (!(Number.isSafeInteger(fanIn) && fanIn >= 1)) {
    throw new InputError(`biasInit: fanIn must be an integer of at least 1, found ${fanIn}`);
  }
  if (!(r0 > 0 && r0 < Infinity))
    throw new InputError(`biasInit: r0 must be a finite number above 0, found ${r0}`);
  const bound = r0 / Math.sqrt(fanIn);
  for (let i = 0; i < bias.length; i++) {
    // uniform() is in [0, 1): taken from 1 it is never zero.
    const size = bound * (1 - random.uniform());
    bias[i] = signed && random.bernoulli(0.5) ? -size : size;
  }
}
