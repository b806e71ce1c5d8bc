/** Models of every kind of layer, padded and not, sums and concatenations of all sorts. */
import { denseNet } from "#bregman/models/densenet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { leakyRelu, relu, tanh } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, sequential, type Model } from "#bregman/nn/model.js";
import { activations } from "../reference/activation.js";

export const MODELS: Record<string, Model> = {
  "multilayer perceptron": mlp([20, 30, 25, 12, 5]),
  "perceptron with a ReLU at the end": mlp([12, 20, 4], { finalRelu: true }),
  "every activation": sequential(
    [15],
    [...activations.flatMap((layer) => [linear(20), layer]), linear(6)],
  ),
  "a chain without activations": sequential(
    [9],
    [linear(8), linear(7, { bias: false }), dropout(), linear(3)],
  ),
  "convolutions without padding": sequential(
    [2, 12, 12],
    [
      conv2d(8, { kernel: 3 }),
      maxPool2d(2),
      relu(),
      conv2d(8, { kernel: 2 }),
      tanh(),
      flatten(),
      linear(9),
      relu(),
      linear(4),
    ],
  ),
  "convolutions with padding, batch norm": sequential(
    [2, 9, 9],
    [
      conv2d(9, { kernel: 3, padding: 1, bias: false }),
      batchNorm2d(),
      relu(),
      conv2d(10, { kernel: 3, padding: 1, stride: 2 }),
      batchNorm2d(),
      leakyRelu(),
      conv2d(8, { kernel: [3, 4], padding: 2, bias: false }),
      tanh(),
      conv2d(7, { kernel: 1, bias: false }),
      avgPool2d(2),
      flatten(),
      linear(5),
    ],
  ),
  "an image as output": sequential(
    [1, 7, 7],
    [conv2d(6, { kernel: 3, padding: 1 }), relu(), conv2d(2, { kernel: 3 })],
  ),
  "batch norm that can't be folded": graph([2, 6, 6], ({ input, apply }) => {
    const x = apply(conv2d(6, { kernel: 3, padding: 1 }), input);
    const y = apply(batchNorm2d(), x);
    const z = apply(conv2d(6, { kernel: 3, padding: 1 }), apply(batchNorm2d(), apply(relu(), y)));
    return apply(linear(4), apply(flatten(), apply(concat(), z, x)));
  }),
  "slices, sums and concatenations": graph([3, 6, 6], ({ input, apply }) => {
    const x = apply(relu(), apply(conv2d(10, { kernel: 3, padding: 1 }), input));
    const left = apply(channels(0, 6), x);
    const right = apply(conv2d(6, { kernel: 1 }), apply(channels(3, 7), x));
    const both = apply(
      concat(),
      apply(add(), left, right, right),
      apply(channels(1, 2), input),
      left,
    );
    const y = apply(maxPool2d(2), apply(conv2d(5, { kernel: 3, padding: 1, bias: false }), both));
    return apply(linear(3), apply(flatten(), apply(channels(1, 3), apply(dropout(), y))));
  }),
  "skips with scalars": graph([2, 5, 5], ({ input, apply }) => {
    const x = apply(conv2d(6, { kernel: 3, padding: 1 }), input);
    const y = apply(relu(), apply(conv2d(6, { kernel: 3, padding: 1 }), x));
    const z = apply(scaledSum(), y, x, apply(conv2d(6, { kernel: 1 }), input));
    return apply(
      linear(4),
      apply(flatten(), apply(globalAvgPool2d(), apply(scaledSum(), z, y, x))),
    );
  }),
  ResNet: resNet18({ input: [3, 8, 8], widths: [8, 12], classes: 5 }),
  DenseNet: denseNet({ input: [1, 8, 8], growth: 5, blocks: 3, classes: 4 }),
  "autoencoder without skips": skipAutoencoder({ features: 16, layers: 4, skips: false }),
  "autoencoder with skips": skipAutoencoder({ features: 16, layers: 4 }),
};
