/** Small random problems for tests of networks: a model, parameters, samples. Seeded. */
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
export function randomProblem(model: Model, count: number, { seed = 1, density = 1 } = {}): Problem {
  const random = stream(seed, "problem");
  const parameters = new Map<string, Float32Array>();
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn } of node.parameters) {
      const length = shape.reduce((product, n) => product * n, 1);
      const scale = 1 / Math.sqrt(fanIn * density);
      parameters.set(
        `${node.name}.${name}`,
        Float32Array.from({ length }, () =>
          role === "bias" || random.bernoulli(density) ? scale * random.normal() : 0,
        ),
      );
    }
  }
  const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
  return {
    model,
    parameters,
    count,
    inputs: draw(count * model.input[0]),
    targets: draw(count * model.output[0]),
    labels: Uint8Array.from({ length: count }, () => random.integer(model.output[0])),
  };
}

export function toFloat64(parameters: ReadonlyMap<string, Float32Array>): Map<string, Float64Array> {
  return new Map([...parameters].map(([name, theta]) => [name, Float64Array.from(theta)]));
}

/** The samples of these indices, for the float64 reference. */
export function batchOf(problem: Problem, indices: ArrayLike<number>, loss = "crossEntropy"): Batch {
  const { model, inputs, labels, targets } = problem;
  const pick = (from: Float32Array, features: number) =>
    Float64Array.from({ length: indices.length * features }, (_, k) => {
      return from[indices[Math.floor(k / features)] * features + (k % features)];
    });
  return {
    count: indices.length,
    inputs: pick(inputs, model.input[0]),
    ...(loss === "crossEntropy"
      ? { labels: Array.from(indices, (k) => labels[k]) }
      : { targets: pick(targets, model.output[0]) }),
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
