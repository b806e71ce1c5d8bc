/** Networks of many classes learn and predict, native and wasm, and their files have all names. */
import { expect, test } from "vitest";
import {
  adaBreg,
  adam,
  createPredictor,
  decodeModel,
  encodeModel,
  fit,
  fromArrays,
  l1,
  linBreg,
  linear,
  sequential,
} from "../support/bregman.js";

/** Samples in pairs that point in a direction of their own, each pair a class. */
function samples(classes: number, used: readonly number[], features: number) {
  const labels = used.flatMap((label) => [label, label]);
  const inputs = Float32Array.from({ length: labels.length * features }, (_, k) => {
    const row = Math.floor(k / features);
    return ((row >> 1) % features === k % features ? 3 : 0) + Math.sin(k * k) / 10;
  });
  return fromArrays({ shape: [features], classes, train: { inputs, labels } });
}

test.each(["native", "wasm"] as const)("1,000 classes: %s", async (backend) => {
  const used = Array.from({ length: 24 }, (_, k) => 41 * k);
  const data = samples(1000, used, 24);
  const model = sequential([24], [linear(1000)]);
  const result = await fit(model, data, {
    optimizer: {
      weights: adaBreg({ tau: 0.1, regularizer: l1(0.01) }),
      biases: adam({ tau: 0.1 }),
    },
    classWeights: "balanced",
    labelSmoothing: 0.01,
    validation: 0,
    batchSize: 16,
    epochs: 25,
    threads: 2,
    backend,
  });
  expect(result.epochs.at(-1)!.trainAccuracy).toBe(1);
  const network = decodeModel(encodeModel({ model, ...result }, {}, { sparse: true }));
  const predictor = await createPredictor(network, { backend });
  const outputs = await predictor.predict(data.train.inputs);
  const guesses = Array.from(data.train.labels, (_, k) => {
    const row = outputs.subarray(1000 * k, 1000 * (k + 1));
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
  expect(guesses).toEqual([...data.train.labels]);
  await predictor.close();
});

test.each(["native", "wasm"] as const)("65,535 classes: %s", async (backend) => {
  const used = [0, 255, 256, 32768, 65534];
  const data = samples(65535, used, 5);
  const model = sequential([5], [linear(65535, { bias: false })]);
  const result = await fit(model, data, {
    optimizer: {
      weights: linBreg({ tau: 1, regularizer: l1(0.5) }),
      biases: adam({ tau: 0.3 }),
    },
    validation: 0,
    init: { weights: { density: 0.001 } },
    batchSize: 10,
    epochs: 14,
    threads: 1,
    backend,
  });
  expect(result.epochs.at(-1)!.trainAccuracy).toBe(1);
  // Their figures would be longer than what they are of.
  expect(result.final.byClass?.classes).toBeUndefined();
  const network = decodeModel(encodeModel({ model, ...result }, {}, { sparse: true }));
  expect(network.labelNames).toHaveLength(65535);
  const predictor = await createPredictor(network, { backend });
  const outputs = await predictor.predict(data.train.inputs);
  used.forEach((label, k) => {
    const row = outputs.subarray(65535 * 2 * k, 65535 * (2 * k + 1));
    expect(row.indexOf(row.reduce((a, b) => Math.max(a, b)))).toBe(label);
  });
  await predictor.close();
});
