/**
 * How a kind of layer computes a batch: by the tile of sixteen samples, forward and backward.
 *
 * A rule writes the ops of one step for one batch size, and says what they read, keep and share.
 * What a layer is stands in layers/.
 */
import type { Shape } from "../../regularizers/regularizer.js";
import type { ConvLayout } from "../../runtime/form/conv-layout.js";
import type { Op } from "../../runtime/kernel-table.js";
import type { Parameter } from "../../runtime/parameter.js";
import type { Pair } from "../layers/sides.js";
import type { PlacedTensor, TensorShape } from "../tensor.js";

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
  /**
   * false in a plan that only evaluates, and for a layer that is not trained: batch norm then uses
   * its running statistics.
   */
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

/** How a kind of layer computes a batch. */
export interface TiledRule<L> {
  /** What the backward pass reads besides dy. */
  readonly backwardReads: { readonly x: boolean; readonly y: boolean };
  /** Whether `dxs` with accumulate are understood; if not, a copy is made. */
  readonly accumulates: boolean;
  /** Whether its kernels take planes of bf16. Default false. */
  readonly takesHalf?: true;
  /** What becomes part of the layer's step, where nobody else reads what lies between (fuse.ts). */
  readonly fuses: Fuses;
  /** Border of zeros it wants around the gradient of its output. Default: none. */
  gradientPad?(layer: L, inputs: readonly Shape[]): Pair;
  /**
   * Tables by which a convolution's weight keeps its pattern, for the tensors it reads and whose
   * gradient it reads.
   */
  convLayout?(layer: L, x: TensorShape, dy: TensorShape): ConvLayout;
  /**
   * Bytes kept from the forward to the backward pass, beside tensors; `relu`: a ReLU is part of the
   * step.
   */
  keptBytes?(inputs: readonly Shape[], tiles: number, relu: boolean): number;
  /**
   * Whether the backward pass, frozen or not, reads the input as rows. As the first layer of a
   * model it finds them written (`xRows`), and then has no scratch.
   */
  readsRows?(parameters: readonly Parameter[], frozen: boolean): boolean;
  /** Bytes of scratch that the backward pass wants. */
  scratchBytes?(inputs: readonly Shape[], tiles: number): number;
  /** Bytes of scratch beside it that a sampled gradient wants, from these tensors. */
  sampledBytes?(
    layer: L,
    at: { readonly x: TensorShape; readonly dy: TensorShape; readonly tiles: number },
  ): number;
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
