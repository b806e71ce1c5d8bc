/**
 * What a layer is: plain data with a `kind`, made by a small function, and a rule that says what
 * the kind means.
 *
 * A rule gives the output's shape, the parameters, the ops of the forward and backward pass for one
 * batch size, and what else there is to know of the kind: its JSON, its operators in ONNX, how
 * channels go through it. It is a member of the function, as is its entry in recipes, if it has
 * one:
 *
 *     export function tanh(options: ActivationOptions = {}): TanhLayer { ... }
 *     tanh.rule = activationRule<TanhLayer>({ ... });
 *     tanh.entry = entry("tanh", {}, () => tanh());
 *
 * Adding a layer kind is one file with that, and one line in index.ts.
 */
import { InputError } from "../../errors.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { Op } from "../../runtime/kernel-table.js";
import type { ConvLayout } from "../../runtime/form/conv-layout.js";
import type { Parameter, ParameterRole } from "../../runtime/parameter.js";
import type { PlacedTensor, TensorShape } from "../tensor.js";
import type { Channels } from "./channels.js";
import type { OperatorWriter } from "./operators.js";
import type { SAME, SingleRule } from "./single.js";

/** Fields every layer has. */
export interface LayerBase {
  readonly kind: string;
  /** Unique in the model; made from the kind and a running number unless given. */
  readonly name?: string;
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
}

/** State that a layer keeps from step to step and nobody trains, such as running statistics. */
export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: (index: number) => number;
}

/** Where a gradient goes. */
export interface Destination {
  readonly tensor: PlacedTensor;
  /**
   * Add to what is there (another reader of the same tensor was before), instead of overwriting.
   */
  readonly accumulate: boolean;
}

/** Everything a rule needs to write the ops of one step. */
export interface Lowering {
  /** Tiles of the batch. */
  readonly tiles: number;
  /** false in a plan that only evaluates: batch norm then uses its running statistics. */
  readonly training: boolean;
  /** Whether dropout drops: not in evaluations, nor where a training's statistics are taken. */
  readonly random: boolean;
  /**
   * Backward: the patterns are frozen, so that a parameter's `gradient` may be of the pattern only.
   */
  readonly frozen: boolean;
  /**
   * Backward: gradients of zero weights may be estimated (see sampled-gradient.ts). `tolerance`:
   * f32 in memory; `scratch`: as asked for.
   */
  readonly sampled?: { readonly tolerance: number; readonly scratch: number };
  /** i32 word in memory: samples in the batch. */
  readonly counts: number;
  readonly parameters: readonly Parameter[];
  /** Byte offsets of the layer's buffers. */
  readonly buffers: readonly number[];
  /** Inputs, in order. */
  readonly xs: readonly PlacedTensor[];
  readonly y: PlacedTensor;
  /** Forward: the ReLU that follows is part of this step. */
  readonly relu: boolean;
  /**
   * Backward: dy is the gradient behind that ReLU. (A linear layer behind it may have taken its
   * derivative already.)
   */
  readonly reluGradient: boolean;
  /** Added to the output before the ReLU (a residual connection that is part of this step). */
  readonly residual?: PlacedTensor;
  /**
   * What the forward pass keeps for the backward pass: of the size the rule asked for, else 0; 0 in
   * evaluation.
   */
  readonly kept: number;
  /** Training only: gradient of the loss with respect to y. */
  readonly dy: PlacedTensor;
  /** Training only: gradients with respect to the inputs, absent where nobody needs one. */
  readonly dxs: readonly (Destination | undefined)[];
  /**
   * Absent if nobody needs it, or if it is the same tensor as dy (which then has to be the gradient
   * before the ReLU).
   */
  readonly dResidual?: Destination;
  /** Linear layers: dx is to be zeroed where x is not positive (the ReLU before this layer). */
  readonly mask: boolean;
  /** The input as rows [samples][rowStride] if somebody has written it already, else 0. */
  readonly xRows: number;
  /** Scratch of the size the rule asked for, 0 if it asked for none. */
  readonly scratch: number;
  /** Gradient of each parameter, to be written, in the order of `parameters`. */
  readonly gradients: readonly number[];
  /** Byte offset of constant data; the same key gives the same place. */
  constant(key: string, data: () => Int32Array | Float32Array): number;
  /**
   * Byte offset of memory of the layer's own, zero at first, that stays from op to op and from pass
   * to pass.
   */
  workspace(key: string, words: number): number;
  /**
   * Byte offset of i32 { seed, threshold }: a seed that is another for each step and layer, and the
   * number given.
   */
  stepSeed(threshold: number): number;
}

/** What another layer can take in: max(x, 0), x1 + x2 + ..., an image as a vector. */
export interface FusesAs {
  readonly relu?: true;
  readonly sum?: true;
  readonly flatten?: true;
}

export interface Fuses {
  /** The ReLU behind it. */
  readonly relu?: true;
  /** The sum with another value, and the ReLU behind that. */
  readonly residual?: true;
  /**
   * Tile by tile, what sums over planes (a convolution) and what normalises them before or behind
   * it share a moment: one tile's planes are still in the caches (schedule.ts).
   */
  readonly planes?: "sums" | "normalises";
  /** A flatten before it, whose image has no border; of a ReLU before it the derivative. */
  readonly flatten?: true;
}

/**
 * In training each channel is judged against the others of what is computed at once: its statistics
 * are over samples times positions, and need two of these. The buffers follow them, for evaluation.
 */
export interface BatchStatistics<L> {
  /** Share of the newest batch: running <- running + momentum (batch - running). */
  momentum(layer: L): number;
  /** The layer with another. */
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
  /**
   * Border of zeros this layer wants around its inputs, and around the gradient of its output.
   * Default 0.
   */
  inputPad?(layer: L): number;
  gradientPad?(layer: L, inputs: readonly Shape[]): number;
  /**
   * Tables by which a convolution's weight keeps its pattern, for the tensors it reads and whose
   * gradient it reads.
   */
  convLayout?(layer: L, x: TensorShape, dy: TensorShape): ConvLayout;
  /** What the backward pass reads besides dy. */
  readonly backwardReads: { readonly x: boolean; readonly y: boolean };
  /**
   * Bytes kept from the forward to the backward pass, beside tensors; `relu`: a ReLU is part of the
   * step.
   */
  keptBytes?(inputs: readonly Shape[], tiles: number, relu: boolean): number;
  /** Whether `dxs` with accumulate are understood; if not, a copy is made. */
  readonly accumulates: boolean;
  /**
   * Whether the backward pass, frozen or not, reads the input as rows. As the first layer of a
   * model it finds them written (`xRows`), and then has no scratch.
   */
  readsRows?(parameters: readonly Parameter[], frozen: boolean): boolean;
  /** Bytes of scratch that the backward pass wants. */
  scratchBytes?(inputs: readonly Shape[], tiles: number): number;
  /** Bytes of scratch beside it that a sampled gradient wants. */
  sampledBytes?(layer: L, inputs: readonly Shape[], tiles: number): number;
  /** What becomes part of the layer's step, where nobody else reads what lies between (fuse.ts). */
  readonly fuses: Fuses;
  /** As what it can become part of the step of another layer, if that one's `fuses` has it. */
  readonly fusesAs?: FusesAs;
  /** Of a layer whose buffers are statistics of batches. */
  readonly batchStatistics?: BatchStatistics<L>;
  /** How channels go through it. */
  readonly channels: Channels<L>;
  /** The layer of what a model's JSON says of it: as its function makes it, checked. */
  fromJson(said: Omit<L, "kind">): L;
  /** Writes it as operators of ONNX. */
  write(layer: L, writer: OperatorWriter): void;
  /** How one sample is computed, forward only. */
  readonly single: SingleRule<L> | typeof SAME;
  forward(layer: L, at: Lowering): Op[];
  /**
   * Computes y again, from the same numbers to the same bits and without any other effect; absent:
   * y is kept where it is needed.
   */
  recompute?(layer: L, at: Lowering): Op[];
  /**
   * What can be done with dy alone, in place, as soon as all of it is there: then it is still in
   * the caches.
   */
  onGradient?(layer: L, at: Lowering): Op[];
  /** Gradients of the inputs. */
  backward(layer: L, at: Lowering): Op[];
  /**
   * Gradients of the parameters, where the gradients of the inputs don't need them. Run after
   * `backward`.
   */
  weightGradients?(layer: L, at: Lowering): Op[];
}

/** Row-major copies of activations have rows padded to whole vectors. */
export function paddedRow(features: number): number {
  return Math.ceil(features / 16) * 16;
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
