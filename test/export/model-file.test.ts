/**
 * Networks in files: what is saved comes back, for every kind of layer; what is no network is told
 * in one line.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import { loadModel, saveModel } from "#bregman/export/model-file.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { writeSafetensors } from "#bregman/export/safetensors.js";
import { decodeSafetensors, encodeSafetensors } from "#bregman/export/safetensors-format.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { networkSize } from "#bregman/export/size.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import type { Model } from "#bregman/nn/model.js";
import { size } from "#bregman/shape-size.js";
import { modelFromJson, modelToJson } from "#bregman/nn/model-json.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { everything } from "../support/every-layer.js";
import { randomNetwork } from "../support/random-network.js";

/**
 * The model as JSON: without functions, and without the layers' own names, which are those of their
 * nodes.
 */
const unnamed = ({ nodes, ...rest }: Model): unknown =>
  JSON.parse(
    JSON.stringify({
      ...rest,
      nodes: nodes.map((node) => ({ ...node, layer: { ...node.layer, name: "" } })),
    }),
  );

/** A name for each output, none of them easy. */
const namesFor = ({ output }: Model): string[] =>
  Array.from({ length: size(output) }, (_, k) => ["", "eins, zwei", '"\n', "犬", "0"][k % 5]);

test.each([
  ["everything", everything],
  ["ResNet-18", resNet18({ widths: [4, 8] })],
])("%s comes back from JSON", (_name, model) => {
  expect(unnamed(modelFromJson(JSON.parse(JSON.stringify(modelToJson(model)))))).toEqual(
    unnamed(model),
  );
});

test("a network comes back from its file, bit for bit", () => {
  const path = join(temporaryFolder(), "network.safetensors");
  const network = {
    ...randomNetwork(everything),
    normalization: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] },
    labelNames: namesFor(everything),
  };
  saveModel(path, network, { author: "us" });
  const loaded = loadModel(path);
  expect(loaded.parameters).toEqual(network.parameters);
  expect(loaded.buffers).toEqual(network.buffers);
  expect(loaded.normalization).toEqual(network.normalization);
  expect(loaded.labelNames).toEqual(network.labelNames);
  expect(unnamed(loaded.model)).toEqual(unnamed(everything));
});

test("so does a simplified one", () => {
  const path = join(temporaryFolder(), "small.safetensors");
  const small = simplify(randomNetwork(everything));
  saveModel(path, small);
  expect(loadModel(path).parameters).toEqual(small.parameters);
});

test("texts beside a network that it could not be read with are refused", () => {
  const network = randomNetwork(mlp([3, 2]));
  for (const key of ["format", "model", "normalization", "labelNames"]) {
    expect(() => encodeModel(network, { [key]: "mine" })).toThrow(
      new InputError(`could not keep a text "${key}" beside the network: the name is reserved`),
    );
  }
  expect(() => encodeModel(network, { epoch: 3 } as never)).toThrow(
    new InputError('metadata "epoch" must be a text, found 3'),
  );
});

describe("stored sparse", () => {
  const network = {
    ...randomNetwork(mlp([300, 40, 10]), { density: 0.05 }),
    normalization: { mean: [0.1], std: [2] },
  };

  test("a network comes back, bit for bit, from a file of the size that networkSize tells", () => {
    const bytes = encodeModel(network, {}, { sparse: true });
    expect(decodeModel(bytes)).toEqual(decodeModel(encodeModel(network)));
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(bytes.length - header).toBe(networkSize(network).bytes.sparse);
    expect(bytes.length).toBeLessThan(encodeModel(network).length / 4);
  });

  test("a weight that would not be smaller stays dense", () => {
    const dense = randomNetwork(mlp([30, 10]), { density: 1, dead: 0 });
    dense.parameters.get("linear1.weight")!.data.fill(1);
    const { tensors } = decodeSafetensors(encodeModel(dense, {}, { sparse: true }));
    expect([...tensors.keys()].toSorted()).toEqual(["linear1.bias", "linear1.weight"]);
  });

  test("a damaged one is told in one line", () => {
    const { tensors, metadata } = decodeSafetensors(encodeModel(network, {}, { sparse: true }));
    const cut = new Map(tensors);
    cut.set("linear1.weight.gaps", { shape: [1], data: Uint8Array.of(0) });
    const { crc32: _, ...texts } = metadata;
    expect(() => decodeModel(encodeSafetensors(cut, texts), { where: "a.safetensors" })).toThrow(
      /^a\.safetensors: "linear1\.weight" is damaged: expected a gap for each of \d+ values, found fewer$/,
    );
  });
});

describe("what is no network", () => {
  const path = join(temporaryFolder(), "bad.safetensors");
  const weight = { shape: [2, 3], data: new Float32Array(6) };
  const model = modelToJson(mlp([3, 2]));
  const write = (metadata: Record<string, string>) =>
    writeSafetensors(path, { "linear1.weight": weight }, metadata);

  test.each([
    ["any other safetensors", {}, "no network of bregman: its metadata have no graph"],
    ["a graph that is not JSON", { model: "{" }, "damaged metadata"],
    [
      "a graph without end",
      { model: `{"input":${"[".repeat(20_000)}` },
      "nested more than 100 levels deep",
    ],
    ["no graph", { model: "[]" }, 'expected an object with the lists "input" and "nodes"'],
    [
      "a kind nobody knows",
      {
        model: JSON.stringify({
          input: [3],
          nodes: [{ name: "a", inputs: [-1], layer: { kind: "toString" } }],
        }),
      },
      'layer "a": kind must be one of linear',
    ],
    [
      "a layer that can't be",
      {
        model: JSON.stringify({
          input: [3],
          nodes: [{ name: "a", inputs: [-1], layer: { kind: "linear", out: 0 } }],
        }),
      },
      "linear: out must be an integer of at least 1, found 0",
    ],
    [
      "a node that reads a later one",
      {
        model: JSON.stringify({
          input: [3],
          nodes: [{ name: "a", inputs: [0], layer: { kind: "relu" } }],
        }),
      },
      'layer "a" must read layers before it, found number 0',
    ],
    [
      "a half node",
      { model: JSON.stringify({ input: [3], nodes: [null] }) },
      "node 0: expected an object",
    ],
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
    write(
      message.startsWith("no network")
        ? {}
        : { format: "bregman", ...(metadata as Record<string, string>) },
    );
    let error: unknown;
    try {
      loadModel(path);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UnusableFileError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toMatch(/^[^\n]*bad\.safetensors[^\n]*$/);
  });

  test("normalization that is no JSON", () => {
    const { parameters, model: built } = randomNetwork(mlp([3, 2]));
    const graphText = JSON.stringify(modelToJson(built));
    for (const normalization of ["", '{"mean":[1]']) {
      writeSafetensors(path, parameters, { format: "bregman", model: graphText, normalization });
      expect(() => loadModel(path)).toThrow("bad.safetensors: damaged metadata: ");
    }
  });

  test.each([
    ["", "damaged metadata: not valid JSON"],
    ['["a"', "damaged metadata: not valid JSON"],
    ["null", "found null"],
    ['{"constructor":{"name":{"toString":1}}}', "found object"],
    ['["a"]', "found 1"],
    ['["a","b","c"]', "found 3"],
    ['["a",2]', "found Number at index 1"],
    ['[null,"b"]', "found null at index 0"],
  ])("labels' names %s", (labelNames, found) => {
    const { parameters, model: built } = randomNetwork(mlp([3, 2]));
    const graph = JSON.stringify(modelToJson(built));
    writeSafetensors(path, parameters, { format: "bregman", model: graph, labelNames });
    const message = found.startsWith("damaged")
      ? found
      : `labelNames must be a list of one text for each of the 2 outputs, ${found}`;
    expect(() => loadModel(path)).toThrow(UnusableFileError);
    expect(() => loadModel(path)).toThrow(`bad.safetensors: ${message}`);
  });

  test("no file, and no safetensors", () => {
    expect(() => loadModel(join(temporaryFolder(), "nothing"))).toThrow("could not read");
    writeFileSync(path, "hello, world");
    expect(() => loadModel(path)).toThrow(UnusableFileError);
  });
});
