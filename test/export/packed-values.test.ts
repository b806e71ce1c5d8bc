/**
 * What a file claims costs nothing: networks of sparse files are counted and changed by their
 * non-zeros.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { encodeOnnx } from "#bregman/export/onnx/onnx.js";
import { prune } from "#bregman/export/prune.js";
import { encodeSafetensors } from "#bregman/export/safetensors-format.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { networkSize } from "#bregman/export/size.js";
import { valuesOf } from "#bregman/export/sparse-values.js";
import { mlp } from "#bregman/models/mlp.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { size } from "#bregman/shape-size.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import type { Layer } from "#bregman/nn/layers/rules.js";
import { type Model, sequential } from "#bregman/nn/model.js";
import { modelToJson } from "#bregman/nn/model-json.js";
import { checkNetwork, type Network } from "#bregman/nn/network.js";
import { packedOf } from "#bregman/nn/packed-values.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { predict } from "#bregman/predict/predict.js";
import { randomNetwork } from "../support/random-network.js";

/** A file of some hundred bytes: a model, and of each weight one value at its beginning. */
function claim(model: Model, said = modelToJson(model)): Uint8Array {
  const tensors = Object.fromEntries(
    model.nodes.flatMap(({ name, parameters }) =>
      parameters.flatMap((spec) => [
        [`${name}.${spec.name}.values`, { shape: [1], data: Float32Array.of(2) }],
        [`${name}.${spec.name}.gaps`, { shape: [1], data: Uint8Array.of(0) }],
      ]),
    ),
  );
  return encodeSafetensors(tensors, { format: "bregman", model: JSON.stringify(said) });
}

/** Bytes of arrays that `work` leaves behind, in MiB. */
function allocated(work: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers;
  const held = work();
  const after = process.memoryUsage().arrayBuffers;
  expect(held).toBeDefined();
  return (after - before) / 2 ** 20;
}

const CLAIMS: Readonly<Record<string, Model>> = {
  "a wide layer": sequential([5e7], [linear(20, { bias: false })]),
  "several layers": sequential(
    [20_000],
    [linear(20_000, { bias: false }), relu(), linear(20_000, { bias: false }), relu(), linear(2)],
  ),
  "a convolution": sequential(
    [10_000, 1, 1],
    [conv2d(10_000, { kernel: 1, bias: false }), flatten(), linear(1)],
  ),
};

/** What walks a network, and leaves it packed. */
const WALKS: Readonly<Record<string, (network: Network) => unknown>> = {
  checkNetwork: (network) => checkNetwork(network) ?? true,
  networkSize,
  simplify,
  prune: (network) => prune(network, { threshold: 1 }),
  "prune, kernels": (network) => prune(network, { density: 0.5, groups: "kernels" }),
  "encodeModel, sparse": (network) => encodeModel(network, {}, { sparse: true }),
  "encodeOnnx, sparse": (network) => encodeOnnx(network, { sparse: true }),
};

describe.each(Object.entries(CLAIMS))("%s of some 1e9 weights in a small file", (_name, model) => {
  const bytes = claim(model);

  test("is read, and has its size", () => {
    expect(bytes.length).toBeLessThan(2000);
    const { weights, nonZeros, bytes: stored } = networkSize(decodeModel(bytes));
    expect(weights).toBeGreaterThan(9e7);
    expect(nonZeros).toBe(
      model.nodes.filter(({ layer }) => ["linear", "conv2d"].includes(layer.kind)).length,
    );
    // A bias is stored as it is.
    expect(stored.sparse).toBeLessThan(100);
  });

  test.each(Object.entries(WALKS))("%s takes no array of them", (_what, walk) => {
    const network = decodeModel(bytes);
    expect(allocated(() => walk(network))).toBeLessThan(16);
    for (const [name, values] of network.parameters) {
      if (name.endsWith(".weight") && size(values.shape) > 1e6)
        expect(packedOf(values)).toBeDefined();
    }
  });
});

describe("packed and unpacked give the same", () => {
  const models: Readonly<Record<string, Model>> = {
    perceptron: mlp([300, 40, 30, 10]),
    convolutions: sequential(
      [3, 8, 8],
      [
        conv2d(16, { kernel: 3, padding: 1 }),
        relu(),
        conv2d(8, { kernel: 3 }),
        flatten(),
        linear(5),
      ],
    ),
  };
  const cases = Object.entries(models).flatMap(([name, model]) =>
    Object.entries(WALKS)
      .filter(([what]) => what !== "checkNetwork")
      .map(([what, walk]) => ({ name, model, what, walk })),
  );
  const plain = (network: Network): Network => ({
    ...network,
    parameters: new Map(
      [...network.parameters].map(([name, { shape, data }]) => [name, { shape, data }]),
    ),
  });
  const shown = (result: unknown): unknown =>
    typeof result === "object" && "parameters" in result! ? encodeModel(result as Network) : result;

  test.each(cases)("$name: $what", ({ model, walk }) => {
    for (const seed of [1, 2, 3]) {
      const file = encodeModel(randomNetwork(model, { seed, density: 0.05 }), {}, { sparse: true });
      const network = decodeModel(file);
      expect([...network.parameters.values()].some((values) => packedOf(values))).toBe(true);
      const packed = shown(walk(network));
      expect(packed).toEqual(shown(walk(plain(decodeModel(file)))));
    }
  });
});

const backends =
  nativeVariants().variants.length > 0 ? (["native", "wasm"] as const) : (["wasm"] as const);

test.each(backends)("predictions on %s leave it packed, and are the same", async (backend) => {
  const models = [
    mlp([30, 200, 200, 5]),
    sequential([2, 9, 9], [conv2d(20, { kernel: 3 }), flatten(), linear(5)]),
  ];
  for (const model of models) {
    const network = decodeModel(
      encodeModel(randomNetwork(model, { density: 0.05 }), {}, { sparse: true }),
    );
    const inputs = Float32Array.from({ length: 3 * size(model.input) }, (_, k) => Math.sin(k));
    const packed = await predict(network, inputs, { backend });
    expect([...network.parameters.values()].some((values) => packedOf(values))).toBe(true);
    for (const { data } of network.parameters.values()) expect(data).toBeDefined();
    expect(await predict(network, inputs, { backend })).toEqual(packed);
  }
});

test("once its array is read, the array is what counts", () => {
  const network = decodeModel(claim(sequential([1000], [linear(1, { bias: false })])));
  const { data } = network.parameters.get("linear1.weight")!;
  data.fill(1);
  expect(networkSize(network).nonZeros).toBe(1000);
  expect(network.parameters.get("linear1.weight")!.data).toBe(data);
});

test("zeros among the values of a file, and gaps in more bytes than they need, count as what they are", () => {
  const values = Float32Array.of(1, 0, 3);
  const shape = [1, 100];
  const stored = valuesOf({ values, gaps: Uint8Array.of(0x85, 0, 2, 3) }, shape);
  const packed = packedOf(stored)!;
  expect([[...packed.values], [...packed.places]]).toEqual([
    [1, 3],
    [5, 12],
  ]);
  expect([stored.data[5], stored.data[12], stored.data.length]).toEqual([1, 3, 100]);
});

test("what no memory can hold is refused when it is read", () => {
  const model = sequential([4], [linear(8, { bias: false })]);
  expect(() => decodeModel(claim(model, { ...modelToJson(model), input: [2 ** 31] }))).toThrow(
    /^model: not a model: .*\[2147483648\] would take 1\.37e\+11 bytes, more than the 4294967296/,
  );
});

test("a weight, or a buffer, of more entries than an array can have is refused by its graph", () => {
  const refusal = (input: readonly number[], layers: readonly Layer[]) => {
    const model = sequential([4], [linear(8, { bias: false })]);
    const nodes = layers.map((layer, k) => ({ name: `layer${k}`, inputs: [k - 1], layer }));
    return () => decodeModel(claim(model, { ...modelToJson(model), input, nodes }));
  };
  expect(refusal([2 ** 15], [linear(2 ** 15 + 1, { bias: false })])).toThrow(
    /^model: not a model: the parameters of the layers up to "layer0" would take 4\.30e\+9 bytes/,
  );
  expect(refusal([2 ** 29, 1, 1], [batchNorm2d()])).toThrow(
    /^model: not a model: a model's input of shape \[536870912, 1, 1\] would take 3\.44e\+10 bytes/,
  );
});

test("what ONNX can't hold is refused before it is written", () => {
  expect(() => encodeOnnx(decodeModel(claim(CLAIMS["a wide layer"])))).toThrow(
    new InputError("could not write the network as ONNX: such a file has at most 2147483647 bytes"),
  );
});
