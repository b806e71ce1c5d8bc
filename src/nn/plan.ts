/** What a plan is: the ops of a model's steps for one batch size, and what it is made for. */
import type { Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import type { LossKind } from "./loss.js";
import type { PlanData } from "./plan-data.js";
import type { SampleStore } from "./samples.js";
import type { PlacedTensor } from "./tensor.js";

/** The ops of one step in one direction. */
export interface Stage {
  /** Name of the layer, or "input" or "loss". */
  readonly name: string;
  readonly ops: readonly Op[];
  /**
   * Backward stages: parameters whose gradients are complete after it, each with the place of its
   * gradient.
   */
  readonly gradients: readonly { readonly parameter: Parameter; readonly gradient: number }[];
  /** Forward stages: what it writes. */
  readonly output?: PlacedTensor;
}

export interface Lowered {
  readonly forward: readonly Stage[];
  readonly loss: Stage;
  /** Last layer first; empty in a plan that only evaluates. */
  readonly backward: readonly Stage[];
}

export interface Plan extends PlanData {
  readonly batchSize: number;
  readonly tiles: number;
  /** Arena size in bytes: activations, gradients and scratch. */
  readonly bytes: number;
  /** Names of layers that run forward twice in a step. */
  readonly recomputed: readonly string[];
  /**
   * The ops for the kernels that the parameters use now.
   *
   * @param frozen - of a step with frozen patterns, see Parameter.gradient; default false
   */
  lower(frozen?: boolean): Lowered;
  /**
   * The ops of an evaluation: no augmentation, nothing random, running statistics. They use the
   * places of a training step, whose values are gone afterwards. A batch may fill the tiles: tiles
   * * T samples.
   */
  lowerEvaluation(): Pick<Lowered, "forward" | "loss">;
  /**
   * The ops of a training's forward pass with nothing random, for the statistics it leaves behind.
   */
  lowerStatistics(): Pick<Lowered, "forward" | "loss">;
}

export interface CompileOptions {
  readonly memory: Memory;
  readonly batchSize: number;
  readonly loss: LossKind;
  /**
   * "evaluate" leaves out the backward pass and reuses memory as soon as the forward pass allows.
   */
  readonly purpose: "train" | "evaluate";
  readonly samples: SampleStore;
  /** Parameters by name. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Byte offsets of the layers' buffers by name. */
  readonly buffers: ReadonlyMap<string, number>;
  /** Images are shifted and mirrored as setBatch says. Default false. */
  readonly augment?: boolean | undefined;
  /**
   * The parameters' gradients stay until the end of the backward pass; default false: they may be
   * gone after their stage.
   */
  readonly keepGradients?: boolean | undefined;
  /** Of a training. */
  readonly settings?: PlanSettings | undefined;
}

/** What of a training's settings its plan follows from. */
export interface PlanSettings {
  /**
   * Relative variance that the gradients of zero weights may have (see tiled/sampled-gradient.ts).
   * Default: they are exact.
   */
  readonly sampleDual?: number | undefined;
  /** Share of a label that all classes have in common; default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Of crossEntropy: by which the samples of each class count. Default: all by 1. */
  readonly classWeights?: readonly number[] | undefined;
  /** Values are computed again instead of kept, see recompute.ts. Default false. */
  readonly recompute?: boolean | undefined;
}
