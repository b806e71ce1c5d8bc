/**
 * The ConvNet of the paper (section 4.4) on Fashion-MNIST: two 5 x 5 convolutions, two linear
 * layers, no padding.
 */
import { knownOptions, type OptionKeys } from "../known-options.js";
import { conv2d } from "../nn/layers/conv2d.js";
import { flatten } from "../nn/layers/join.js";
import { linear } from "../nn/layers/linear.js";
import { maxPool2d } from "../nn/layers/pool2d.js";
import { relu } from "../nn/layers/activation.js";
import { sequential, type Model } from "../nn/model.js";

export interface ConvNetOptions {
  /** Shape of a sample, [channels, height, width]. Default [1, 28, 28]. */
  readonly input?: readonly [number, number, number] | undefined;
  /** Default 10. */
  readonly classes?: number | undefined;
}

const OPTIONS: OptionKeys<ConvNetOptions> = { input: 1, classes: 1 };

/**
 * conv 64 @ 5 x 5, max pool, ReLU, conv 64 @ 5 x 5, max pool, ReLU, linear 128, ReLU, linear:
 * 236,352 weights.
 *
 * @example
 * const model = convNet();
 */
export function convNet(options: ConvNetOptions = {}): Model {
  const { input = [1, 28, 28], classes = 10 } = knownOptions("convNet", options, OPTIONS);
  return sequential(input, [
    conv2d(64, { kernel: 5 }),
    maxPool2d(2),
    relu(),
    conv2d(64, { kernel: 5 }),
    maxPool2d(2),
    relu(),
    flatten(),
    linear(128),
    relu(),
    linear(classes),
  ]);
}
