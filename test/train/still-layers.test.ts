/** Layers that are not trained: they stay bit by bit, and the others learn as they would. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { globalAvgPool2d } from "#bregman/nn/layers/pool2d.js";
import { graph, sequential, type Model } from "#bregman/nn/model.js";
import { modelToJson } from "#bregman/nn/model-json.js";
import { modelOf } from "#bregman/nn/rebuild.js";
import { adaBreg, linBreg, sgd } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { buildModel } from "#bregman/recipes/build.js";
import { l1 } from "#bregman/regularizers/index.js";
import { fit } from "#bregman/runs/fit.js";
import { predict } from "#bregman/predict/predict.js";
import { prepare } from "#bregman/train/prepare.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { FitResult } from "#bregman/train/train-model.js";

const random = stream(8, "images");
const data = fromArrays({
  shape: [2, 6, 6],
  train: {
    inputs: Float32Array.from({ length: 32 * 72 }, () => random.normal()),
    labels: Uint8Array.from({ length: 32 }, (_, k) => k % 3),
  },
});
const options: FitOptions = {
  epochs: 2,
  batchSize: 8,
  threads: 1,
  onWarning: () => {},
  optimizer: {
    weights: adaBreg({ tau: 0.01, regularizer: l1(0.01) }),
    biases: linBreg({ tau: 0.1 }),
  },
};

/** A residual block with batch norm, and linear layers behind it; named layers are not trained. */
function netWith(still: readonly string[], input = [2, 6, 6]): Model {
  const of = (name: string) => ({ name, train: !still.includes(name) });
  const conv = (name: string) => conv2d(4, { kernel: 3, padding: 1, bias: false, ...of(name) });
  return graph(input, ({ input: image, apply }) => {
    const x = apply(relu(), apply(batchNorm2d(of("norm1")), apply(conv("conv1"), image)));
    const y = apply(relu(), apply(batchNorm2d(of("norm2")), apply(conv("conv2"), x)));
    const z = apply(batchNorm2d(of("norm3")), apply(conv("conv3"), y));
    const pooled = apply(flatten(), apply(globalAvgPool2d(), apply(relu(), apply(add(), z, x))));
    return apply(linear(3, of("head")), apply(relu(), apply(linear(8, of("middle")), pooled)));
  });
}
const ALL = ["conv1", "norm1", "conv2", "norm2", "conv3", "norm3", "middle", "head"];

/** Parameters and buffers by layer, before training and behind it. */
async function trained(model: Model, more: Partial<FitOptions> = {}) {
  const before = new Map<string, number[]>();
  const result = await fit(model, data, {
    ...options,
    ...more,
    observe(epoch, trainer) {
      if (epoch > 0) return;
      for (const { parameter } of trainer.updaters)
        before.set(parameter.name, [...trainer.theta(parameter.name)]);
      for (const [name, buffer] of trainer.buffers()) before.set(name, [...buffer.data]);
    },
  });
  return { before, after: numbersOf(result), result };
}

const numbersOf = ({ parameters, buffers }: FitResult) =>
  new Map([...parameters, ...buffers].map(([name, values]) => [name, [...values.data]]));

describe.each<[string, string[]]>([
  ["the first ones", ["conv1", "norm1", "conv2"]],
  ["all but the last", ALL.slice(0, -1)],
  ["some in the middle", ["conv2", "norm2", "middle"]],
  ["the last ones", ["norm3", "middle", "head"]],
  ["batch norms", ["norm1", "norm2", "norm3"]],
])("%s", (_, still) => {
  test.each<[string, Partial<FitOptions>]>([
    ["plain", {}],
    ["in parts", { microBatches: 2 }],
    ["clipped", { clip: { norm: 1 } }],
    ["frozen steps", { freeze: 2 }],
    ["recomputed, with an average", { recompute: true, average: { decay: 0.5 } }],
    ["fresh statistics, sampled", { freshStatistics: 2, sampleDual: 0.5 }],
  ])("stay bit by bit, and all others move: %s", async (__, more) => {
    const { before, after } = await trained(netWith(still), more);
    for (const [name, numbers] of before) {
      const [layer] = name.split(".");
      if (still.includes(layer)) expect(after.get(name), name).toEqual(numbers);
      // Fresh statistics of what is not trained are the same again.
      else if (more.freshStatistics === undefined || !name.endsWith(".running"))
        expect(after.get(name), name).not.toEqual(numbers);
    }
  });
});

test("what is trained has the gradient of a network in which batch norm is a fixed map", async () => {
  // The same network, its still batch norm folded into weights of a 1 x 1 convolution of one's own.
  const scale = [0.5, 1.5];
  const tail = [relu(), flatten(), linear(3, { name: "head" })];
  const first = conv2d(2, { kernel: 3, padding: 1, name: "conv" });
  const net = sequential([2, 6, 6], [first, batchNorm2d({ name: "norm", train: false }), ...tail]);
  const twin = sequential(
    [2, 6, 6],
    [first, conv2d(2, { kernel: 1, name: "norm", train: false }), ...tail],
  );
  const draw = stream(3, "start");
  const numbers = (length: number) => Float32Array.from({ length }, () => 0.3 * draw.normal());
  const shared: [string, { shape: number[]; data: Float32Array }][] = [
    ["conv.weight", { shape: [2, 2, 3, 3], data: numbers(36) }],
    ["conv.bias", { shape: [2], data: numbers(2) }],
    ["head.weight", { shape: [3, 72], data: numbers(216) }],
    ["head.bias", { shape: [3], data: numbers(3) }],
  ];
  const [mean, variance] = [
    [0.3, -0.2],
    [0.7, 2],
  ];
  const gain = scale.map((gamma, c) => gamma / Math.sqrt(variance[c] + 1e-5));
  const values = (shape: number[], data: number[]) => ({ shape, data: Float32Array.from(data) });
  const begin = (norm: [string, ReturnType<typeof values>][], running?: number[]) => ({
    parameters: new Map([...shared, ...norm]),
    buffers: new Map(running ? [["norm.running", values([2, 2], running)] as const] : []),
  });
  const start = begin(
    [
      ["norm.weight", values([2], scale)],
      ["norm.bias", values([2], [0.1, 0.2])],
    ],
    [...mean, ...variance],
  );
  const twinStart = begin([
    ["norm.weight", values([2, 2, 1, 1], [gain[0], 0, 0, gain[1]])],
    ["norm.bias", values([2], [0.1 - gain[0] * mean[0], 0.2 - gain[1] * mean[1]])],
  ]);
  const plain = { optimizer: { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) } };
  const [one, other] = [
    await trained(net, { ...plain, start }),
    await trained(twin, { ...plain, start: twinStart }),
  ];
  for (const [name] of shared) {
    const [a, b] = [one.after.get(name)!, other.after.get(name)!];
    expect(a).not.toEqual(one.before.get(name));
    a.forEach((value, k) => expect(value).toBeCloseTo(b[k], 5));
  }
});

test("the head alone learns what it would on features made before", async () => {
  const body = netWith(ALL.slice(0, -1));
  const { before, after } = await trained(body);
  // The model without its last layer, in evaluation.
  const entries = body.nodes
    .slice(0, -1)
    .map(({ name, layer, inputs }) => ({ name, layer, inputs }));
  const features = modelOf(body.input, entries);
  const values = (specs: readonly { name: string; shape: readonly number[] }[], layer: string) =>
    specs.map(({ name, shape }) => {
      const full = `${layer}.${name}`;
      return [full, { shape, data: Float32Array.from(before.get(full)!) }] as const;
    });
  const network = {
    model: features,
    parameters: new Map(features.nodes.flatMap((node) => values(node.parameters, node.name))),
    buffers: new Map(features.nodes.flatMap((node) => values(node.buffers, node.name))),
  };
  const made = await predict(network, data.train.inputs as Float32Array);
  const head = sequential([8], [linear(3, { name: "head" })]);
  const task = fromArrays({
    shape: [8],
    train: { inputs: made as Float32Array, labels: data.train.labels },
  });
  const alone = await fit(head, task, {
    ...options,
    normalize: false,
    start: {
      parameters: new Map(
        ["head.weight", "head.bias"].map((name) => {
          const shape = name === "head.weight" ? [3, 8] : [3];
          return [name, { shape, data: Float32Array.from(before.get(name)!) }];
        }),
      ),
      buffers: new Map(),
    },
  });
  for (const [name, { data: numbers }] of alone.parameters)
    numbers.forEach((value, k) => expect(value).toBeCloseTo(after.get(name)![k], 4));
});

test("no gradient is computed where nothing before it is trained", async () => {
  const labelled = { ...options, targetDensity: undefined };
  const { steps } = await prepare(netWith(["conv1", "norm1", "conv2", "norm2"]), labelled);
  const backward = new Map(steps.map((step) => [step.name, step.backward]));
  for (const name of ["conv1", "norm1", "conv2", "norm2"]) expect(backward.get(name)).toEqual([]);
  expect([...backward.values()].flat()).toContain("convDenseWeightGrad");
  const { steps: middle } = await prepare(netWith(["conv3", "middle"]), labelled);
  const ops = middle.flatMap((step) => step.backward);
  // Of three convolutions, three batch norms and two linear layers.
  expect(ops.filter((kernel) => kernel === "update")).toHaveLength(2 + 3 * 2 + 2);
  expect(ops.filter((kernel) => kernel === "convDenseWeightGrad")).toHaveLength(2);
  expect(ops.filter((kernel) => kernel === "denseWeightGrad")).toHaveLength(1);
});

test("they count among the weights and in densities, and lambda does not move them", async () => {
  const targetDensity = { targets: { net: 0.3 }, every: 1 };
  const { result } = await trained(netWith(["conv2"]), { targetDensity });
  const { layers } = result.epochs.at(-1)!;
  expect(layers.find(({ name }) => name === "conv2")).toMatchObject({
    weights: 144,
    nonZeros: 144,
  });
  expect(result.epochs.at(-1)!.density).toBeGreaterThanOrEqual(144 / (72 + 144 + 144 + 32 + 24));
});

test("a run with them goes on from its checkpoint, to the same bits", async () => {
  const model = netWith(["conv1", "norm1", "middle"]);
  const whole = numbersOf(await fit(model, data, { ...options, epochs: 3 }));
  const folder = mkdtempSync(join(tmpdir(), "bregman-still-"));
  const stop = new AbortController();
  const checkpoint = { folder, resume: true };
  const observe = (epoch: number) => epoch === 1 && stop.abort();
  await fit(model, data, { ...options, epochs: 3, checkpoint, signal: stop.signal, observe });
  expect(numbersOf(await fit(model, data, { ...options, epochs: 3, checkpoint }))).toEqual(whole);
  // What is trained is part of what the run is.
  await expect(
    fit(netWith(["conv1", "norm1"]), data, { ...options, epochs: 3, checkpoint }),
  ).rejects.toThrow("what differs: model");
});

test("files and recipes keep it", async () => {
  const model = sequential(
    [2, 6, 6],
    [
      conv2d(4, { kernel: 3, train: false }),
      batchNorm2d({ train: false }),
      flatten(),
      linear(3, { train: true }),
    ],
  );
  const result = await fit(model, data, options);
  const { nodes } = decodeModel(encodeModel({ model, ...result })).model;
  expect(nodes.map(({ layer }) => layer.train)).toEqual([false, false, undefined, undefined]);
  const recipe = checkRecipe({
    name: "still",
    data: { name: "mnist" },
    model: {
      kind: "layers",
      input: [2, 6, 6],
      layers: [
        { kind: "conv2d", out: 4, kernel: 3, train: false },
        { kind: "batchNorm2d", train: false },
        { kind: "flatten" },
        { kind: "linear", out: 3, train: true },
      ],
    },
    optimizer: { weights: { kind: "sgd", tau: 0.1 }, biases: { kind: "sgd", tau: 0.1 } },
    epochs: 1,
  });
  expect(modelToJson(buildModel(recipe.model))).toEqual(modelToJson(model));
});

test("a network of which nothing is trained, and what is no yes or no, is refused", async () => {
  await expect(fit(netWith(ALL), data, options)).rejects.toThrow(
    new InputError("fit: expected a layer that is trained, found train: false in all of them"),
  );
  expect(() => linear(3, { train: "no" as unknown as boolean })).toThrow(
    new InputError('linear: train must be true or false, found "no"'),
  );
});
