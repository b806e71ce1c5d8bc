/**
 * Connections to concatenated layers (who reads whom, through whatever keeps channels apart) and
 * skips, and which are used.
 */
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { denseNet } from "#bregman/models/densenet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { graph, type Model } from "#bregman/nn/model.js";
import { adaBreg, sgd } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/index.js";
import { connectionsOf } from "#bregman/measure/connections.js";
import { fit } from "#bregman/runs/fit.js";
import { initialParameters } from "#bregman/engine/initial.js";
import { expectWarnings } from "../support/warnings.js";

/** The connections of a model whose weights are all 1, but for those that `change` sets. */
function connections(model: Model, change: (name: string, theta: Float32Array) => void = () => {}) {
  const parameters = initialParameters(model, stream(1));
  return connectionsOf(model, (name) => {
    const theta = parameters.get(name)!.fill(1);
    change(name, theta);
    return theta;
  });
}

test("each layer of a DenseNet is connected to all blocks before it", () => {
  const found = connections(denseNet());
  const blocks = ["conv1", "block1", "block2", "block3", "block4", "block5"];
  const expected = [2, 3, 4, 5].flatMap((k) =>
    blocks.slice(0, k).map((from) => ({ from, to: `block${k}`, density: 1 })),
  );
  expect(found).toEqual([
    ...expected,
    ...blocks.map((from) => ({ from, to: "transition", density: 1 })),
  ]);
});

test("channels are followed through concat, slices, activations, norms, pooling and flattening", () => {
  const model = graph([3, 8, 8], ({ input, apply }) => {
    const one = apply(conv2d(4, { kernel: 3, padding: 1, name: "one" }), input);
    const both = apply(concat(), apply(relu(), one), input);
    const two = apply(
      conv2d(2, { kernel: 3, padding: 1, name: "two" }),
      apply(batchNorm2d(), both),
    );
    const part = apply(channels(3, 2), both); // the last of one's channels, the first of the input's
    const sum = apply(add({ name: "sum" }), part, two);
    const pooled = apply(maxPool2d(4), apply(concat(), sum, part));
    return apply(linear(5, { name: "head" }), apply(flatten(), pooled));
  });
  // two reads 4 + 3 channels with 9 taps each, head 2 + 1 + 1 channels of 2 x 2 pixels each.
  const found = connections(model, (name, theta) => {
    if (name === "two.weight") for (const row of [0, 1]) theta.fill(0, 63 * row, 63 * row + 36);
    if (name === "head.weight") theta.fill(0).fill(1, 16 * 3 + 8, 16 * 3 + 11);
  });
  expect(found).toEqual([
    { from: "one", to: "two", density: 0 },
    { from: "input", to: "two", density: 1 },
    { from: "sum", to: "head", density: 0 },
    { from: "one", to: "head", density: 3 / 20 },
    { from: "input", to: "head", density: 0 },
  ]);
});

test("skip connections have the scalar of each, and are used if it is not 0", () => {
  const found = connections(skipAutoencoder({ features: 3, layers: 2 }), (name, theta) => {
    if (name === "skips1.scale") theta.set([-0.25]);
    if (name === "skips2.scale") theta.set([0.5, 0]);
  });
  expect(found).toEqual([
    { from: "input", to: "skips1", density: 1, scale: -0.25 },
    { from: "input", to: "skips2", density: 1, scale: 0.5 },
    { from: "skips1", to: "skips2", density: 0, scale: 0 },
  ]);
});

test("nets without concatenated layers or skips have none", () => {
  expect(connections(mlp([4, 3, 2]))).toEqual([]);
  expect(connections(resNet18({ widths: [2, 2] }))).toEqual([]);
});

test("a training ends with them: kernels that are not zero / kernels, from each source", async () => {
  const random = stream(1);
  const inputs = Float32Array.from({ length: 8 * 36 }, () => random.uniform());
  const data = fromArrays({
    shape: [1, 6, 6],
    classes: 2,
    train: { inputs, labels: Uint8Array.from({ length: 8 }, (_, k) => k % 2) },
  });
  const model = denseNet({ input: [1, 6, 6], classes: 2, growth: 2, blocks: 2 });
  const kernels = groupLasso({ lambda: 10, groups: "kernels" });
  const { final, parameters } = await fit(model, data, {
    optimizer: {
      weights: sgd({ tau: 0.01 }),
      convs: adaBreg({ regularizer: kernels }),
      biases: sgd({ tau: 0.01 }),
    },
    init: { convs: { density: 0.3, mask: "kernel" } },
    epochs: 1,
    threads: 1,
  });
  // block2 reads 2 channels of conv1, then 2 of block1; the transition 2 of conv1, block1 and
  // block2.
  const shares = (name: string, sources: number): number[] => {
    const { data: theta, shape } = parameters.get(name)!;
    const counts = new Float64Array(sources);
    for (let k = 0; k < theta.length / 9; k++) {
      counts[(k % shape[1]) >> 1] += Number(theta.subarray(9 * k, 9 * k + 9).some((w) => w !== 0));
    }
    return Array.from(counts, (n) => n / (2 * shape[0]));
  };
  const densities = final.connections!.map(({ density }) => density);
  expect(densities).toEqual([...shares("block2.weight", 2), ...shares("transition.weight", 3)]);
  expect(new Set(densities).size).toBeGreaterThan(1);
  // So large a lambda is there for kernels that stay zero.
  expectWarnings(/^no weight was born in 1 epoch: /);
});
