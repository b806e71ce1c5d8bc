/** The parameters a run starts from: sparse weights, dense biases, constants; drawn in the order of the model's nodes. */
import { biasInit, type BiasInitOptions } from "../init/bias-init.js";
import { sparseInit, type SparseInitOptions } from "../init/sparse-init.js";
import { didYouMean } from "../nearest.js";
import type { Model } from "../nn/model.js";
import type { Random } from "../random.js";

export type WeightInitOptions = Omit<SparseInitOptions, "random">;

export interface InitOptions {
  /** Weights of linear layers, see sparseInit; default: every weight drawn (density 1). */
  readonly weights?: WeightInitOptions;
  /** Weights of convolutions; default: as `weights`. */
  readonly convs?: WeightInitOptions | undefined;
  /** What is different in single layers, by their names, e.g. `{ "stem.conv": { density: 1 } }`. Default: nothing. */
  readonly layers?: Readonly<Record<string, WeightInitOptions>>;
  /** See biasInit; default: positive biases below 1 / sqrt(fanIn). */
  readonly biases?: Omit<BiasInitOptions, "random" | "fanIn">;
}

/**
 * Draws all parameters of a model; the keys are `<layer>.<parameter>`.
 *
 * @throws RangeError as sparseInit and biasInit, or if `layers` names a layer without weights
 */
export function initialParameters(
  model: Model,
  random: Random,
  { weights, convs = weights, layers = {}, biases }: InitOptions = {},
): Map<string, Float32Array> {
  checkNames(model, Object.keys(layers));
  const drawn = new Map<string, Float32Array>();
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn, initial } of node.parameters) {
      const theta = new Float32Array(shape.reduce((product, n) => product * n, 1));
      if (initial !== undefined) theta.fill(initial);
      else if (role === "weight" || role === "conv") {
        const common = role === "conv" ? convs : weights;
        sparseInit(theta, shape, { density: 1, ...common, ...layers[node.name], random });
      } else biasInit(theta, { ...biases, fanIn, random });
      drawn.set(`${node.name}.${name}`, theta);
    }
  }
  return drawn;
}

function checkNames(model: Model, names: readonly string[]): void {
  const known = model.nodes
    .filter(({ parameters }) => parameters.some(({ role }) => role === "weight" || role === "conv"))
    .map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new RangeError(
      `init.layers: the model has no layer "${name}" with weights${didYouMean(name, known)}; layers: ${known.join(", ")}`,
    );
  }
}
