/**
 * Simplification: the output stays, to 1e-5 of its size, whatever the graph; what is left has no
 * dead parts.
 */
import { describe, expect, test } from "vitest";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { networkSize } from "#bregman/export/size.js";
import { convNet } from "#bregman/models/convnet.js";
import { denseNet } from "#bregman/models/densenet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { predict } from "#bregman/predict/predict.js";
import { MODELS } from "../support/graph-models.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

const SEEDS = [1, 2, 3, 4, 5, 6];

describe.each(Object.entries(MODELS))("%s", (name, model) => {
  test.each(SEEDS)("computes the same (seed %i)", (seed) => {
    const network = randomNetwork(model, {
      seed,
      density: 0.15 * seed,
      dead: [0.1, 0.3, 0.6][seed % 3],
    });
    const small = simplify(network);
    const inputs = randomInputs(network, 5);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-5);
    expect(small.model.input).toEqual(model.input);
    expect(small.model.output).toEqual(model.output);
    const [before, after] = [networkSize(network), networkSize(small)];
    expect(after.nonZeros).toBeLessThanOrEqual(before.nonZeros);
    expect(after.weights).toBeLessThanOrEqual(before.weights);
    // Open skips carry all channels of a state to the others: there none can go.
    if (!name.includes("skips")) expect(after.weights).toBeLessThan(before.weights);
    // Nothing is left to do.
    expect(networkSize(simplify(small))).toEqual(after);
  });
});

/** The largest difference of the runtime's outputs, relative to their size. */
async function runtimeError(network: Network, small: Network, count: number): Promise<number> {
  const inputs = randomInputs(network, count);
  return relativeError(await predict(small, inputs), await predict(network, inputs));
}

describe("the paper's networks at full size, on the runtime", () => {
  test.each([
    ["ResNet-18", resNet18(), 0.02, 4],
    ["ConvNet", convNet(), 0.04, 40],
    ["DenseNet", denseNet(), 0.1, 40],
    ["autoencoder without skips", skipAutoencoder({ skips: false }), 0.01, 100],
    ["perceptron", mlp([784, 200, 80, 10]), 0.03, 100],
  ] as const)("%s", async (_name, model, density, count) => {
    const network = randomNetwork(model, { density, dead: 0.2, seed: 3 });
    const small = simplify(network);
    expect(await runtimeError(network, small, count)).toBeLessThan(1e-5);
    expect(networkSize(small).nonZeros).toBeLessThan(0.9 * networkSize(network).nonZeros);
  });
});

describe("nothing dead is left", () => {
  test("in a perceptron every hidden unit has weights in and out", () => {
    const small = simplify(
      randomNetwork(mlp([20, 40, 40, 5]), { density: 0.05, dead: 0.3, seed: 4 }),
    );
    const weights = small.model.nodes.flatMap(({ name, layer }) =>
      layer.kind === "linear" ? [small.parameters.get(`${name}.weight`)!] : [],
    );
    weights.forEach(({ shape: [rows, cols], data }, k) => {
      const row = (o: number) => data.subarray(o * cols, (o + 1) * cols);
      const isUsed = Array.from({ length: cols }, (_, i) =>
        data.some((w, p) => w !== 0 && p % cols === i),
      );
      if (k > 0) expect(isUsed).not.toContain(false);
      if (k < weights.length - 1)
        for (let o = 0; o < rows; o++) expect(row(o).some((w) => w !== 0)).toBe(true);
    });
  });

  test("dead channels with different constants, read through padding, become a single one", () => {
    const model = sequential(
      [1, 6, 6],
      [conv2d(8, { kernel: 3, padding: 1 }), relu(), conv2d(3, { kernel: 3, padding: 1 })],
    );
    const network = randomNetwork(model, { density: 1, dead: 0 });
    const { data } = network.parameters.get("conv2d1.weight")!;
    data.fill(0, 9 * 3); // channels 3 to 7 are constant
    network.parameters.get("conv2d1.bias")!.data.set([1, 2, 3, 0.5, -1, 0.25, 2, 0]);
    const small = simplify(network);
    expect(small.model.nodes.map(({ shape }) => shape[0])).toEqual([4, 4, 3]);
    const inputs = randomInputs(network, 3);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-6);
  });

  test("a residual branch that has died leaves no trace but a bias", () => {
    const model = graph([2, 5, 5], ({ input, apply }) => {
      const shortcut = apply(conv2d(4, { kernel: 1, bias: false, name: "shortcut" }), input);
      const branch = apply(
        relu(),
        apply(conv2d(6, { kernel: 3, padding: 1, name: "dead" }), input),
      );
      const y = apply(
        add(),
        apply(batchNorm2d(), apply(conv2d(4, { kernel: 3, padding: 1, name: "last" }), branch)),
        shortcut,
      );
      return apply(conv2d(2, { kernel: 1, name: "head" }), apply(relu(), y));
    });
    const network = randomNetwork(model, { density: 1, dead: 0 });
    network.parameters.get("last.weight")!.data.fill(0);
    const small = simplify(network);
    expect(small.model.nodes.map(({ name }) => name)).toEqual(["shortcut", "relu2", "head"]);
    const inputs = randomInputs(network, 3);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-6);
  });

  test("skips whose scalars are all zero", () => {
    const model = skipAutoencoder({ features: 12, layers: 3 });
    const network = randomNetwork(model, { density: 1, dead: 0 });
    for (const [name, { data }] of network.parameters) if (name.endsWith(".scale")) data.fill(0);
    const kinds = simplify(network).model.nodes.map(({ layer }) => layer.kind);
    expect(kinds).toEqual(["linear", "relu", "linear", "relu", "linear", "relu"]);
  });
});

describe("odd cases", () => {
  const same = (network: Network, small: Network) => {
    const inputs = randomInputs(network, 4);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-6);
  };

  test.each(["linear1", "linear2", "linear3"])(
    "all of layer %s dead: the output is constant, its width stays",
    (name) => {
      const network = randomNetwork(mlp([10, 8, 7, 5]), { density: 1, dead: 0 });
      network.parameters.get(`${name}.weight`)!.data.fill(0);
      const small = simplify(network);
      same(network, small);
      expect(small.model.output).toEqual([5]);
      expect(networkSize(small).nonZeros).toBe(0);
    },
  );

  test.each(Object.entries(MODELS))("%s without any weight", (_name, model) => {
    const network = randomNetwork(model, { density: 0, seed: 3 });
    same(network, simplify(network));
  });

  test.each(Object.entries(MODELS))(
    "%s with every weight: nothing to cut, nothing harmed",
    (_name, model) => {
      const network = randomNetwork(model, { density: 1, dead: 0, seed: 3 });
      same(network, simplify(network));
    },
  );

  test("a dead stem channel with a positive constant, as ResNet-18 has many", () => {
    const network = randomNetwork(MODELS.ResNet, { density: 1, dead: 0 });
    network.parameters.get("stem.conv.weight")!.data.fill(0, 0, 3 * 27);
    network.parameters.get("stem.norm.bias")!.data.fill(2);
    same(network, simplify(network));
  });

  test("the output is a sum of the input alone", () => {
    const model = graph([6], ({ input, apply }) =>
      apply(scaledSum(), input, apply(linear(6), input)),
    );
    const network = randomNetwork(model, { density: 1 });
    network.parameters.get("scaledSum1.scale")!.data.fill(0);
    same(network, simplify(network));
  });

  test("a network that is not complete", () => {
    const network = { model: mlp([4, 3, 2]), parameters: new Map(), buffers: new Map() };
    expect(() => simplify(network)).toThrow(
      'the network needs "linear1.weight" of shape [3, 4] in float32, found none',
    );
  });
});
