/**
 * The convolutional networks (batch 128) as every part of their benchmarks sets them up: random
 * images, random weights of a given density, and a learning rate so small that the pattern stays as
 * it is.
 */
import { convNet } from "../../dist/models/convnet.js";
import { resNet18 } from "../../dist/models/resnet18.js";
import { ruleOf } from "../../dist/nn/layers/rules.js";
import { storeSamples } from "../../dist/nn/store-samples.js";
import { linBreg } from "../../dist/optim/index.js";
import { loadRecipe } from "../../dist/recipes/load.js";
import { stream } from "../../dist/random.js";
import { groupLasso, l1, none } from "../../dist/regularizers/index.js";
import { nonZeros } from "../../dist/runtime/theta.js";
import { initialParameters } from "../../dist/engine/initial.js";
import { createTrainer } from "../../dist/engine/trainer.js";
import { random } from "./random.mjs";

export const BATCH = 128;
/** Distinct images; a batch takes 128 of them. */
export const IMAGES = 1024;
const TAU = 1e-6;
const LAMBDA = 0.1;

/**
 * What is measured: ResNet-18 has a dense classifier, as its recipes have; in the ConvNet the
 * linear layers hold half of the weights and are as sparse as the convolutions, always by single
 * weights. `recipes`: those whose layers have densities of their own.
 */
export const NETWORKS = {
  resnet18: {
    title: "ResNet-18",
    model: resNet18,
    image: [3, 32, 32],
    sparseLinear: false,
    recipes: { groups: "cifar10-resnet18-groups", entries: "cifar10-resnet18" },
  },
  convnet: { title: "Fashion ConvNet", model: convNet, image: [1, 28, 28], sparseLinear: true },
};

/**
 * What a step computes with.
 * @typedef {object} Setting
 * @property {keyof typeof NETWORKS} network
 * @property {"dense" | "groups" | "entries"} kind of weight: dense, kernel groups, or unstructured
 * @property {number | "recipe"} density of every sparse weight, 0 to 1; or each layer has that of
 *   the network's recipe: see recipeDensities
 * @property {number} [microBatches] parts of a batch; default 1
 * @property {number} [sampleDual] relative variance that estimated gradients may have
 * @property {"float32" | "bf16"} [precision] of the planes between convolutions
 * @property {import("../../dist/ranks/ranks.js").Ranks} [ranks] that share out the parts
 */

/** @returns {{ inputs: Uint8Array, labels: Int32Array }} */
export function images(/** @type {number} */ features) {
  const next = random(1);
  return {
    inputs: Uint8Array.from({ length: IMAGES * features }, () => Math.floor(next() * 256)),
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

/**
 * What a recipe's layers are held to; what it leaves alone has the density it starts with.
 * @returns {Record<string, number>} by layer; all others are dense
 */
export function recipeDensities(/** @type {string} */ name) {
  const { init, targetDensity } = loadRecipe(name);
  const starts = Object.entries(init.layers ?? {}).map(([layer, { density }]) => [layer, density]);
  return Object.fromEntries([...starts, ...Object.entries(targetDensity.targets.layers)]);
}

/**
 * Share of the dense network's multiplications that a step's sparse products have, the classifier's
 * left out: the density, where it is the same everywhere.
 */
export function flopShare(/** @type {Setting} */ { network, kind, density }) {
  if (density !== "recipe") return density;
  const { model: build, recipes } = NETWORKS[network];
  const densities = recipeDensities(recipes[kind]);
  let [all, sparse] = [0, 0];
  for (const { name, layer, shape, parameters } of build().nodes) {
    if (!(name in densities)) continue;
    const each = ruleOf(layer).multiplicationsPerWeight(shape);
    const flops = each * parameters[0].shape.reduce((product, n) => product * n, 1);
    all += flops;
    sparse += densities[name] * flops;
  }
  return sparse / all;
}

/** A trainer of this setting. */
export function networkTrainer(
  /** @type {import("../../dist/runtime/pool.js").Pool} */ pool,
  /** @type {Setting} */ { network, kind, density, microBatches, ranks, sampleDual, precision },
) {
  const { model: build, image, sparseLinear, recipes } = NETWORKS[network];
  const model = build();
  const features = image.reduce((product, n) => product * n, 1);
  const linear = sparseLinear && kind !== "dense";
  const own = density === "recipe" ? recipeDensities(recipes[kind]) : {};
  const layers = Object.fromEntries(
    Object.entries(own).map(([name, share]) => [name, { density: share }]),
  );
  // atLeast: the density that is asked for, even where a row is empty.
  const convs = {
    density: kind === "dense" || density === "recipe" ? 1 : density,
    mask: kind === "groups" ? "kernel" : "entry",
    atLeast: 0,
  };
  const plain = linBreg({ tau: TAU });
  return createTrainer({
    pool,
    model,
    loss: "crossEntropy",
    samples: storeSamples(pool.memory, [images(features)], {
      features,
      mean: Array(image[0]).fill(0.5),
      std: Array(image[0]).fill(0.25),
    }),
    batchSize: BATCH,
    microBatches,
    ranks,
    sampleDual,
    precision,
    initial: initialParameters(model, stream(1, "init"), {
      weights: { density: linear ? density : 1, atLeast: 0 },
      convs,
      layers,
    }),
    optimizers: {
      weight: linear ? linBreg({ tau: TAU, regularizer: l1(LAMBDA) }) : plain,
      bias: plain,
      conv: linBreg({ tau: TAU, regularizer: REGULARIZERS[kind]() }),
    },
  });
}

/**
 * Floating-point operations of a dense step: forward, weight gradient, and input gradient but for
 * the first convolution's.
 */
export function denseFlops(/** @type {keyof typeof NETWORKS} */ network) {
  const model = NETWORKS[network].model();
  const forward = model.nodes.reduce((sum, { layer, shape, parameters: [weight] }) => {
    const each = ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0;
    return sum + each * (each ? weight.shape.reduce((product, n) => product * n, 1) : 0);
  }, 0);
  const stem = model.nodes.find(({ layer }) => ruleOf(layer).multiplicationsPerWeight);
  const first =
    stem.parameters[0].shape.reduce((product, n) => product * n, 1) *
    ruleOf(stem.layer).multiplicationsPerWeight(stem.shape);
  return 2 * BATCH * (3 * forward - first);
}

/**
 * What layers have to send and to compute, from the first one to the last: numbers of their
 * gradients, how many of them a frozen step needs, and multiplications for each weight.
 */
export function layersOf(
  /** @type {import("../../dist/engine/trainer.js").Trainer} */ { pool, model, updaters },
) {
  const parameters = new Map(updaters.map(({ parameter }) => [parameter.name, parameter]));
  return model.nodes.flatMap(({ name: node, layer, shape, parameters: own }) => {
    const all = own.flatMap(({ name }) => parameters.get(`${node}.${name}`) ?? []);
    const sum = (/** @type {(one: any) => number} */ of) => all.reduce((n, one) => n + of(one), 0);
    if (all.length === 0) return [];
    return [
      {
        all: sum(({ rows, cols }) => rows * cols),
        nonZeros: sum((one) => (one.pattern ? nonZeros(pool.memory, one) : one.rows * one.cols)),
        positions: ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0,
      },
    ];
  });
}

/** Share of the weights under a regularizer (of all, in a dense net) that are not zero. */
export function sparseDensity(
  /** @type {import("../../dist/engine/trainer.js").Trainer} */ { pool, updaters },
) {
  const weights = updaters
    .map(({ parameter }) => parameter)
    .filter(({ role }) => role === "conv" || role === "weight");
  const regularized = updaters.filter(({ optimizer }) => optimizer.regularizer.kind !== "none");
  const counted = regularized.length > 0 ? regularized.map(({ parameter }) => parameter) : weights;
  const all = counted.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return counted.reduce((sum, parameter) => sum + nonZeros(pool.memory, parameter), 0) / all;
}
