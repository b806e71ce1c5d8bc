/** The multilayer perceptron of the paper (section 4.2): linear layers with a ReLU between them. */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { linear } from "../nn/layers/linear.js";
import { relu } from "../nn/layers/activation.js";
import { sequential, type Model } from "../nn/model.js";

export interface MlpOptions {
  /**
   * A ReLU on the output too, as in the authors' code; a class whose logit is never positive then
   * dies. Default false.
   */
  finalRelu?: boolean | undefined;
}

const OPTIONS: OptionKeys<MlpOptions> = { finalRelu: 1 };

/**
 * A multilayer perceptron with ReLU activations.
 *
 * @param features - widths from input to output, e.g. `[784, 200, 80, 10]`
 * @throws InputError if there are fewer than two widths or one is not a positive integer
 * @example
 * const model = mlp([784, 200, 80, 10]);
 */
export function mlp(features: readonly number[], options: MlpOptions = {}): Model {
  const { finalRelu = false } = knownOptions("mlp", options, OPTIONS);
  if (features.length < 2 || features.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new InputError(
      `mlp: features must be at least two positive integers, found [${features.join(", ")}]`,
    );
  }
  const widths = features.slice(1);
  const layers = widths.flatMap((out, k) =>
    k < widths.length - 1 || finalRelu ? [linear(out), relu()] : [linear(out)],
  );
  return sequential([features[0]], layers);
}
