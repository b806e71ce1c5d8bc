/** Random sparse networks with dead units, dead channels and dead skips. Seeded. */
import { size } from "#bregman/shape-size.js";
import type { Model } from "#bregman/nn/model.js";
import type { Network, Values } from "#bregman/nn/network.js";
import { stream } from "#bregman/random.js";
import { forward } from "../reference/network.js";

export interface RandomNetworkOptions {
  readonly seed?: number;
  /** Share of the weights (kernels of a convolution) that are there. */
  readonly density?: number;
  /**
   * Share of rows without weights, of columns (input channels) that nobody reads, of factors and
   * skips that are zero.
   */
  readonly dead?: number;
}

export function randomNetwork(model: Model, options: RandomNetworkOptions = {}): Network {
  const { seed = 1, density = 0.3, dead = 0.3 } = options;
  const random = stream(seed, "network");
  const parameters = new Map<string, Values>();
  const buffers = new Map<string, Values>();
  const choose = (count: number, p: number) =>
    Array.from({ length: count }, () => random.bernoulli(p));
  for (const node of model.nodes) {
    for (const { name, role, shape, fanIn } of node.parameters) {
      const data = new Float32Array(size(shape));
      if (role === "weight" || role === "conv") {
        const [rows, cols] = shape;
        const block = size(shape.slice(2));
        const [noRow, noColumn] = [choose(rows, dead), choose(cols, dead)];
        const scale = 1 / Math.sqrt(fanIn * density);
        for (let k = 0; k < rows * cols; k++) {
          if (noRow[Math.floor(k / cols)] || noColumn[k % cols] || !random.bernoulli(density))
            continue;
          // Kernels of any form: with taps at the border, or without.
          for (let t = 0; t < block; t++)
            data[k * block + t] = random.bernoulli(0.7) ? scale * random.normal() : 0;
        }
      } else if (role === "norm" || role === "skip") {
        data.forEach((_, k) => (data[k] = random.bernoulli(dead / 2) ? 0 : 0.5 + random.uniform()));
      } else {
        data.forEach((_, k) => (data[k] = random.bernoulli(0.2) ? 0 : 0.5 * random.normal()));
      }
      parameters.set(`${node.name}.${name}`, { shape, data });
    }
    for (const { name, shape } of node.buffers) {
      const data = Float32Array.from({ length: size(shape) }, (_, k) =>
        k < size(shape) / 2 ? 0.3 * random.normal() : 0.2 + random.uniform(),
      );
      buffers.set(`${node.name}.${name}`, { shape, data });
    }
  }
  return { model, parameters, buffers };
}

/** Standard normal inputs, [count, features]. */
export function randomInputs({ model }: Network, count: number, seed = 2): Float32Array {
  const random = stream(seed, "inputs");
  return Float32Array.from({ length: count * size(model.input) }, () => random.normal());
}

/** The network's output by the float64 reference, in evaluation mode. */
export function referenceOutput(
  { model, parameters, buffers }: Network,
  inputs: Float32Array,
): Float64Array {
  const float64 = (values: ReadonlyMap<string, Values>) =>
    new Map([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const count = inputs.length / size(model.input);
  const batch = { inputs: Float64Array.from(inputs), count };
  return forward(model, float64(parameters), batch, float64(buffers)).at(-1)!;
}
