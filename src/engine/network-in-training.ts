/**
 * A network while it trains, as `observe` of `fit` is given it: to look at while it is called, not
 * later.
 */
import type { Model } from "../nn/model.js";
import type { Optimizer, OptimizerState } from "../optim/optimizer.js";
import type { ParameterRole } from "../runtime/parameter.js";

/** A parameter, and what moves it. */
export interface ParameterInTraining {
  readonly parameter: {
    /** `<layer>.<name>`, e.g. "linear1.weight". */
    readonly name: string;
    readonly role: ParameterRole;
    readonly shape: readonly number[];
  };
  /** With lambda as it is at the moment. */
  readonly optimizer: Optimizer;
  /** v, moments (views of shared memory: read them, and do not write) and the steps done. */
  readonly state: OptimizerState;
}

export interface NetworkInTraining {
  readonly model: Model;
  readonly updaters: readonly ParameterInTraining[];
  /** Steps done. */
  readonly steps: number;
  /** A copy of a parameter's theta, row-major; into `out`, if that is given. */
  theta(name: string, out?: Float32Array): Float32Array;
  /** Copies of what layers keep beside their parameters, by name: see FitResult. */
  buffers(): Map<string, { shape: readonly number[]; data: Float32Array }>;
  /** Output of the model for training samples, row-major [indices.length, output features]. */
  predict(indices: Int32Array): Float32Array;
}
