/**
 * What a layer is: plain data with a `kind`, made by a small function, and a rule that says what the kind means.
 *
 * A rule gives the output's shape, the parameters, and the ops of the forward and backward pass for one batch size.
 * Adding a layer kind is one file with both, and one line in rules.ts.
 */
import type { Shape } from "../../regularizers/regularizer.js";
import type { Op } from "../../runtime/kernel-table.js";
import type { Parameter, ParameterRole } from "../../runtime/parameter.js";

/** Fields every layer has. */
export interface LayerBase {
  readonly kind: string;
  /** Unique in the model; made from the kind and a running number unless given. */
  readonly name?: string;
}

/** A parameter as a layer asks for it, before it has a place in memory. */
export interface ParameterSpec {
  /** "weight" or "bias"; the full name is `<layer>.<name>`. */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: Shape;
  /** Inputs that one output unit sums over, for the initialisation's variance rule. */
  readonly fanIn: number;
}

/** Everything a rule needs to write the ops of one node. Tensors are byte offsets in shared memory, 0 = not wanted. */
export interface Lowering {
  /** Tiles of the batch. */
  readonly tiles: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly Parameter[];
  /** Input activation, f32 [tiles][features in][T]. */
  readonly x: number;
  /** Output activation, f32 [tiles][features out][T]. */
  readonly y: number;
  /** The ReLU that follows is part of this op. */
  readonly fuseRelu: boolean;
  /** Gradient of the loss with respect to y; 0 in a plan that only evaluates. */
  readonly dy: number;
  /** Gradient with respect to x, to be written; 0 if nobody needs it. */
  readonly dx: number;
  /** dx is to be zeroed where this activation is not positive (the ReLU before this layer), or 0. */
  readonly mask: number;
  /** The input as rows [samples][rowStride] if somebody has written it already, else 0. */
  readonly xRows: number;
  /** Scratch of the size the rule asked for, 0 if it asked for none. */
  readonly scratch: number;
  /** Gradient of each parameter, to be written, in the order of `parameters`. */
  readonly gradients: readonly number[];
}

export interface LayerRule<L extends LayerBase> {
  /** Throws a TypeError whose message ends with what was expected and found; the model adds the names. */
  outputShape(layer: L, input: Shape): Shape;
  parameters(layer: L, input: Shape): readonly ParameterSpec[];
  /** Multiplications of one sample's forward pass for each weight entry of the layer's parameters; 0 if it has none. */
  readonly multiplicationsPerWeight: number;
  /** Bytes of scratch that the backward pass wants. */
  scratchBytes(input: Shape, tiles: number): number;
  forward(layer: L, at: Lowering): Op[];
  backward(layer: L, at: Lowering): Op[];
}

/** Number of features: the product of a shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Row-major copies of activations have rows padded to whole vectors. */
export function paddedRow(features: number): number {
  return Math.ceil(features / 16) * 16;
}
