/** The parameters a run starts from: sparse weights, dense biases, constants; drawn in the order of the model's nodes. */
import { biasInit, type BiasInitOptions } from "../init/bias-init.js";
import { sparseInit, type SparseInitOptions } from "../init/sparse-init.js";
import type { Model } from "../nn/model.js";
import type { Random } from "../random.js";

export interface InitOptions {
  /** Weights of linear layers, see sparseInit; default: every weight drawn (density 1). */
  readonly weights?: Omit<SparseInitOptions, "random">;
  /** Weights of convolutions; default: as `weights`. */
  readonly convs?: Omit<SparseInitOptions, "random"> | undefined;
  /** See biasInit; default: positive biases below 1 / sqrt(fanIn). */
  readonly biases?: Omit<BiasInitOptions, "random" | "fanIn">;
}

/** Draws all parameters of a model; the keys are `<layer>.<parameter>`. */
export function initialParameters(
  model: Model,
  random: Random,
  { weights, convs = weights, biases }: InitOptions = {},
): Map<string, Float32Array> {
  const drawn = new Map<string, Float32Array>();
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn, initial } of node.parameters) {
      const theta = new Float32Array(shape.reduce((product, n) => product * n, 1));
      if (initial !== undefined) theta.fill(initial);
      else if (role === "weight") sparseInit(theta, shape, { density: 1, ...weights, random });
      else if (role === "conv") sparseInit(theta, shape, { density: 1, ...convs, random });
      else biasInit(theta, { ...biases, fanIn, random });
      drawn.set(`${node.name}.${name}`, theta);
    }
  }
  return drawn;
}
