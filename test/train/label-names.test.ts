/** The names of the classes stay with a network, from its data to its file. */
import { expect, test } from "vitest";
import {
  adam,
  batchNorm2d,
  conv2d,
  decodeModel,
  encodeModel,
  fit,
  flatten,
  fromArrays,
  latentPod,
  linear,
  prune,
  reestimateBatchNorm,
  sequential,
  simplify,
  type Network,
} from "../support/bregman.js";

const labelNames = ["cat", "dog, large", "0"];
const inputs = Float32Array.from({ length: 12 * 16 }, (_, k) => Math.sin(k * k));
const labels = Uint8Array.from({ length: 12 }, (_, k) => k % 3);
const data = fromArrays({ shape: [1, 4, 4], train: { inputs, labels }, labelNames });
const options = {
  optimizer: { weights: adam({ tau: 0.01 }), biases: adam({ tau: 0.01 }) },
  epochs: 1,
  validation: 0,
  threads: 1,
};
const model = sequential(
  [1, 4, 4],
  [conv2d(2, { kernel: 3 }), batchNorm2d(), flatten(), linear(4), linear(3)],
);

test("a classifier has them, and so has all that is made of it", async () => {
  const network: Network = { model, ...(await fit(model, data, options)) };
  expect(network.labelNames).toEqual(labelNames);
  const made = {
    simplify: simplify(network),
    prune: prune(network, { density: 0.1 }),
    latentPod: latentPod(network, { tolerance: 0.5 }),
    reestimateBatchNorm: await reestimateBatchNorm(network, data, { validation: 0, threads: 1 }),
    file: decodeModel(encodeModel(network)),
    "sparse file": decodeModel(encodeModel(network, {}, { sparse: true })),
  };
  for (const [name, { labelNames: kept }] of Object.entries(made))
    expect([name, kept]).toEqual([name, labelNames]);
  expect(made.latentPod.parameters.get("linear1.weight")!.shape[0]).toBeLessThan(4);
});

test("what comes near to targets has none", async () => {
  const targets = new Float32Array(12 * 3).fill(1);
  const task = fromArrays({ shape: [1, 4, 4], train: { inputs, labels, targets }, labelNames });
  const result = await fit(model, task, { ...options, loss: "meanSquaredError" });
  expect("labelNames" in result).toBe(false);
  expect("labelNames" in decodeModel(encodeModel({ model, ...result }))).toBe(false);
});

test("names that are not one for each output are told before anything is computed", async () => {
  const network: Network = { model, ...(await fit(model, data, options)) };
  expect(() => simplify({ ...network, labelNames: ["cat", "dog"] })).toThrow(
    "labelNames must be a list of one text for each of the 3 outputs, found 2",
  );
});
