/**
 * When a layer's sparse kernel beats its dense twin.
 *
 * Measured by bench/kernels.mjs (forward and input gradient, batch 128): AVX-512 37 % for a layer
 * of 200 x 784 and 30 % for 512 x 512, wasm 74 % and 82 %. A layer changes sides only when it is
 * clear of the crossover, so that it does not swing from step to step.
 */

const CROSSOVER = { native: 0.33, wasm: 0.75 };
const MARGIN = 0.05;

/**
 * Below which density the gradient of the pattern's weights alone is cheaper than that of every
 * weight.
 *
 * Measured by bench/conv-kernels.mjs and bench/kernels.mjs: the rate of the sparse kernel in useful
 * work over the dense one's.
 */
const GRADIENT_CROSSOVER = {
  native: { linear: 0.3, conv: 0.19, pairs: 0.36 },
  wasm: { linear: 0.4, conv: 0.3, pairs: 0.5 },
};

/**
 * What frozen steps compute of a layer's weight gradient, given what they compute now: a whole, or
 * the pattern's part.
 */
export function chooseGradient(
  density: number,
  now: "all" | "pattern",
  pattern: "linear" | "conv" | "pairs",
  backend: "native" | "wasm",
): "all" | "pattern" {
  const border = GRADIENT_CROSSOVER[backend][pattern] + (now === "all" ? -MARGIN : MARGIN);
  return density < border ? "pattern" : "all";
}

/** The kernel a layer of this density should run on, given the one it runs on now. */
export function chooseKernel(
  density: number,
  now: "dense" | "sparse",
  backend: "native" | "wasm",
): "dense" | "sparse" {
  const border = CROSSOVER[backend] + (now === "dense" ? -MARGIN : MARGIN);
  return density < border ? "sparse" : "dense";
}

/**
 * Of one sample: below which density a weight is multiplied by its non-zeros. Measured by
 * bench/single.mjs --crossover.
 */
const SINGLE_CROSSOVER = {
  native: { linear: 0.09, conv: 0.56 },
  wasm: { linear: 0.22, conv: 0.7 },
};

/** Whether a linear layer of this density computes one sample by its non-zeros. */
export function singleLinearIsSparse(density: number, backend: "native" | "wasm"): boolean {
  return density < SINGLE_CROSSOVER[backend].linear;
}

/** Whether a convolution does. */
export function singleConvIsSparse(density: number, backend: "native" | "wasm"): boolean {
  return density < SINGLE_CROSSOVER[backend].conv;
}
