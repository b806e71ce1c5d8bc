/** A predictor: prepared once, asked by many at once. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { encodeModel } from "#bregman/export/model-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { maxPool2d } from "#bregman/nn/layers/pool2d.js";
import { sequential } from "#bregman/nn/model.js";
import { predict } from "#bregman/predict/predict.js";
import { createPredictor } from "#bregman/predict/predictor.js";
import { fromArrays } from "#bregman/data/dataset.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";

const imageModel = sequential(
  [2, 12, 12],
  [
    conv2d(6, { kernel: 3, padding: 1, bias: false }),
    batchNorm2d(),
    relu(),
    conv2d(8, { kernel: 3, stride: 2 }),
    maxPool2d(2),
    flatten(),
    linear(5),
  ],
);
const network = randomNetwork(mlp([20, 30, 7]), { density: 0.2, dead: 0 });
const inputs = randomInputs(network, 300);
const reference = referenceOutput(network, inputs);
const sample = (k: number, count = 1) => inputs.subarray(20 * k, 20 * (k + count));
const expected = (k: number, count = 1) => reference.subarray(7 * k, 7 * (k + count));

describe.each(["native", "wasm"] as const)("on %s", (backend) => {
  test.each([1, 2, 15, 16, 17, 100, 129, 300])("%i samples", async (count) => {
    await using net = await createPredictor(network, { backend });
    const outputs = await net.predict(sample(0, count));
    expect(outputs.length).toBe(7 * count);
    expect(relativeError(outputs, expected(0, count))).toBeLessThan(1e-5);
    expect(net.predictSync(sample(0, count))).toEqual(outputs);
  });

  test("images, in more pieces than one, on three threads the bits of one", async () => {
    const images = randomNetwork(imageModel, { density: 0.3, dead: 0.2 });
    const given = randomInputs(images, 70);
    await using one = await createPredictor(images, { backend, threads: 1 });
    await using three = await createPredictor(images, { backend, threads: 3 });
    const outputs = await one.predict(given);
    expect(relativeError(outputs, referenceOutput(images, given))).toBeLessThan(1e-5);
    expect(await three.predict(given)).toEqual(outputs);
  });
});

test("callers at once get each their own, whatever their sizes, errors too", async () => {
  await using net = await createPredictor(network);
  const calls = Array.from({ length: 100 }, (_, k) => [k, 1 + ((7 * k) % 40)] as const);
  const answers = calls.map(async ([k, count]) => {
    if (k % 10 === 3) {
      const bad = Float64Array.from(sample(k));
      bad[5] = 1e300;
      await expect(net.predict(bad)).rejects.toThrow(/1e\+300 at index 5/);
      return;
    }
    expect(relativeError(await net.predict(sample(k, count)), expected(k, count))).toBeLessThan(
      1e-5,
    );
  });
  await Promise.all(answers);
  expect(await net.predict(new Float32Array(0))).toEqual(new Float32Array(0));
});

test("it is made of a network, its bytes, its file or its address", async () => {
  const file = join(temporaryFolder(), "model.safetensors");
  const bytes = encodeModel(network);
  writeFileSync(file, bytes);
  for (const source of [network, bytes, bytes.slice().buffer, file, pathToFileURL(file)]) {
    await using net = await createPredictor(source);
    expect(relativeError(await net.predict(sample(3)), expected(3))).toBeLessThan(1e-5);
  }
  const url = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
  await using net = await createPredictor(url);
  expect(relativeError(net.predictSync(sample(4)), expected(4))).toBeLessThan(1e-5);
});

test("what it can't be made of is said in one line", async () => {
  await expect(createPredictor(5 as never)).rejects.toThrow(
    "createPredictor: expected a network, the bytes of its file, or where that is, found Number",
  );
  await expect(createPredictor(new Uint8Array(4))).rejects.toThrow(/^model: /);
  const missing = createPredictor("nowhere/model.safetensors").catch((error: unknown) => error);
  expect(await missing).toBeInstanceOf(UnusableFileError);
  expect(String(await missing)).toMatch(/could not read nowhere\/model\.safetensors: ENOENT/);
  await expect(createPredictor(network, { thread: 1 } as never)).rejects.toThrow(/thread/);
  await expect(createPredictor({ ...network, parameters: new Map() })).rejects.toThrow(
    /the network needs "linear1.weight"/,
  );
  await using net = await createPredictor(network);
  await expect(net.predict(new Float32Array(21))).rejects.toThrow(
    "predict: inputs must be samples of 20 numbers ([20]), found 21",
  );
  expect(() => net.predictSync("x" as never)).toThrow(/predictSync: inputs must be/);
});

test("who waits gets an answer, whoever comes after the end does not", async () => {
  const net = await createPredictor(network);
  const waiting = net.predict(sample(0, 300));
  const closed = net.close();
  await expect(net.predict(sample(0))).rejects.toThrow("predict: the predictor is closed");
  expect(() => net.predictSync(sample(0))).toThrow("predictSync: the predictor is closed");
  expect(relativeError(await waiting, reference)).toBeLessThan(1e-5);
  await closed;
  await net.close();
});

test("predict keeps one for its network: with other numbers it is another", async () => {
  const first = await predict(network, sample(0));
  expect(relativeError(first, expected(0))).toBeLessThan(1e-5);
  const parameters = new Map(network.parameters);
  const { shape, data } = parameters.get("linear2.bias")!;
  parameters.set("linear2.bias", { shape, data: data.map((b) => b + 1) });
  const changed = await predict({ ...network, parameters }, sample(0));
  expect(
    relativeError(
      changed,
      first.map((x) => x + 1),
    ),
  ).toBeLessThan(1e-5);
  const own = { ...network, parameters: new Map(network.parameters) };
  await predict(own, sample(0));
  own.parameters.set("linear2.bias", parameters.get("linear2.bias")!);
  expect(await predict(own, sample(0))).toEqual(changed);
});

test("its accuracy is that of evaluate", async () => {
  const labels = Uint8Array.from({ length: 300 }, (_, k) => {
    const row = reference.subarray(7 * k, 7 * k + 7);
    return k % 3 === 0 ? k % 7 : row.indexOf(Math.max(...row));
  });
  const samples = { inputs, labels };
  const data = fromArrays({ shape: [20], train: samples, test: samples, mean: [0], std: [1] });
  const [{ testAccuracy }] = await evaluate([network], data);
  await using net = await createPredictor(network);
  const outputs = await net.predict(inputs);
  const right = labels.filter((label, k) => {
    const row = outputs.subarray(7 * k, 7 * k + 7);
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(right.length / 300).toBeCloseTo(testAccuracy!, 10);
});

test("a thousand calls at once, and networks one after the other, take the memory of few", () => {
  const program = `
    import { createPredictor, predict } from ${JSON.stringify(entry("predict/index.js"))};
    import { mlp } from ${JSON.stringify(entry("models/mlp.js"))};
    const model = mlp([784, 200, 80, 10]);
    const network = () => ({
      model,
      parameters: new Map(model.nodes.flatMap(({ name, parameters }) =>
        parameters.map((spec) => [name + "." + spec.name, {
          shape: spec.shape,
          data: new Float32Array(spec.shape.reduce((a, b) => a * b)).fill(0.01),
        }]))),
      buffers: new Map(),
    });
    const one = network();
    const x = new Uint8Array(784 * 4).fill(100);
    const round = () => Promise.all(Array.from({ length: 1000 }, () => predict(one, x)));
    await round();
    const before = process.memoryUsage().rss;
    for (let k = 0; k < 10; k++) await round();
    for (let k = 0; k < 50; k++) {
      const nets = await Promise.all([0, 1, 2].map(() => createPredictor(network())));
      await Promise.all(nets.map((net) => net.predict(x)));
      // In another order than they were made.
      for (const k of [1, 0, 2]) await nets[k].close();
    }
    for (let k = 0; k < 100; k++) {
      await predict(network(), x);
      if (k % 10 === 9) { gc(); await new Promise((resolve) => setTimeout(resolve, 10)); }
    }
    gc();
    console.log((process.memoryUsage().rss - before) / 2 ** 20);`;
  const grown = execFileSync(
    process.execPath,
    ["--expose-gc", "--input-type=module", "-e", program],
    { encoding: "utf8" },
  );
  // Each call with a memory of its own took 60 MB.
  expect(Number(grown)).toBeLessThan(150);
});

function entry(file: string): string {
  return new URL(`../../dist/${file}`, import.meta.url).href;
}
