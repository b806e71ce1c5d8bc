/**
 * ResNet-18 on 256 real CIFAR-10 images, for the comparison with PyTorch: weights, batches and
 * settings follow from a seed.
 */
import { readFileSync } from "node:fs";
import { sparseInit } from "#bregman/init/sparse-init.js";
import { initialParameters } from "#bregman/engine/initial.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { stream } from "#bregman/random.js";
import { scaleToDensity } from "./scaled-start.js";

export const STEPS = 50;
export const BATCH = 16;
export const SEED = 7;
export const TAU = 0.001;
export const LAMBDA = 0.0004;

export const model = resNet18();

/**
 * A quarter of the kernels, variance kept; stem and head dense. (A stem channel without any kernel
 * would be constant, and batch norm would then magnify rounding 300 times a step: nothing to
 * compare.)
 */
export const initial = initialParameters(model, stream(SEED, "init"), {
  weights: { density: 1 },
  convs: { density: 0.25, mask: "kernel", atLeast: 0 },
});
for (const [name, theta] of initial) {
  if (name.endsWith("conv.weight") && name !== "stem.conv.weight") scaleToDensity(theta, 0.25);
}
sparseInit(initial.get("stem.conv.weight")!, [64, 3, 3, 3], {
  density: 1,
  random: stream(SEED, "stem"),
});

/** Batch k: indices of images. */
export const batches: Int32Array[] = (() => {
  const random = stream(SEED, "batches");
  return Array.from({ length: STEPS }, () =>
    Int32Array.from({ length: BATCH }, () => random.integer(256)),
  );
})();

/** The first 256 training images in CIFAR-10's binary format: a label, then 3 x 32 x 32 bytes. */
export function images(): { inputs: Uint8Array; labels: Uint8Array } {
  const file = readFileSync(new URL("../fixtures/cifar10-256.bin", import.meta.url));
  const inputs = new Uint8Array(256 * 3072);
  const labels = new Uint8Array(256);
  for (let k = 0; k < 256; k++) {
    labels[k] = file[k * 3073];
    inputs.set(file.subarray(k * 3073 + 1, (k + 1) * 3073), k * 3072);
  }
  return { inputs, labels };
}
