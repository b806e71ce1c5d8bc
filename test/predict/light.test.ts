/** `bregman/predict` where there is no Node: the same functions with kernels of their own. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { encodeModel } from "#bregman/export/model-format.js";
import * as full from "#bregman/predict/index.js";
import * as light from "#bregman/predict/light.js";
import type { Predictor } from "#bregman/predict/predictor-with.js";
import { createPool } from "#bregman/runtime/pool.js";
import { size } from "#bregman/shape-size.js";
import { everything } from "../support/every-layer.js";
import { MODELS } from "../support/graph-models.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

/** A web worker, made of one of Node's. */
class WebWorker {
  onmessage: (() => void) | null = null;
  readonly #worker: Worker;
  constructor(url: URL) {
    this.#worker = new Worker(url);
    this.#worker.on("message", () => this.onmessage?.());
  }
  postMessage(message: unknown) {
    this.#worker.postMessage(message);
  }
  terminate() {
    void this.#worker.terminate();
  }
}

const kernels = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../kernels/${name}`, import.meta.url)));

afterEach(() => vi.unstubAllGlobals());

test("it has the names that the entry in Node has", () => {
  expect(Object.keys(light).sort()).toEqual(Object.keys(full).sort());
});

describe.each(Object.entries({ ...MODELS, "every layer": everything }))("%s", (_name, model) => {
  const network = randomNetwork(model, { seed: 3, density: 0.3, dead: 0.2 });
  const inputs = randomInputs(network, 70);
  const reference = referenceOutput(network, inputs);
  const [features, outputs] = [size(model.input), size(model.output)];
  let net: Predictor;
  beforeAll(async () => {
    net = await light.createPredictor(encodeModel(network, {}, { sparse: true }));
  });
  afterAll(() => net.close());

  test.each([1, 8, 9, 32, 33, 40, 70])("%i samples", async (count) => {
    const given = inputs.subarray(0, features * count);
    const found = await net.predict(given);
    expect(relativeError(found, reference.subarray(0, outputs * count))).toBeLessThan(1e-5);
    expect(net.predictSync(given)).toEqual(found);
    expect(await light.predict(network, given)).toEqual(found);
  });

  test("any number of threads, and the kernels of training, give the same bits", async () => {
    vi.stubGlobal("Worker", WebWorker);
    const given = inputs.subarray(0, 40 * features);
    for (const options of [{ threads: 3 }, { wasm: kernels("kernels.wasm") }]) {
      await using other = await light.createPredictor(network, options);
      expect(await other.predict(given)).toEqual(await net.predict(given));
    }
  });
});

test("it computes in wasm, on one thread unless more are asked for", async () => {
  const network = randomNetwork(MODELS["multilayer perceptron"]);
  await using net = await light.createPredictor(network);
  expect([net.backend, net.threads]).toEqual(["wasm", 1]);
  await expect(light.createPredictor(network, { backend: "native" })).rejects.toThrow(
    'createPredictor: backend must be "wasm" or "auto" here, found "native"',
  );
  await expect(light.createPredictor(network, { threads: 0 })).rejects.toThrow(/threads/);
  await expect(light.createPredictor(network, { threads: 2 })).rejects.toThrow(
    "cannot start worker 1: there are no web workers here",
  );
  await expect(light.createPredictor(network, { thread: 1 } as never)).rejects.toThrow(
    'unknown option "thread" (did you mean "threads"?)',
  );
  await expect(light.createPredictor(network, { wasm: "/nowhere/predict.wasm" })).rejects.toThrow(
    "cannot load predict.wasm: there is no /nowhere/predict.wasm",
  );
});

test("predict.wasm is not taken for kernels.wasm", async () => {
  const wasm = kernels("predict.wasm");
  await expect(createPool({ backend: "wasm", threads: 1, wasm })).rejects.toThrow(
    "cannot use kernels.wasm: this is predict.wasm, which computes single samples only",
  );
});
