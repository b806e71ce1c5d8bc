/**
 * A trained network at work: the outputs and accuracies that training told, on either backend, and
 * for one's own inputs.
 */
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { stream } from "#bregman/random.js";
import { reestimateBatchNorm } from "#bregman/train/batch-norm-statistics.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import { predict } from "#bregman/predict/predict.js";
import { forward } from "../reference/network.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

const imageModel = sequential(
  [2, 6, 6],
  [
    conv2d(6, { kernel: 3, padding: 1, bias: false }),
    batchNorm2d(),
    relu(),
    dropout({ p: 0.3 }),
    conv2d(5, { kernel: 3 }),
    batchNorm2d(),
    relu(),
    flatten(),
    linear(3),
  ],
);

/** Noise with a bright channel for class 1 and a bright corner for class 2. */
function imagesOf(count: number, seed: number) {
  const random = stream(seed, "images");
  const labels = Uint8Array.from({ length: count }, () => random.integer(3));
  const inputs = Uint8Array.from({ length: count * 72 }, (_, k) => {
    const [label, place] = [labels[Math.floor(k / 72)], k % 72];
    const bright = (label === 1 && place < 36) || (label === 2 && place % 6 < 3);
    return random.integer(100) + (bright ? 90 : 0);
  });
  return { inputs, labels };
}
const data = fromArrays({
  shape: [2, 6, 6],
  train: imagesOf(600, 1),
  test: imagesOf(200, 2),
  mean: [0.25, 0.3],
  std: [0.1, 0.2],
});

describe.each(["native", "wasm"] as const)("predict on %s", (backend) => {
  test.each([
    ["a dense perceptron", mlp([20, 30, 7]), 1],
    ["a sparse perceptron", mlp([20, 30, 7]), 0.05],
    ["dense convolutions", imageModel, 1],
    ["sparse convolutions", imageModel, 0.05],
  ] as const)("%s gives the output of the float64 reference", async (_name, model, density) => {
    const network = randomNetwork(model, { density, dead: 0 });
    const inputs = randomInputs(network, 70);
    const output = await predict(network, inputs, { backend });
    expect(relativeError(output, referenceOutput(network, inputs))).toBeLessThan(1e-5);
  });
});

test("bytes count as value / 255, and inputs are normalized", async () => {
  const network = {
    ...randomNetwork(imageModel),
    normalization: { mean: data.mean, std: data.std },
  };
  const { inputs } = imagesOf(3, 5);
  const scaled = Float32Array.from(inputs, (byte) => byte / 255);
  const output = await predict(network, inputs);
  expect(relativeError(await predict(network, scaled), output)).toBeLessThan(1e-5);
  const normalized = scaled.map(
    (x, k) => (x - data.mean[k % 72 < 36 ? 0 : 1]) / data.std[k % 72 < 36 ? 0 : 1],
  );
  expect(
    relativeError(await predict({ ...network, normalization: undefined! }, normalized), output),
  ).toBeLessThan(1e-5);
});

test("inputs that are no samples", async () => {
  const network = randomNetwork(mlp([4, 2]));
  expect(await predict(network, new Float32Array(0))).toHaveLength(0);
  await expect(predict(network, new Float32Array(7))).rejects.toThrow(
    "predict: inputs must be samples of 4 numbers ([4]), found 7",
  );
});

test("evaluation finds the accuracy that training told", async () => {
  const options = { validation: 100, splitSeed: 7 };
  const result = await fit(imageModel, data, {
    ...options,
    optimizer: {
      weights: linBreg({ tau: 0.1, regularizer: l1(0.001) }),
      biases: linBreg({ tau: 0.1 }),
    },
    epochs: 2,
  });
  const network = { model: imageModel, ...result };
  await expect(evaluate(network as never, data, options)).rejects.toThrow(
    new InputError("evaluate: expected an array of networks, found Object"),
  );
  const [found, again] = await evaluate([network, network], data, options);
  expect(again).toEqual(found);
  expect(found.testAccuracy).toBe(result.final.testAccuracy);
  expect(found.validAccuracy).toBe(result.final.validAccuracy);
  expect(found.testLoss).toBeCloseTo(result.final.testLoss!, 6);
  // What fit returns takes bytes as they are: the normalization is part of it.
  const images = data.test.inputs;
  const logits = await predict(network, images);
  const classes = data.classes;
  const right = Array.from(data.test.labels, (label, k) => {
    const row = logits.subarray(k * classes, (k + 1) * classes);
    return row.indexOf(Math.max(...row)) === label ? 1 : 0;
  }).reduce<number>((sum, one) => sum + one, 0);
  expect(right / data.test.count).toBe(result.final.testAccuracy);
  expect(result.normalization).toEqual({ mean: data.mean, std: data.std });
});

test("a share held out is the same in training and in evaluation, with a limit and without", async () => {
  for (const limit of [undefined, 100]) {
    const options = { validation: 0.2, splitSeed: 7, limit };
    const samples: unknown[] = [];
    const result = await fit(imageModel, data, {
      ...options,
      optimizer: { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) },
      epochs: 1,
      onEvent: (event) => event.type === "start" && samples.push(event.samples),
    });
    const count = data.train.count;
    const held = limit === undefined ? Math.round(0.2 * count) : 25;
    expect(samples).toEqual([{ train: limit ?? count - held, valid: held, test: data.test.count }]);
    const [found] = await evaluate([{ model: imageModel, ...result }], data, options);
    expect(found.validAccuracy).toBe(result.final.validAccuracy);
    expect(found.validLoss).toBeCloseTo(result.epochs.at(-1)!.validLoss!, 6);
  }
});

describe("evaluate", () => {
  const part = {
    inputs: Float32Array.from({ length: 120 }, (_, k) => 50 + 10 * Math.sin(k)),
    labels: new Uint8Array(40),
  };
  part.labels.forEach((_, k) => (part.labels[k] = part.inputs[3 * k] > 50 ? 1 : 0));
  const wide = fromArrays({ shape: [3], train: part, test: part, mean: [50], std: [10] });

  test("takes the inputs as the network expects them, whatever the data say", async () => {
    const network = {
      ...randomNetwork(mlp([3, 8, 2]), { density: 1 }),
      normalization: { mean: [50], std: [10] },
    };
    const plain = fromArrays({ shape: [3], train: part, test: part });
    const [[a], [b]] = [await evaluate([network], wide), await evaluate([network], plain)];
    expect(a.testLoss).toBe(b.testLoss);
    const { normalization: _, ...unsaid } = network;
    const [[c], [d]] = [await evaluate([unsaid], wide), await evaluate([unsaid], plain)];
    expect(c.testLoss).toBe(a.testLoss);
    expect(d.testLoss).not.toBe(a.testLoss);
    const two = { ...network, normalization: { mean: [1, 2], std: [1, 1] } };
    await expect(evaluate([two], wide)).rejects.toThrow(
      "normalization: mean must have one number, or one for each of several equal runs of the 3 features, found 2",
    );
    const image = sequential([3, 1, 1], [flatten(), linear(2)]);
    const bytes = { inputs: new Uint8Array(6), labels: [0, 1] };
    const pixels = fromArrays({ shape: [3, 1, 1], train: bytes, test: bytes });
    const one = { ...randomNetwork(image), normalization: { mean: [1], std: [1] } };
    await expect(evaluate([one], pixels)).rejects.toThrow(
      "evaluate: the network takes inputs of 1 channels",
    );
  });

  test("refuses data that the network does not fit", async () => {
    const message = 'evaluate: the model has an output of [3], "arrays" has 2 classes';
    await expect(evaluate([randomNetwork(mlp([3, 3]))], wide)).rejects.toThrow(message);
    await expect(evaluate([randomNetwork(mlp([4, 2]))], wide)).rejects.toThrow(
      "evaluate: the model takes 4 features",
    );
  });
});

test("bytes of a canvas are bytes, and anything else is refused", async () => {
  const network = randomNetwork(mlp([6, 3]), { density: 1 });
  const bytes = Uint8Array.of(0, 50, 100, 150, 200, 255);
  expect(await predict(network, new Uint8ClampedArray(bytes))).toEqual(
    await predict(network, bytes),
  );
  for (const wrong of [[0, 1, 2, 3, 4, 5], new Int8Array(6), new Int32Array(6)]) {
    await expect(predict(network, wrong as unknown as Uint8Array)).rejects.toThrow(
      "predict: inputs must be a Uint8Array, a Float32Array or a Float64Array, or a Uint8ClampedArray",
    );
  }
});

describe("batch-norm statistics", () => {
  test("of one batch are its mean and unbiased variance", async () => {
    const network = randomNetwork(imageModel, { density: 0.6, dead: 0 });
    const { buffers } = await reestimateBatchNorm(network, data, {
      batchSize: 600,
      batches: 1,
      normalize: false,
    });
    // By the reference, in training mode: what the first batch norm reads.
    const inputs = Float64Array.from(data.train.inputs, (byte) => byte / 255);
    const parameters = new Map(
      [...network.parameters].map(([name, values]) => [name, Float64Array.from(values.data)]),
    );
    const before = sequential([2, 6, 6], [imageModel.nodes[0].layer]);
    const x = forward(before, parameters, { inputs, count: 600 })[1];
    const expected = new Float64Array(12);
    for (let c = 0; c < 6; c++) {
      const values = x.filter((_, k) => Math.floor(k / 36) % 6 === c);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      expected[c] = mean;
      expected[6 + c] = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
    }
    expect(relativeError(buffers.get("batchNorm2d1.running")!.data, expected)).toBeLessThan(1e-5);
  });

  test("of many batches bring back the accuracy that wrong ones have spoilt", async () => {
    const result = await fit(imageModel, data, {
      optimizer: { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) },
      batchSize: 32,
      epochs: 4,
    });
    const network = { model: imageModel, ...result };
    const buffers = new Map(
      [...network.buffers].map(([name, { shape, data: values }]) => [
        name,
        { shape, data: values.map((v) => 4 * v + 1) },
      ]),
    );
    const spoilt = { ...network, buffers };
    const repaired = await reestimateBatchNorm(spoilt, data, { batchSize: 32 });
    const [good, bad, mended] = await evaluate([network, spoilt, repaired], data);
    expect(good.testAccuracy).toBeGreaterThan(0.9);
    expect(bad.testAccuracy).toBeLessThan(good.testAccuracy! - 0.1);
    expect(mended.testAccuracy).toBeGreaterThan(good.testAccuracy! - 0.03);
  });

  test("impossible numbers", async () => {
    const network = randomNetwork(imageModel);
    await expect(reestimateBatchNorm(network, data, { batches: 0 })).rejects.toThrow(
      "reestimateBatchNorm: batches must be a positive integer, found 0",
    );
  });
});
