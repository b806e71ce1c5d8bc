/** Small recipes of many words, and data for them. */
import { fromArrays, type Dataset } from "../support/bregman.js";
import { buildModel } from "#bregman/recipes/build.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { fitOptionsOf } from "#bregman/runs/recipe-options.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { seeded } from "../support/random.js";
import { isSmall } from "./cases.js";

const SHAPE = [2, 6, 6];
const COUNT = 40;
const features = SHAPE.reduce((a, b) => a * b);
const data: Dataset = fromArrays({
  shape: SHAPE,
  train: {
    inputs: seeded(1).bytes(COUNT * features),
    labels: Uint8Array.from({ length: COUNT }, (_, k) => k % 3),
  },
  test: {
    inputs: seeded(2).bytes(9 * features),
    labels: Uint8Array.from({ length: 9 }, (_, k) => k % 3),
  },
});

const l1 = { kind: "l1", lambda: 0.05 };
const conv = (groups: string) => ({ kind: "sparseGroupLasso", lambda: 0.05, lambda0: 0.5, groups });
const layers = [
  { kind: "conv2d", out: 4, kernel: 3, padding: 1, stride: 2 },
  { kind: "batchNorm2d" },
  { kind: "relu" },
  { kind: "conv2d", out: 3, kernel: [2, 3] },
  { kind: "dropout", p: 0.2 },
  { kind: "flatten" },
  { kind: "linear", out: 3 },
];
const base = {
  name: "tiny",
  data: { name: "mnist", validation: 8, augment: { crop: 1, flip: true } },
  init: { weights: { density: 0.4 } },
  batchSize: 16,
  epochs: 2,
};
export const RECIPES: readonly object[] = [
  {
    ...base,
    model: { kind: "layers", input: SHAPE, layers },
    optimizer: {
      weights: { kind: "linBreg", tau: 0.1, momentum: 0.9, regularizer: l1 },
      biases: { kind: "adam", tau: 0.01 },
      convs: { kind: "adaBreg", tau: 0.01, regularizer: conv("kernels") },
    },
    freeze: 2,
    schedule: { kind: "cosine" },
    clip: { norm: 1 },
  },
  {
    ...base,
    data: { name: "mnist", limit: 30 },
    model: { kind: "mlp", features: [features, 9, 3] },
    optimizer: {
      weights: {
        kind: "adaBreg",
        tau: 0.01,
        delta: 2,
        regularizer: { kind: "elasticNet", lambda: 0.05, mu: 0.1 },
      },
      biases: { kind: "sgd", tau: 0.01, momentum: 0.5, nesterov: true },
    },
    targetDensity: 0.3,
    labelSmoothing: 0.1,
    average: { decay: 0.9 },
    sampleDual: 0.1,
    microBatches: 2,
  },
  {
    ...base,
    model: { kind: "layers", input: SHAPE, layers: layers.slice(2) },
    optimizer: {
      weights: { kind: "rigL", tau: 0.1, every: 2, share: 0.3 },
      biases: { kind: "linBreg", tau: 0.1 },
      convs: { kind: "proxSgd", tau: 0.1, regularizer: conv("filters") },
    },
    recompute: true,
    precision: nativeVariants().problem ? "float32" : "bf16",
    freshStatistics: 2,
    schedule: { kind: "step", every: 1, factor: 0.5 },
  },
];

/**
 * Trains for a second at most, unless a signal is given; false if a recipe asks for more than is
 * small.
 */
export async function train(
  recipe: unknown,
  {
    checkpoint,
    signal = AbortSignal.timeout(1000),
  }: Pick<FitOptions, "checkpoint" | "signal"> = {},
): Promise<boolean> {
  const checked = checkRecipe(recipe);
  const model = buildModel(checked.model);
  if (!isSmall(model) || checked.batchSize > 1000) return false;
  // A listener: else what is noted would be printed.
  const onEvent = () => {};
  await fit(model, data, { ...fitOptionsOf(checked), threads: 1, signal, checkpoint, onEvent });
  return true;
}
