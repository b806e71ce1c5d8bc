/**
 * The denoising autoencoder of the paper (section 4.6): a chain of states of one width, whose
 * bottleneck emerges by row sparsity, with optional skip connections from every earlier state
 * (arXiv 2106.02479).
 *
 *     x_{j+1} = ReLU(W_j x_j + b_j) + sum over i <= j of s_{j,i} x_i,   j = 0 .. layers - 1
 *
 * The last state is the output: its ReLU, which the authors have too, makes the black of an image
 * black. The scalars s start at 0. Without skips the sum is left out.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { linear } from "../nn/layers/linear.js";
import { relu } from "../nn/layers/activation.js";
import { scaledSum } from "../nn/layers/scaled-sum.js";
import { graph, type Model, type Value } from "../nn/model.js";

export interface SkipAutoencoderOptions {
  /** Width of every state. Default 784. */
  readonly features?: number | undefined;
  /** Weight matrices. Default 6. */
  readonly layers?: number | undefined;
  /** Default true. */
  readonly skips?: boolean | undefined;
}

const OPTIONS: OptionKeys<SkipAutoencoderOptions> = { features: 1, layers: 1, skips: 1 };

/**
 * A chain of square layers with skip connections: 3,687,936 weights and 21 scalars by default.
 *
 * @example
 * const model = skipAutoencoder({ skips: false });
 */
export function skipAutoencoder(options: SkipAutoencoderOptions = {}): Model {
  const {
    features = 784,
    layers = 6,
    skips = true,
  } = knownOptions("skipAutoencoder", options, OPTIONS);
  return graph([features], ({ input, apply }) => {
    const states: Value[] = [input];
    for (let j = 0; j < layers; j++) {
      const active = apply(
        relu({ name: `relu${j + 1}` }),
        apply(linear(features, { name: `layer${j + 1}` }), states[j]),
      );
      states.push(skips ? apply(scaledSum({ name: `skips${j + 1}` }), active, states) : active);
    }
    return states.at(-1)!;
  });
}
