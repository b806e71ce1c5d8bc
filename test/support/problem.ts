/** Small random problems for tests of networks: a model, parameters, samples. Seeded. */
import { size } from "#bregman/shape-size.js";
import type { Model } from "#bregman/nn/model.js";
import { stream } from "#bregman/random.js";
import type { Batch } from "../reference/network.js";

export interface Problem {
  readonly model: Model;
  /** Float32 values, so that both sides start from the same numbers. */
  readonly parameters: Map<string, Float32Array>;
  readonly inputs: Float32Array;
  readonly labels: Uint8Array;
  readonly targets: Float32Array;
  readonly count: number;
}

/** Weights are zero with probability 1 - density. */
export function randomProblem(
  model: Model,
  count: number,
  { seed = 1, density = 1 } = {},
): Problem {
  const random = stream(seed, "problem");
  const parameters = new Map<string, Float32Array>();
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn, initial = 0 } of node.parameters) {
      // Masks drop whole kernels of a convolution, and single weights of a linear layer.
      const block = role === "conv" ? size(shape.slice(2)) : 1;
      const masked = role === "conv" || role === "weight";
      const scale = 1 / Math.sqrt(fanIn * (masked ? density : 1));
      const kept = Array.from(
        { length: size(shape) / block },
        () => !masked || random.bernoulli(density),
      );
      parameters.set(
        `${node.name}.${name}`,
        Float32Array.from({ length: size(shape) }, (_, k) =>
          kept[Math.floor(k / block)] ? initial + scale * random.normal() : 0,
        ),
      );
    }
  }
  const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
  return {
    model,
    parameters,
    count,
    inputs: draw(count * size(model.input)),
    targets: draw(count * size(model.output)),
    labels: Uint8Array.from({ length: count }, () => random.integer(model.output[0])),
  };
}

export function toFloat64(
  parameters: ReadonlyMap<string, Float32Array>,
): Map<string, Float64Array> {
  return new Map([...parameters].map(([name, theta]) => [name, Float64Array.from(theta)]));
}

/** The samples of these indices, for the float64 reference. */
export function batchOf(
  problem: Problem,
  indices: ArrayLike<number>,
  loss = "crossEntropy",
): Batch {
  const { model, inputs, labels, targets } = problem;
  const pick = (from: Float32Array, features: number) =>
    Float64Array.from({ length: indices.length * features }, (_, k) => {
      return from[indices[Math.floor(k / features)] * features + (k % features)];
    });
  return {
    count: indices.length,
    inputs: pick(inputs, size(model.input)),
    ...(loss === "crossEntropy"
      ? { labels: Array.from(indices, (k) => labels[k]) }
      : { loss, targets: pick(targets, size(model.output)) }),
  };
}

/** Largest difference relative to the largest reference value. */
export function relativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  let scale = 1e-30;
  let error = 0;
  for (let k = 0; k < reference.length; k++) {
    scale = Math.max(scale, Math.abs(reference[k]));
    const difference = Math.abs(values[k] - reference[k]);
    error = difference <= error ? error : difference; // NaN wins
  }
  return error / scale;
}
