/**
 * Networks as ONNX files: ONNX Runtime computes from them what the float64 reference computes, for
 * every kind of layer.
 */
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeOnnx } from "#bregman/export/onnx/onnx.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { convNet } from "#bregman/models/convnet.js";
import { denseNet } from "#bregman/models/densenet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { predict } from "#bregman/predict/predict.js";
import { everything } from "../support/every-layer.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

const runtime = fileURLToPath(
  new URL("../onnxruntime/node_modules/onnxruntime-web/dist/ort.node.min.mjs", import.meta.url),
);

/** What we use of onnxruntime-web. */
interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: { create(model: Uint8Array): Promise<Session> };
  readonly Tensor: new (
    kind: "float32" | "float64",
    data: Float32Array | Float64Array,
    dims: readonly number[],
  ) => unknown;
}
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: object,
  ): Promise<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>;
  release(): Promise<void>;
}

const images = { mean: [0.1, 0.2, 0.3], std: [1, 2, 0.5] };
const columns = randomNetwork(
  sequential([1, 4, 4], [conv2d(3, { kernel: 3 }), flatten(), linear(2)]),
);
const table = {
  mean: Array.from({ length: 16 }, (_, k) => k / 8),
  std: Array.from({ length: 16 }, (_, k) => 1 + k / 16),
};
const small: readonly (readonly [string, Network])[] = [
  ["every kind of layer", { ...randomNetwork(everything), normalization: images }],
  ["every kind of layer, without normalization", randomNetwork(everything)],
  [
    "an MLP of one channel",
    { ...randomNetwork(mlp([784, 30, 10])), normalization: { mean: [0.13], std: [0.31] } },
  ],
  ["an MLP of three channels", { ...randomNetwork(mlp([12, 30, 10])), normalization: images }],
  [
    "images whose every number is a channel, as columns of a table are",
    { ...columns, normalization: table },
  ],
  ["the ConvNet", randomNetwork(convNet())],
  ["a small ResNet-18", randomNetwork(resNet18({ widths: [4, 8, 8, 8] }))],
  ["a small ResNet-18, simplified", simplify(randomNetwork(resNet18({ widths: [4, 8, 8, 8] })))],
  ["a DenseNet", randomNetwork(denseNet())],
  ["an autoencoder with skips", randomNetwork(skipAutoencoder({ features: 64, layers: 4 }))],
];

test("a sparse file is smaller, and has every name once", () => {
  const network = randomNetwork(mlp([784, 100, 10]), { density: 0.05 });
  const [dense, sparse] = [encodeOnnx(network), encodeOnnx(network, { sparse: true })];
  expect(sparse.length).toBeLessThan(dense.length / 4);
  for (const name of ["linear1.weight", "linear2.weight"]) {
    // Where it is read, and where it is.
    expect(Buffer.from(sparse).toString("latin1").split(name)).toHaveLength(3);
  }
});

describe.skipIf(!existsSync(runtime))(
  "ONNX Runtime (`npm ci --prefix test/onnxruntime` installs it)",
  () => {
    let ort: OnnxRuntime;
    beforeAll(async () => {
      ort = (await import(pathToFileURL(runtime).href)) as OnnxRuntime;
      ort.env.wasm.numThreads = 1;
    });

    async function outputOf(
      bytes: Uint8Array,
      inputs: Float32Array | Float64Array,
      { model }: Network,
    ): Promise<Float32Array> {
      const session = await ort.InferenceSession.create(bytes);
      expect([session.inputNames, session.outputNames]).toEqual([["input"], ["output"]]);
      const count = inputs.length / model.input.reduce((a, b) => a * b, 1);
      const input = new ort.Tensor(inputs instanceof Float32Array ? "float32" : "float64", inputs, [
        count,
        ...model.input,
      ]);
      const { output } = await session.run({ input });
      expect(output.dims).toEqual([count, ...model.output]);
      await session.release();
      return output.data;
    }

    test.each(small)("%s", async (_name, network) => {
      for (const [count, sparse] of [
        [1, false],
        [5, true],
      ] as const) {
        const inputs = randomInputs(network, count);
        const found = await outputOf(encodeOnnx(network, { sparse }), inputs, network);
        if (!network.normalization)
          expect(relativeError(found, referenceOutput(network, inputs))).toBeLessThan(1e-5);
        expect(relativeError(found, await predict(network, inputs, { threads: 1 }))).toBeLessThan(
          1e-5,
        );
      }
    });

    test.each([
      [
        "columns of times and of small numbers",
        mlp([3, 8, 4]),
        { mean: [1.7e9, 0.5, 2e12], std: [30, 1, 5e4] },
      ],
      ["images far from zero", everything, { mean: [5e6, 5e6, 1], std: [2, 3, 1] }],
    ])("%s come in float64, and nothing is lost", async (_name, model, normalization) => {
      const network = { ...randomNetwork(model, { density: 1 }), normalization };
      const run = model.input.reduce((a, b) => a * b, 1) / normalization.mean.length;
      const features = 3 * run;
      const { mean, std } = normalization;
      const inputs = Float64Array.from({ length: 4 * features }, (_, k) => {
        const c = Math.floor((k % features) / run);
        return mean[c] + std[c] * Math.sin(k);
      });
      const found = await outputOf(encodeOnnx(network), inputs, network);
      expect(relativeError(found, await predict(network, inputs, { threads: 1 }))).toBeLessThan(
        1e-5,
      );
    });

    test("a network without any weight", async () => {
      const network = randomNetwork(mlp([20, 5, 3]), { density: 0 });
      const inputs = randomInputs(network, 2);
      const found = await outputOf(encodeOnnx(network, { sparse: true }), inputs, network);
      expect(relativeError(found, referenceOutput(network, inputs))).toBeLessThan(1e-6);
    });
  },
);
