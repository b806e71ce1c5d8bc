/**
 * How channels go through a layer: what `simplify` and the connections of a net go by. Features of
 * a flat tensor count as channels here, too.
 *
 * A layer makes its channels by a weight, or passes on those of its inputs, perhaps through a
 * function of each. A layer that does neither, such as one that mixes channels without a weight,
 * makes them "whole": all of them depend on all of its inputs.
 */
import type { Shape } from "../../regularizers/regularizer.js";
import type { Values } from "../network.js";

/** The constant of each channel, NaN where it depends on the input. */
export type Constants = Float64Array;

/**
 * In training: the same for every input, but not known, or not the same at all places of an image.
 */
export const SOME_CONSTANT = Infinity;

/** A layer in a network. */
export interface Place {
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Values of a parameter or buffer. */
  values(name: string): Values;
}

/**
 * Each channel is a sum over those of the one input, with a row of the weight `[out, in, ...taps]`,
 * and a bias.
 */
export interface ByWeight<L> {
  readonly by: "weight";
  /**
   * For each tap whether it reads the input itself at every position, never a border of zeros; left
   * out: they all do.
   */
  tapsInside?(layer: L, place: Place): readonly boolean[];
  /** The layer with so many channels in and out, with a bias or without; left out: as it is. */
  resized(
    layer: L,
    to: { readonly out?: number; readonly inputs?: number; readonly bias?: boolean },
  ): L;
}

/** Each channel is made of channels of the inputs. */
export interface ByChannel<L> {
  readonly by: "channel";
  /** Calls f for each channel c, with each channel d of an input that it is made of. */
  sources(
    layer: L,
    place: Pick<Place, "inputs" | "output">,
    f: (c: number, input: number, d: number) => void,
  ): void;
  /**
   * Whether a channel does not depend on an input after all, whatever its sources, by the layer's
   * parameters.
   */
  isOff?(place: Place): (c: number, input: number) => boolean;
  /** Constants behind the layer, from those before it. */
  constants(layer: L, xs: readonly Constants[], place: Place): Constants;
  /**
   * The same in training, where that is something else. What comes of Infinity is Infinity, and not
   * asked for.
   */
  constantsInTraining?(layer: L, xs: readonly Constants[], place: Place): Constants;
  /**
   * In evaluation it is y = factor x + shift of each channel: a layer by weight before it takes
   * that over.
   */
  affine?(layer: L, place: Place): { readonly factor: Float64Array; readonly shift: Float64Array };
  /**
   * Whether no gradient comes back through a channel whose input is this constant; false for NaN.
   * Left out: one always does.
   */
  isFlat?(x: number): boolean;
  /** Of a layer that adds its inputs up. */
  readonly sum?: Sum;
  /** Whether the layer does nothing, with inputs of these shapes; left out: never. */
  isIdentity?(layer: L, inputs: readonly Shape[]): boolean;
  /** The layer with these channels only; left out: it is the same. */
  cut?(layer: L, kept: { readonly inputs: Int32Array; readonly output: Int32Array }): L;
  /** Its last dimension of every parameter and buffer is the channels. */
  readonly valuesByChannel?: true;
}

/** A sum over inputs: those that add nothing can go. */
export interface Sum {
  /** Each input counts as it is, so that another one may take over what it adds. */
  readonly isPlain: boolean;
  /** The inputs that have to stay, by number; at least one. */
  left(place: Place, isZero: (input: number) => boolean): readonly number[];
  /** Parameters that are others when only these inputs are left. */
  valuesOf?(place: Place, left: readonly number[]): Readonly<Record<string, Values>>;
}

/** All channels depend on all of the inputs. */
export interface Whole {
  readonly by: "whole";
}

export type Channels<L> = ByWeight<L> | ByChannel<L> | Whole;

/** Each channel is a function of the same channel of each input. */
export const eachChannel: Pick<ByChannel<unknown>, "by" | "sources"> = {
  by: "channel",
  sources(_layer, { inputs, output }, f) {
    for (let k = 0; k < inputs.length; k++) for (let c = 0; c < output[0]; c++) f(c, k, c);
  },
};

/** Whether a layer that joins its inputs has only one. */
export const isIdentityOfOne = (_layer: unknown, inputs: readonly Shape[]): boolean =>
  inputs.length === 1;

/** Layers of one input that apply a function to each number. */
export function elementwise<L>(functionOf: (layer: L) => (x: number) => number): ByChannel<L> {
  return { ...eachChannel, constants: (layer, [x]) => x.map(functionOf(layer)) };
}
