/**
 * When a layer's sparse kernel beats its dense twin.
 *
 * The densities were measured by bench/kernels on the shapes of the paper's networks (docs/performance.md). A layer
 * changes sides only when it is clear of the crossover, so that it does not swing from step to step.
 */

const CROSSOVER = { native: 0.45, wasm: 0.7 };
const MARGIN = 0.05;

/** The kernel a layer of this density should run on, given the one it runs on now. */
export function chooseKernel(density: number, now: "dense" | "sparse", backend: "native" | "wasm"): "dense" | "sparse" {
  const border = CROSSOVER[backend] + (now === "dense" ? -MARGIN : MARGIN);
  return density < border ? "sparse" : "dense";
}
