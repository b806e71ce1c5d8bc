/** Networks in files: what is saved comes back, for every kind of layer; what is no network is told in one line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModel, saveModel } from "#bregman/export/model-file.js";
import { writeSafetensors } from "#bregman/export/safetensors.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { leakyRelu, relu, tanh } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { add, channels, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, type Model } from "#bregman/nn/model.js";
import { modelFromJson, modelToJson } from "#bregman/nn/model-json.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { randomNetwork } from "../support/random-network.js";

/** Every kind of layer, with options that are no defaults. */
const everything: Model = graph([3, 10, 10], ({ input, apply }) => {
  const x = apply(conv2d(6, { kernel: [3, 2], stride: 2, padding: 1, bias: false, name: "stem" }), input);
  const y = apply(leakyRelu({ slope: 0.3 }), apply(batchNorm2d({ momentum: 0.2, eps: 1e-3 }), x));
  const z = apply(scaledSum(), apply(add(), x, y), apply(relu(), y), x);
  const both = apply(concat(), apply(channels(1, 2), z), apply(tanh(), y));
  const pooled = apply(avgPool2d(2, { stride: 1 }), apply(maxPool2d(2, { stride: 1 }), both));
  const flat = apply(flatten(), apply(globalAvgPool2d(), apply(dropout({ p: 0.2 }), pooled)));
  return apply(linear(4, { in: 8, bias: false, name: "head" }), flat);
});

/** The model as JSON: without functions, and without the layers' own names, which are those of their nodes. */
const unnamed = ({ nodes, ...rest }: Model): unknown =>
  JSON.parse(
    JSON.stringify({ ...rest, nodes: nodes.map((node) => ({ ...node, layer: { ...node.layer, name: "" } })) }),
  );

test.each([
  ["everything", everything],
  ["ResNet-18", resNet18({ widths: [4, 8] })],
])("%s comes back from JSON", (_name, model) => {
  expect(unnamed(modelFromJson(JSON.parse(JSON.stringify(modelToJson(model)))))).toEqual(unnamed(model));
});

test("a network comes back from its file, bit for bit", () => {
  const path = join(temporaryFolder(), "network.safetensors");
  const network = { ...randomNetwork(everything), normalization: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] } };
  saveModel(path, network, { author: "us" });
  const loaded = loadModel(path);
  expect(loaded.parameters).toEqual(network.parameters);
  expect(loaded.buffers).toEqual(network.buffers);
  expect(loaded.normalization).toEqual(network.normalization);
  expect(unnamed(loaded.model)).toEqual(unnamed(everything));
});

test("so does a simplified one", () => {
  const path = join(temporaryFolder(), "small.safetensors");
  const small = simplify(randomNetwork(everything));
  saveModel(path, small);
  expect(loadModel(path).parameters).toEqual(small.parameters);
});

describe("what is no network", () => {
  const path = join(temporaryFolder(), "bad.safetensors");
  const weight = { shape: [2, 3], data: new Float32Array(6) };
  const model = modelToJson(mlp([3, 2]));
  const write = (metadata: Record<string, string>) => writeSafetensors(path, { "linear1.weight": weight }, metadata);

  test.each([
    ["any other safetensors", {}, "no network of bregman: its metadata have no graph"],
    ["a graph that is not JSON", { model: "{" }, "damaged metadata"],
    ["no graph", { model: "[]" }, 'expected an object with the lists "input" and "nodes"'],
    [
      "a kind nobody knows",
      { model: JSON.stringify({ input: [3], nodes: [{ name: "a", inputs: [-1], layer: { kind: "toString" } }] }) },
      'layer "a": kind must be one of linear',
    ],
    [
      "a layer that can't be",
      {
        model: JSON.stringify({ input: [3], nodes: [{ name: "a", inputs: [-1], layer: { kind: "linear", out: 0 } }] }),
      },
      "linear: out must be an integer of at least 1, found 0",
    ],
    [
      "a node that reads a later one",
      { model: JSON.stringify({ input: [3], nodes: [{ name: "a", inputs: [0], layer: { kind: "relu" } }] }) },
      'layer "a" must read layers before it, found number 0',
    ],
    ["a half node", { model: JSON.stringify({ input: [3], nodes: [null] }) }, "node 0: expected an object"],
    ["no nodes", { model: JSON.stringify({ input: [3], nodes: [] }) }, "at least one layer"],
    [
      "a parameter missing",
      { model: JSON.stringify(model) },
      'needs "linear1.bias" of shape [2] in float32, found none',
    ],
    [
      "a parameter of another shape",
      { model: JSON.stringify(modelToJson(mlp([4, 2]))) },
      'needs "linear1.weight" of shape [2, 4] in float32, found [2, 3]',
    ],
  ])("%s", (_name, metadata, message) => {
    write(message.startsWith("no network") ? {} : { format: "bregman", ...(metadata as Record<string, string>) });
    let error: unknown;
    try {
      loadModel(path);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SyntaxError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toMatch(/^[^\n]*bad\.safetensors[^\n]*$/);
  });

  test("normalization that is none", () => {
    saveModel(path, randomNetwork(mlp([3, 2])), { normalization: '{"mean":[1]}' });
    expect(() => loadModel(path)).toThrow('normalization must be lists of numbers "mean" and "std"');
  });

  test("no file, and no safetensors", () => {
    expect(() => loadModel(join(temporaryFolder(), "nothing"))).toThrow("could not read");
    writeFileSync(path, "hello, world");
    expect(() => loadModel(path)).toThrow(SyntaxError);
  });
});
