/**
 * What a layer is: plain data with a `kind`, made by a small function, and a rule that says what
 * the kind means.
 *
 * A rule gives the output's shape, the parameters, how one sample is computed, and what else there
 * is to know of the kind: its JSON, how channels go through it. It is a member of the function:
 *
 *     export function tanh(options: ActivationOptions = {}): TanhLayer { ... }
 *     tanh.rule = activationRule<TanhLayer>({ ... });
 *
 * What recipes may say of it, how batches are computed, forward and backward, and how it is written
 * as ONNX and in C stand beside the function, by names of their own (parts.ts): bundlers leave them
 * out of pages that only predict. Calls that make such a part are marked as pure for that. Adding a
 * layer kind is one file, and its line in index.ts; what it lacks does not compile.
 */
import { InputError } from "../../errors.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { ParameterRole } from "../../runtime/parameter.js";
import type { Channels } from "./channels.js";
import type { Pair } from "./sides.js";
import type { SAME, SingleRule } from "./single.js";

/** Fields every layer has. */
export interface LayerBase {
  readonly kind: string;
  /** Unique in the model; made from the kind and a running number unless given. */
  readonly name?: string;
  /**
   * Its parameters stay as they are, and what it keeps beside them; batch norm then normalises by
   * its running statistics. Absent: it is trained.
   */
  readonly train?: false;
}

/** A parameter as a layer asks for it, before it has a place in memory. */
export interface ParameterSpec {
  /** "weight", "bias", ...; the full name is `<layer>.<name>`. */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: Shape;
  /** Inputs that one output unit sums over, for the initialisation's variance rule. */
  readonly fanIn: number;
  /** Value all elements start from, for parameters that are not drawn (batch norm, skips). */
  readonly initial?: number;
  /** Its layer is not trained; a model says so of all parameters of such a layer. */
  readonly still?: true;
}

/** State that a layer keeps from step to step and nobody trains, such as running statistics. */
export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  /** What its rows are called where other programs keep them apart. */
  readonly rows?: readonly string[];
  readonly initial: (index: number) => number;
}

/** What another layer can take in: max(x, 0), x1 + x2 + ..., an image as a vector. */
export interface FusesAs {
  readonly relu?: true;
  readonly sum?: true;
  readonly flatten?: true;
}

/**
 * In training each channel is judged against the others of what is computed at once: its statistics
 * are over samples times positions, and need two of these. The buffers follow them, for evaluation.
 */
export interface BatchStatistics<L> {
  /** Share of the newest batch: running <- running + momentum (batch - running). */
  momentum(layer: L): number;
  /** The layer with another, trained. */
  withMomentum(layer: L, momentum: number): L;
}

export interface LayerRule<L extends LayerBase> {
  /** Number of inputs; undefined: one or more. */
  readonly inputs: number | undefined;
  /**
   * Throws an InputError whose message ends with what was expected and found; the model adds the
   * names.
   */
  outputShape(layer: L, inputs: readonly Shape[]): Shape;
  parameters?(layer: L, inputs: readonly Shape[]): readonly ParameterSpec[];
  buffers?(layer: L, inputs: readonly Shape[]): readonly BufferSpec[];
  /** Multiplications of one sample's forward pass for each entry of the layer's weight. */
  multiplicationsPerWeight?(output: Shape): number;
  /** Border of zeros this layer wants around its inputs. Default: none. */
  inputPad?(layer: L): Pair;
  /** As what it can become part of the step of another layer, if that one's `fuses` has it. */
  readonly fusesAs?: FusesAs;
  /** Of a layer whose buffers are statistics of batches. */
  readonly batchStatistics?: BatchStatistics<L>;
  /** How channels go through it. */
  readonly channels: Channels<L>;
  /** The layer of what a model's JSON says of it: as its function makes it, checked. */
  fromJson(said: Omit<L, "kind">): L;
  /** How one sample is computed, forward only. */
  readonly single: SingleRule<L> | typeof SAME;
}

/** What a layer with parameters may be told of its training. */
export interface TrainOption {
  /** false: the layer stays as it is (see LayerBase). Default true. */
  train?: boolean | undefined;
}

/** `train`, as recipes have it. */
export const TRAIN_KEY = {
  type: "boolean",
  optional: true,
  about: "false: the layer stays as it is, say as it is in the network that training starts from",
} as const;

/** `{ train: false }` and `{ name }`, as far as they are there. */
export function trainedAndNamed(
  kind: string,
  { train = true, name }: TrainOption & { readonly name?: string | undefined },
): Pick<LayerBase, "train" | "name"> {
  if (typeof train !== "boolean") {
    throw new InputError(`${kind}: train must be true or false, found ${JSON.stringify(train)}`);
  }
  return { ...(train ? {} : { train }), ...named(name) };
}

/** `{ name }`, or nothing if there is none. */
export function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

/** @throws InputError unless the value is an integer of at least `least` */
export function checkInteger(kind: string, what: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) {
    throw new InputError(
      `${kind}: ${what} must be an integer of at least ${least}, found ${value}`,
    );
  }
}

/** @throws InputError unless the shape is [channels, height, width] */
export function checkImage([shape]: readonly Shape[]): void {
  if (shape.length !== 3) {
    throw new InputError(
      `expected an image [channels, height, width], found [${shape.join(", ")}]`,
    );
  }
}
