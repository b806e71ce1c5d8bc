import { InputError } from "#bregman/errors.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { graph, sequential, type GraphBuilder } from "#bregman/nn/model.js";
import { mlp } from "#bregman/models/mlp.js";
import { describe, expect, test } from "vitest";

describe("sequential", () => {
  test("infers shapes, names and parameters", () => {
    const model = sequential(
      [784],
      [linear(200), relu(), linear(10, { bias: false, name: "head" })],
    );
    expect(model.nodes.map(({ name, shape, inputs }) => ({ name, shape, inputs }))).toEqual([
      { name: "linear1", shape: [200], inputs: [-1] },
      { name: "relu1", shape: [200], inputs: [0] },
      { name: "head", shape: [10], inputs: [1] },
    ]);
    expect(model.output).toEqual([10]);
    expect(model.nodes[0].parameters).toEqual([
      { name: "weight", role: "weight", shape: [200, 784], fanIn: 784 },
      { name: "bias", role: "bias", shape: [200], fanIn: 784 },
    ]);
    expect(model.nodes[2].parameters.map(({ name }) => name)).toEqual(["weight"]);
  });

  test("a mismatch names both layers and both shapes", () => {
    expect(() => sequential([784], [linear(200), relu(), linear(10, { in: 100 })])).toThrow(
      new InputError(
        'layer "linear2" does not fit layer "relu1" of shape [200]: expected 100 features, found [200]',
      ),
    );
    expect(() => sequential([1, 28, 28], [linear(10)])).toThrow(
      `layer "linear1" does not fit the model's input of shape [1, 28, 28]: expected a flat input [features], found [1, 28, 28] (put a flatten() before it)`,
    );
  });

  test("refuses what is no model", () => {
    expect(() => sequential([784], [])).toThrow(InputError);
    expect(() => sequential([0], [linear(1)])).toThrow(/positive integers, found \[0\]/);
    expect(() => sequential([2], [linear(1, { name: "a" }), linear(1, { name: "a" })])).toThrow(
      /found "a" twice/,
    );
    expect(() => linear(0)).toThrow(
      new InputError("linear: out must be an integer of at least 1, found 0"),
    );
    expect(() => linear(1.5)).toThrow(InputError);
  });

  test("refuses a layer that nobody reads", () => {
    const build = ({ input, apply }: GraphBuilder) => {
      const x = apply(linear(4), input);
      apply(relu(), apply(linear(3, { name: "aside" }), x));
      return apply(linear(2), x);
    };
    expect(() => graph([5], build)).toThrow(
      new InputError(
        'layer "relu1" leads nowhere: expected another layer to read it, or it to be the output',
      ),
    );
  });
});

describe("mlp", () => {
  test("the network of the paper has 173,600 weights", () => {
    const model = mlp([784, 200, 80, 10]);
    const weights = model.nodes.flatMap((node) =>
      node.parameters.filter(({ role }) => role === "weight"),
    );
    expect(weights.map(({ shape }) => shape[0] * shape[1])).toEqual([156_800, 16_000, 800]);
    expect(model.nodes.map(({ layer }) => layer.kind)).toEqual([
      "linear",
      "relu",
      "linear",
      "relu",
      "linear",
    ]);
  });

  test("finalRelu adds the authors' ReLU on the logits", () => {
    expect(mlp([4, 3, 2], { finalRelu: true }).nodes.map(({ layer }) => layer.kind)).toEqual([
      "linear",
      "relu",
      "linear",
      "relu",
    ]);
  });

  test("refuses widths that are none", () => {
    expect(() => mlp([784])).toThrow(InputError);
    expect(() => mlp([784, 0])).toThrow(
      "mlp: features must be at least two positive integers, found [784, 0]",
    );
  });
});
