/**
 * Latent POD: exact where the last encoder matrix has the rank that is kept, and within its bound
 * where it is cut.
 */
import { Matrix, SVD } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { latentPod } from "#bregman/export/latent-pod.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { networkSize } from "#bregman/export/size.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { add } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { graph, sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { stream } from "#bregman/random.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

const autoencoder = sequential(
  [24],
  [
    linear(16, { name: "in" }),
    relu(),
    linear(10, { name: "encoder" }),
    linear(16, { name: "decoder" }),
    relu(),
    linear(24, { name: "out" }),
  ],
);
const parameter = (network: Network, name: string) => network.parameters.get(name)!.data;

/**
 * An autoencoder whose last encoder matrix is a product of factors with so many inner dimensions.
 */
function ofRank(rank: number): Network {
  const network = randomNetwork(autoencoder, { density: 1, dead: 0 });
  const random = stream(1, "factors");
  const draw = (rows: number, cols: number) =>
    Matrix.from1DArray(
      rows,
      cols,
      Array.from({ length: rows * cols }, () => random.normal()),
    );
  parameter(network, "encoder.weight").set(draw(10, rank).mmul(draw(rank, 16)).to1DArray());
  return network;
}

describe("where the rank is smaller than the latent space", () => {
  test.each([1, 3, 7])("rank %i: the latent space has it, and the output stays", (rank) => {
    const network = ofRank(rank);
    const small = latentPod(network);
    expect(small.model.nodes.map(({ shape }) => shape[0])).toEqual([16, 16, rank, 16, 16, 24]);
    const inputs = randomInputs(network, 20);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-5);
    expect(networkSize(small).weights).toBe(networkSize(network).weights - (10 - rank) * 32);
  });

  test("a dead encoder", () => {
    const network = ofRank(1);
    parameter(network, "encoder.weight").fill(0);
    const small = latentPod(network);
    expect(small.model.nodes[2].shape).toEqual([1]);
    const inputs = randomInputs(network, 5);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-6);
  });

  test("layers without biases", () => {
    const model = sequential(
      [9],
      [linear(6, { bias: false, in: 9 }), linear(9, { bias: false, in: 6 })],
    );
    const network = randomNetwork(model, { density: 1, dead: 0 });
    parameter(network, "linear1.weight").fill(0, 2 * 9);
    const small = latentPod(network);
    expect(small.model.nodes.map(({ shape }) => shape[0])).toEqual([2, 9]);
    const inputs = randomInputs(network, 5);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-6);
  });

  test("and simplify goes on from there", () => {
    const network = ofRank(3);
    parameter(network, "in.weight").fill(0, 0, 5 * 24);
    const small = simplify(latentPod(network));
    expect(small.model.nodes.map(({ shape }) => shape[0])).toEqual([11, 11, 3, 16, 16, 24]);
    const inputs = randomInputs(network, 5);
    expect(
      relativeError(referenceOutput(small, inputs), referenceOutput(network, inputs)),
    ).toBeLessThan(1e-5);
  });
});

describe("where singular values are cut", () => {
  const network = randomNetwork(sequential([12], [linear(8), linear(12)]), { density: 1, dead: 0 });
  const encode = Matrix.from1DArray(8, 12, parameter(network, "linear1.weight"));
  const decode = Matrix.from1DArray(12, 8, parameter(network, "linear2.weight"));
  const sigma = new SVD(encode, { autoTranspose: true }).diagonal;
  const inputs = randomInputs(network, 30);

  test.each([1e-6, 0.02, 0.1, 0.5])(
    "tolerance %d: as many as its rule says, and an error below its bound",
    (tolerance) => {
      const total = sigma.reduce((sum, s) => sum + s * s, 0);
      const tails = sigma.map(
        (_, k) => sigma.slice(k + 1).reduce((sum, s) => sum + s * s, 0) / total,
      );
      const rank = tails.filter((tail) => tail >= tolerance).length + 1;
      const small = latentPod(network, { tolerance });
      expect(small.model.nodes[0].shape).toEqual([rank]);
      const [before, after] = [referenceOutput(network, inputs), referenceOutput(small, inputs)];
      const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
      for (let k = 0; k < 30; k++) {
        const error = norm(
          before.subarray(12 * k, 12 * k + 12).map((y, j) => y - after[12 * k + j]),
        );
        const bound =
          new SVD(decode).norm2 * (sigma[rank] ?? 0) * norm(inputs.subarray(12 * k, 12 * k + 12));
        expect(error).toBeLessThanOrEqual(bound + 1e-5);
      }
    },
  );

  test("tolerance 0 keeps the network as it is", () => {
    expect(latentPod(network, { tolerance: 0 })).toBe(network);
  });
});

describe("errors in one line", () => {
  test.each([-1, 1, Number.NaN])("tolerance %d", (tolerance) => {
    expect(() => latentPod(ofRank(2), { tolerance })).toThrow(
      new InputError(`latentPod: tolerance must be at least 0 and below 1, found ${tolerance}`),
    );
  });

  test("an activation stands between", () => {
    expect(() => latentPod(randomNetwork(mlp([9, 3, 9])))).toThrow(
      "expected exactly one linear layer read by one linear layer without an activation between, found none",
    );
  });

  test("several could be meant, and the one that is named is taken", () => {
    const network = randomNetwork(sequential([9], [linear(5), linear(6), linear(9)]), {
      density: 1,
      dead: 0,
    });
    parameter(network, "linear2.weight").fill(0, 5);
    expect(() => latentPod(network)).toThrow('found "linear1", "linear2"');
    expect(latentPod(network, { encoder: "linear2" }).model.nodes[1].shape).toEqual([1]);
    expect(() => latentPod(network, { encoder: "linear3" })).toThrow(
      'expected a linear layer "linear3"',
    );
  });

  test("somebody else reads the latent space too", () => {
    const model = graph([6], ({ input, apply }) => {
      const z = apply(linear(4, { name: "z" }), input);
      return apply(add(), apply(linear(4, { name: "y" }), z), z);
    });
    expect(() => latentPod(randomNetwork(model))).toThrow("found none");
  });
});
