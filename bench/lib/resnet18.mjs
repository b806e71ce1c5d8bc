/**
 * ResNet-18 for CIFAR-sized images (batch 128) as every part of its benchmarks sets it up: random images, random weights of a
 * given density, and a learning rate so small that the pattern stays as it is.
 */
import { resNet18 } from "../../dist/models/resnet18.js";
import { ruleOf } from "../../dist/nn/layers/rules.js";
import { storeSamples } from "../../dist/nn/samples.js";
import { linBreg } from "../../dist/optim/index.js";
import { stream } from "../../dist/random.js";
import { groupLasso, l1, none } from "../../dist/regularizers/index.js";
import { nonZeros } from "../../dist/runtime/parameter.js";
import { initialParameters } from "../../dist/train/initial.js";
import { createTrainer } from "../../dist/train/trainer.js";
import { random } from "./random.mjs";

export const BATCH = 128;
/** Distinct images; a batch takes 128 of them. */
export const IMAGES = 1024;
const FEATURES = 3 * 32 * 32;
const TAU = 1e-6;
const LAMBDA = 0.1;

/**
 * What a step computes with.
 * @typedef {object} Setting
 * @property {"dense" | "groups" | "entries"} kind of weight: dense, kernel groups, or unstructured
 * @property {number} density of every convolution's weight, 0 to 1
 */

/** @returns {{ inputs: Uint8Array, labels: Int32Array }} */
export function images() {
  const next = random(1);
  return {
    inputs: Uint8Array.from({ length: IMAGES * FEATURES }, () => Math.floor(next() * 256)),
    labels: Int32Array.from({ length: IMAGES }, () => Math.floor(next() * 10)),
  };
}

/** Sample numbers of batch k. */
export function batch(/** @type {number} */ k) {
  const next = random(100 + k);
  return Int32Array.from({ length: BATCH }, () => Math.floor(next() * IMAGES));
}

const REGULARIZERS = {
  dense: () => none(),
  groups: () => groupLasso({ lambda: LAMBDA, groups: "kernels" }),
  entries: () => l1(LAMBDA),
};

/** A trainer of this setting. */
export function resnetTrainer(
  /** @type {import("../../dist/runtime/pool.js").Pool} */ pool,
  /** @type {Setting} */ { kind, density },
) {
  const model = resNet18();
  const convs = { density: kind === "dense" ? 1 : density, mask: kind === "groups" ? "kernel" : "entry" };
  const plain = linBreg({ tau: TAU });
  return createTrainer({
    pool,
    model,
    loss: "crossEntropy",
    samples: storeSamples(pool.memory, [images()], {
      features: FEATURES,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    }),
    batchSize: BATCH,
    initial: initialParameters(model, stream(1, "init"), { weights: { density: 1 }, convs }),
    optimizers: { weight: plain, bias: plain, conv: linBreg({ tau: TAU, regularizer: REGULARIZERS[kind]() }) },
  });
}

/** Floating-point operations of a dense step: forward, weight gradient, and input gradient but for the first convolution's. */
export function denseFlops(model = resNet18()) {
  const forward = model.nodes.reduce((sum, { layer, shape, parameters: [weight] }) => {
    const each = ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0;
    return sum + each * (each ? weight.shape.reduce((product, n) => product * n, 1) : 0);
  }, 0);
  const [stem] = model.nodes;
  const first = stem.parameters[0].shape.reduce((product, n) => product * n, 1) * stem.shape[1] * stem.shape[2];
  return 2 * BATCH * (3 * forward - first);
}

/** Share of the convolutions' weights that are not zero. */
export function convDensity(/** @type {import("../../dist/train/trainer.js").Trainer} */ { pool, updaters }) {
  const convs = updaters.map(({ parameter }) => parameter).filter(({ role }) => role === "conv");
  const all = convs.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return convs.reduce((sum, parameter) => sum + nonZeros(pool.memory, parameter), 0) / all;
}
