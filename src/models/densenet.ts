/**
 * The DenseNet of "Neural Architecture Search via Bregman Iterations" (arXiv 2106.02479) on
 * Fashion-MNIST: every block reads the channels of all blocks before it, and group sparsity on the
 * kernels finds which of these connections are used.
 *
 *     conv1: 1 -> 12, 3 x 3;  block i: (12 + 12 i) -> 12, 3 x 3, ReLU, concat;  transition: 72 -> 1, ReLU;  linear
 *
 * As in the authors' code the classifier reads the transition's channel alone. Their ReLU on the
 * logits is an option.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { conv2d } from "../nn/layers/conv2d.js";
import { concat, flatten } from "../nn/layers/join.js";
import { linear } from "../nn/layers/linear.js";
import { relu } from "../nn/layers/activation.js";
import { graph, type Model } from "../nn/model.js";

export interface DenseNetOptions {
  /** Shape of a sample, [channels, height, width]. Default [1, 28, 28]. */
  readonly input?: readonly [number, number, number] | undefined;
  /** Default 10. */
  readonly classes?: number | undefined;
  /** Channels each block adds. Default 12. */
  readonly growth?: number | undefined;
  /** Default 5. */
  readonly blocks?: number | undefined;
  /** A ReLU on the logits, as in the authors' code. Default false. */
  readonly finalRelu?: boolean | undefined;
}

const OPTIONS: OptionKeys<DenseNetOptions> = {
  input: 1,
  classes: 1,
  growth: 1,
  blocks: 1,
  finalRelu: 1,
};

/**
 * The DenseNet of the architecture search: 28,036 weights, 2,244 kernels.
 *
 * @example
 * const model = denseNet();
 */
export function denseNet(options: DenseNetOptions = {}): Model {
  const {
    input = [1, 28, 28],
    classes = 10,
    growth = 12,
    blocks = 5,
    finalRelu = false,
  } = knownOptions("denseNet", options, OPTIONS);
  const same = { kernel: 3, padding: 1 };
  return graph(input, ({ input: image, apply }) => {
    let x = apply(conv2d(growth, { ...same, bias: false, name: "conv1" }), image);
    for (let i = 1; i <= blocks; i++) {
      const y = apply(
        relu({ name: `block${i}.relu` }),
        apply(conv2d(growth, { ...same, name: `block${i}` }), x),
      );
      x = apply(concat({ name: `block${i}.concat` }), x, y);
    }
    const last = apply(
      relu({ name: "transition.relu" }),
      apply(conv2d(1, { ...same, name: "transition" }), x),
    );
    const logits = apply(
      linear(classes, { name: "head" }),
      apply(flatten({ name: "flatten" }), last),
    );
    return finalRelu ? apply(relu({ name: "head.relu" }), logits) : logits;
  });
}
