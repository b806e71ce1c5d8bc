/**
 * SET, sparse evolutionary training: as {@link rigL}, but what grows is drawn at random.
 *
 * Source: Mocanu et al., Scalable training of artificial neural networks with adaptive sparse
 * connectivity inspired by network science, Nature Communications 9:2383 (2018); deviations in
 * mask-rule.ts.
 */
import type { Optimizer } from "./optimizer.js";
import { makeRewiring, type RewiringOptions } from "./rig-l.js";

/**
 * SET. What is drawn follows from the seed, the tensor's name and the step, which `init` and the
 * state know.
 *
 * @throws InputError if an option is outside its range; also if `inner` is unknown
 * @example
 * const optimizer = sparseEvolution({ tau: 0.1, share: 0.3 });
 * const theta = Float64Array.of(1, 0, 0, 2);
 * const state = optimizer.init(theta, [2, 2], { steps: 1000, seed: 1, name: "linear1.weight" });
 */
export function sparseEvolution(options: RewiringOptions = {}): Optimizer {
  return makeRewiring("sparseEvolution", "random", options);
}
