/** Small models over images: every kind of layer, odd sides, strides, borders, several readers. */
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { leakyRelu, relu, tanh } from "#bregman/nn/layers/activation.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { avgPool1d, conv1d, maxPool1d } from "#bregman/nn/layers/one-dimension.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, sequential, type Model } from "#bregman/nn/model.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { denseNet } from "#bregman/models/densenet.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { activations } from "../reference/activation.js";

const head = [flatten(), linear(4)];
export const IMAGE_MODELS: Record<string, Model> = {
  "3x3 with padding": sequential(
    [2, 5, 6],
    [conv2d(3, { kernel: 3, padding: 1 }), relu(), conv2d(2, { kernel: 3, padding: 1 }), ...head],
  ),
  "5x5, then 1x1": sequential(
    [1, 9, 8],
    [conv2d(9, { kernel: 5 }), tanh(), conv2d(4, { kernel: 1, bias: false }), ...head],
  ),
  "stride 2, odd sides": sequential(
    [2, 7, 9],
    [
      conv2d(3, { kernel: 3, stride: 2, padding: 1 }),
      relu(),
      conv2d(4, { kernel: 3, stride: 2, padding: 1 }),
      ...head,
    ],
  ),
  "strides and padding of each side": sequential(
    [2, 7, 9],
    [
      conv2d(9, {
        kernel: [3, 4],
        stride: [1, 2],
        padding: [
          [2, 0],
          [1, 3],
        ],
      }),
      relu(),
      maxPool2d([2, 3], {
        stride: [1, 2],
        padding: [
          [0, 1],
          [2, 1],
        ],
      }),
      conv2d(10, { kernel: [2, 3], stride: [3, 1], padding: [1, 0] }),
      avgPool2d([1, 2], { padding: [0, [1, 0]] }),
      ...head,
    ],
  ),
  "one dimension": sequential(
    [2, 40],
    [
      conv1d(9, { kernel: 7, stride: 2, padding: [3, 2] }),
      batchNorm2d(),
      relu(),
      maxPool1d(3, { stride: 2, padding: 1 }),
      conv1d(4, { kernel: 4, padding: "same" }),
      avgPool1d(2),
      ...head,
    ],
  ),
  "stride 2 without padding": sequential(
    [2, 8, 7],
    [conv2d(3, { kernel: 2, stride: 2 }), conv2d(5, { kernel: 1, stride: 2 }), ...head],
  ),
  "stride 3, flat kernel": sequential(
    [2, 8, 10],
    [conv2d(3, { kernel: [2, 3] }), conv2d(3, { kernel: [3, 1], stride: 3 }), ...head],
  ),
  "images smaller than the stride": sequential(
    [2, 2, 2],
    [
      conv2d(5, { kernel: 3, stride: 2, padding: 1 }),
      conv2d(20, { kernel: 3, stride: 2, padding: 1 }),
      conv2d(9, { kernel: 3, stride: 2, padding: 2 }),
      conv2d(12, { kernel: 3, stride: 3, padding: 2 }),
      ...head,
    ],
  ),
  "a stride larger than the kernel": graph([2, 6, 8], ({ input, apply }) => {
    const x = apply(conv2d(3, { kernel: 1 }), input);
    const y = apply(conv2d(3, { kernel: [2, 1], stride: 3 }), apply(conv2d(3, { kernel: 1 }), x));
    return apply(
      linear(4),
      apply(flatten(), apply(add(), y, apply(conv2d(3, { kernel: [1, 2], stride: 3 }), x))),
    );
  }),
  "strides beyond the image": sequential(
    [2, 5, 6],
    [
      conv2d(3, { kernel: 3, padding: 1 }),
      conv2d(9, { kernel: [4, 3], stride: 2 ** 40, padding: 1 }),
      ...head,
    ],
  ),
  "a kernel as large as the image, and its stride": sequential(
    [2, 6, 6],
    [conv2d(3, { kernel: 1 }), conv2d(9, { kernel: 6, stride: 6 }), ...head],
  ),
  "pools whose strides are beyond the image": graph([2, 5, 4], ({ input, apply }) => {
    const x = apply(conv2d(3, { kernel: 1 }), input);
    const pools = [maxPool2d(2, { stride: 2 ** 40 }), avgPool2d(4, { stride: 5 })];
    return apply(
      linear(4),
      apply(flatten(), apply(concat(), ...pools.map((pool) => apply(pool, x)))),
    );
  }),
  "every activation": sequential(
    [2, 5, 5],
    [...activations.flatMap((layer) => [conv2d(4, { kernel: 3, padding: 1 }), layer]), ...head],
  ),
  "max pool": sequential(
    [2, 9, 8],
    [conv2d(4, { kernel: 3, padding: 1 }), maxPool2d(2), relu(), conv2d(3, { kernel: 3 }), ...head],
  ),
  "overlapping max pool, average pool": sequential(
    [2, 9, 9],
    [
      conv2d(3, { kernel: 3 }),
      maxPool2d(3, { stride: 2 }),
      leakyRelu(),
      avgPool2d(2, { stride: 1 }),
      ...head,
    ],
  ),
  "a batch norm and its own input, added": graph([2, 5, 4], ({ input, apply }) => {
    const x = apply(conv2d(3, { kernel: 3, padding: 1, bias: false }), input);
    const sum = apply(relu(), apply(add(), apply(batchNorm2d(), x), x));
    return apply(linear(4), apply(flatten(), sum));
  }),
  "batch norm": sequential(
    [2, 5, 4],
    [
      conv2d(3, { kernel: 3, padding: 1, bias: false }),
      batchNorm2d(),
      relu(),
      conv2d(3, { kernel: 3, padding: 1 }),
      batchNorm2d(),
      globalAvgPool2d(),
      ...head,
    ],
  ),
  "residual blocks": resNet18({ input: [2, 6, 6], classes: 3, widths: [4, 6] }),
  "flatten into an activation": sequential(
    [2, 4, 5],
    [conv2d(3, { kernel: 3 }), maxPool2d(2), flatten(), tanh(), linear(4)],
  ),
  "reads twice": graph([2, 5, 5], ({ input, apply }) => {
    const x = apply(conv2d(3, { kernel: 3, padding: 1 }), input);
    const y = apply(conv2d(3, { kernel: 1 }), x);
    const z = apply(conv2d(3, { kernel: 5, padding: 2 }), x);
    return apply(linear(4), apply(flatten(), apply(add(), x, y, z, x)));
  }),
  "concat and channels": graph([2, 5, 5], ({ input, apply }) => {
    const x = apply(conv2d(3, { kernel: 3, padding: 1 }), input);
    const y = apply(concat(), x, apply(relu(), apply(conv2d(2, { kernel: 3, padding: 1 }), x)));
    return apply(linear(4), apply(flatten(), apply(channels(1, 3), y)));
  }),
  "dense blocks": denseNet({ input: [1, 6, 6], classes: 3, growth: 3, blocks: 2 }),
  skips: skipAutoencoder({ features: 6, layers: 3 }),
  "scaled images": graph([2, 4, 4], ({ input, apply }) => {
    const x = apply(conv2d(2, { kernel: 3, padding: 1 }), input);
    const y = apply(conv2d(2, { kernel: 3, padding: 1 }), x);
    return apply(linear(4), apply(flatten(), apply(scaledSum(), y, x, input)));
  }),
};
