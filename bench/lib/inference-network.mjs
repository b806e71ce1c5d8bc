/**
 * The networks whose answers are timed: the MLP, the Fashion ConvNet and ResNet-18 of the recipes,
 * with random weights of a given density, whole kernels or single ones. A row has a weight at
 * least, as at the start of a training.
 */
import { convNet, mlp, resNet18, stream } from "../../dist/nn/index.js";
import { initialParameters } from "../../dist/engine/initial.js";

/** By name: the model, the densities of its linear weights and kernels, and what is sparse. */
export const INFERENCE_NETWORKS = {
  "MLP 8 %": { model: () => mlp([784, 200, 80, 10]), linear: 0.08 },
  "ConvNet groups 4 %": { model: convNet, linear: 0.04, conv: 0.04, mask: "kernel" },
  "ConvNet single 4 %": { model: convNet, linear: 0.04, conv: 0.04, mask: "entry" },
  "ResNet-18 groups 3.4 %": { model: resNet18, linear: 1, conv: 0.034, mask: "kernel" },
  "ResNet-18 single 3.4 %": { model: resNet18, linear: 1, conv: 0.034, mask: "entry" },
};

/** A network of this name. */
export function inferenceNetwork(/** @type {keyof typeof INFERENCE_NETWORKS} */ name) {
  const { model, ...densities } = INFERENCE_NETWORKS[name];
  return randomNetwork(model(), densities);
}

/**
 * A model with random weights, so many of them: of its linear layers and of its convolutions, by
 * whole kernels or by single entries.
 */
export function randomNetwork(
  /** @type {import("../../dist/nn/index.js").Model} */ model,
  /** @type {{ linear: number, conv?: number, mask?: "entry" | "kernel" }} */ {
    linear,
    conv = 1,
    mask = "entry",
  },
) {
  const random = stream(1, "inference");
  const initial = initialParameters(model, random, {
    weights: { density: linear },
    convs: { density: conv, mask },
    // Biases would be all that is left of a unit that no weight reaches.
    biases: { r0: 0.01 },
  });
  const values = (/** @type {string} */ name, /** @type {readonly number[]} */ shape) => ({
    shape,
    data: initial.get(name),
  });
  return {
    model,
    parameters: new Map(
      model.nodes.flatMap((node) =>
        node.parameters.map(({ name: own, shape }) => {
          const full = `${node.name}.${own}`;
          return /** @type {const} */ ([full, values(full, shape)]);
        }),
      ),
    ),
    buffers: new Map(
      model.nodes.flatMap((node) =>
        node.buffers.map(({ name: own, shape }) => {
          const data = new Float32Array(shape.reduce((product, n) => product * n, 1));
          // Running mean 0 and variance 1.
          data.fill(1, data.length / 2);
          return /** @type {const} */ ([`${node.name}.${own}`, { shape, data }]);
        }),
      ),
    ),
  };
}
