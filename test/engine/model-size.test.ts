/**
 * Networks too large for any memory: one line that names the layer and the bytes, before anything
 * is drawn.
 */
import { expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { sequential } from "#bregman/nn/model.js";
import { sgd } from "#bregman/optim/index.js";
import { checkModelSize } from "#bregman/engine/model-size.js";
import { prepare } from "#bregman/train/prepare.js";

const GIB = 2 ** 30;

test.each([
  [
    Number.MAX_SAFE_INTEGER,
    `the output [${Number.MAX_SAFE_INTEGER}] of layer "linear1" would take 5.76e+17 bytes, `,
  ],
  [9_000_000, 'the parameters of the layers up to "linear1" would take 2.83e+10 bytes, '],
  [900_000, `layer "linear1": its weight [900000, 784] takes ${4 * 784 * 900_000} bytes`],
])("a layer of %i units is named before it is drawn", async (n, message) => {
  const optimizer = { weights: sgd(), biases: sgd() };
  const start = async () => prepare(mlp([784, n, 10]), { optimizer, epochs: 1, batchSize: 16 });
  await expect(start()).rejects.toThrow(InputError);
  await expect(start()).rejects.toThrow(message);
});

test("the limit: parameters and their dual variables, and the output of a batch", () => {
  // Without a bias: 2^29 parameters and as many dual variables are 4 GiB.
  const flat = (inputs: number) =>
    sequential([inputs, 1, 1], [conv2d(2 ** 9, { kernel: 1, bias: false })]);
  expect(() => checkModelSize(flat(2 ** 20), 1)).not.toThrow();
  expect(() => checkModelSize(flat(2 ** 20 + 1), 1)).toThrow(`take ${4 * GIB + 2 ** 12} bytes`);
  const wide = sequential([1, 2 ** 10, 2 ** 10], [conv2d(2 ** 4, { kernel: 1 })]);
  expect(() => checkModelSize(wide, 2 ** 6)).not.toThrow();
  expect(() => checkModelSize(wide, 2 ** 6 + 1)).toThrow(
    `layer "conv2d1" is too large: its output [16, 1024, 1024] takes ${65 * 2 ** 26} bytes for a batch of 65; all must fit into 4294967296 bytes`,
  );
});
