/** Trainings that begin with the numbers of a network: with what, and what is refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { saveModel } from "#bregman/export/model-file.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import {
  adam,
  lassoSgd,
  linBreg,
  magnitudePruning,
  type Optimizer,
  proxSgd,
  sgd,
} from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1, type Regularizer } from "#bregman/regularizers/index.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { fit } from "#bregman/runs/fit.js";
import { runRecipe } from "#bregman/runs/run.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { MIRROR, randomArray, randomFrom } from "../support/optimizer-table.js";
import { inDomain, ROWS } from "../support/regularizer-table.js";

const random = stream(8, "images");
const data = fromArrays({
  shape: [2, 4, 4],
  train: {
    inputs: Float32Array.from({ length: 24 * 32 }, () => random.normal()),
    labels: Uint8Array.from({ length: 24 }, (_, k) => k % 3),
  },
});
const CONV = sequential(
  [2, 4, 4],
  [conv2d(4, { kernel: 3, padding: 1 }), batchNorm2d(), relu(), flatten(), linear(3)],
);
const SHAPE = [4, 2, 3, 3];
const quiet = { batchSize: 8, threads: 1, onWarning: () => {} };
const biases = sgd({ tau: 0.1 });
const plain: FitOptions = {
  ...quiet,
  epochs: 1,
  optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.01) }), biases },
};

/** A network with numbers of its own in everything it has. */
function networkOf(model: Model, seed = "network"): Network {
  const draw = randomFrom(seed);
  const values = (key: "parameters" | "buffers") =>
    new Map(
      model.nodes.flatMap((node) =>
        node[key].map(({ name, shape }) => {
          const length = shape.reduce((product, n) => product * n, 1);
          const numbers = randomArray(draw, length).map((x) => (key === "buffers" ? 1 + x * x : x));
          return [`${node.name}.${name}`, { shape, data: Float32Array.from(numbers) }] as const;
        }),
      ),
    );
  return { model, parameters: values("parameters"), buffers: values("buffers") };
}

/** What a training has before its first step. */
async function beginning(model: Model, options: FitOptions) {
  const begun = new Map<string, number[]>();
  await fit(model, data, {
    ...options,
    observe(epoch, trainer) {
      if (epoch > 0) return;
      for (const { parameter } of trainer.updaters)
        begun.set(parameter.name, [...trainer.theta(parameter.name)]);
      for (const [name, { data: numbers }] of trainer.buffers()) begun.set(name, [...numbers]);
    },
  });
  return begun;
}

const numbersOf = ({ parameters, buffers }: Pick<Network, "parameters" | "buffers">) =>
  new Map([...parameters, ...buffers].map(([name, values]) => [name, [...values.data]]));

describe("theta stays where it was as long as nothing moves v", () => {
  type MakeAny = (options: { tau: number; regularizer: Regularizer }) => Optimizer;
  const others: readonly (readonly [string, MakeAny])[] = [
    ["proxSgd", proxSgd],
    ["lassoSgd", lassoSgd],
    ["magnitudePruning", ({ tau }) => magnitudePruning({ tau, density: 1 })],
    ["sgd", ({ tau }) => sgd({ tau, momentum: 0.9 })],
    ["adam", ({ tau }) => adam({ tau })],
  ];
  const mirror = MIRROR.map(([name, make]): readonly [string, MakeAny] => [
    name,
    (options) => make({ ...options, delta: 1.5 }),
  ]);
  describe.each([...mirror, ...others])("%s", (kind, make) => {
    test.each(ROWS)("%s", async (_, spec) => {
      const regularizer = spec.make(0.2);
      if (kind === "lassoSgd" && !regularizer.finite) return;
      const network = networkOf(CONV);
      const theta = network.parameters.get("conv2d1.weight")!.data;
      theta.set(inDomain(spec, [...theta]));
      // A kernel, a filter and an input channel without weights: groups that are zero.
      theta.fill(0, 9, 36);
      const before = [...theta];
      const { parameters } = await fit(CONV, data, {
        ...quiet,
        epochs: 1,
        optimizer: { weights: sgd(), convs: make({ tau: 1e-12, regularizer }), biases },
        start: network,
      });
      const after = parameters.get("conv2d1.weight")!;
      expect(after.shape).toEqual(SHAPE);
      let worst = 0;
      before.forEach((w, k) => (worst = Math.max(worst, Math.abs(w - after.data[k]))));
      expect(worst).toBeLessThan(4e-6);
      // Zeros are exact, except for what such a tau moves where no threshold holds them.
      const zeros = [...after.data].filter((_w, k) => before[k] === 0);
      expect(Math.max(...zeros.map(Math.abs))).toBeLessThan(spec.mixes ? 4e-6 : 1e-10);
    });
  });
});

test("parameters and buffers are those of the network, bit by bit", async () => {
  const network = networkOf(CONV);
  expect(await beginning(CONV, { ...plain, start: network })).toEqual(numbersOf(network));
});

test("a network that was trained and simplified goes on as a model of its own", async () => {
  const model = mlp([32, 12, 8, 3]);
  const sparse = {
    ...plain,
    init: { weights: { density: 0.1, atLeast: 0 } },
    optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.3) }), biases },
  };
  const small = simplify({ model, ...(await fit(model, data, sparse)) });
  expect(small.model.nodes[0].shape[0]).toBeLessThan(12);
  expect(await beginning(small.model, { ...plain, start: small })).toEqual(numbersOf(small));
});

test("layers named as fresh are drawn as they would be without a start, whatever it has", async () => {
  const network = networkOf(mlp([32, 6, 7]));
  const model = mlp([32, 6, 3]);
  const drawn = await beginning(model, { ...plain, seed: 3 });
  const begun = await beginning(model, {
    ...plain,
    seed: 3,
    start: { network, fresh: ["linear2"] },
  });
  const given = numbersOf(network);
  for (const name of ["linear1.weight", "linear1.bias"])
    expect(begun.get(name)).toEqual(given.get(name));
  for (const name of ["linear2.weight", "linear2.bias"])
    expect(begun.get(name)).toEqual(drawn.get(name));
});

describe("what is refused, in one line", () => {
  const model = mlp([32, 6, 3]);
  const without = (network: Network, name: string): Network => ({
    ...network,
    parameters: new Map([...network.parameters].filter(([key]) => key !== name)),
  });
  const head = "start: the network does not fit the model: ";
  const maps = "start: expected a network with maps of parameters and buffers, found";
  test.each<[string, unknown, string]>([
    [
      "other classes",
      networkOf(mlp([32, 6, 7])),
      `${head}"linear2.weight" must have the shape [3, 6], found [7, 6] (fresh: ["linear2"] ` +
        'draws this layer anew); "linear2.bias" must have the shape [3], found [7] ' +
        '(fresh: ["linear2"] draws this layer anew)',
    ],
    [
      "a layer too few",
      networkOf(mlp([32, 6])),
      `${head}"linear2.weight" must have the shape [3, 6], found none; "linear2.bias" must ` +
        "have the shape [3], found none",
    ],
    [
      "a layer too many",
      networkOf(mlp([32, 6, 3, 2])),
      `${head}the model has no "linear3.weight"; the model has no "linear3.bias"`,
    ],
    [
      "all of it",
      networkOf(mlp([16, 5, 4, 3])),
      `${head}"linear1.weight" must have the shape [6, 32], found [5, 16]; "linear1.bias" must ` +
        'have the shape [6], found [5] (fresh: ["linear1"] draws this layer anew); ' +
        '"linear2.weight" must have the shape [3, 6], found [4, 5] (and 3 more)',
    ],
    [
      "a parameter",
      without(networkOf(model), "linear1.bias"),
      `${head}"linear1.bias" must have the shape [6], found none`,
    ],
    [
      "a layer that there is not",
      { network: networkOf(model), fresh: ["linear3"] },
      'start: fresh: the model has no layer "linear3" with parameters (did you mean ' +
        '"linear1"?); layers: linear1, linear2',
    ],
    [
      "a slip",
      { network: networkOf(model), frehs: [] },
      'start: unknown option "frehs" (did you mean "fresh"?); options: network, fresh, notes',
    ],
    [
      "a path",
      "model.safetensors",
      "start: expected a network such as loadModel gives, or an object with one, found String",
    ],
    ["a model", model, `${maps} parameters undefined and buffers undefined`],
    ["nothing", { network: undefined }, `${maps} parameters undefined and buffers undefined`],
  ])("%s", async (_, start, message) => {
    const call = fit(model, data, { ...plain, start: start as Network });
    await expect(call).rejects.toThrow(new InputError(message));
  });

  test("a number that is none", async () => {
    const network = networkOf(model);
    network.parameters.get("linear1.bias")!.data[4] = Number.NaN;
    await expect(fit(model, data, { ...plain, start: network })).rejects.toThrow(
      `${head}"linear1.bias" must have the shape [6], and finite numbers, found NaN at index 4`,
    );
  });
});

describe("inputs that were normalised in another way", () => {
  const model = mlp([32, 6, 3]);
  async function warnings(normalization: Network["normalization"], more: object = {}) {
    const told: string[] = [];
    const start = { ...networkOf(model), ...(normalization && { normalization }) };
    await fit(model, data, { ...plain, start, onWarning: (text) => told.push(text), ...more });
    return told.filter((text) => text.startsWith("the inputs of the network"));
  }
  test("are told of", async () => {
    expect(await warnings({ mean: [0.5], std: [0.25] })).toEqual([
      "the inputs of the network that the training starts from were normalised by mean 0.5 and " +
        "deviation 0.25, now they are by 0, 0 and 1, 1: its first layers have to learn that",
    ]);
    expect(await warnings({ mean: [0.5], std: [1] }, { normalize: false })).toHaveLength(1);
  });
  test("are not, where they are the same, or not known", async () => {
    expect(await warnings({ mean: [0.01], std: [1.01] })).toEqual([]);
    expect(await warnings(undefined)).toEqual([]);
  });
});

describe("a run that goes on", () => {
  const model = mlp([32, 6, 3]);
  const folder = () => mkdtempSync(join(tmpdir(), "bregman-start-"));
  const network = networkOf(model);
  const options = { ...plain, epochs: 3, start: network };
  const stopped = async (checkpoint: string, resume = false, start?: Network) => {
    const stop = new AbortController();
    const run = fit(model, data, {
      ...options,
      start,
      checkpoint: { folder: checkpoint, resume },
      ...(resume ? {} : { signal: stop.signal }),
      observe: (epoch) => epoch === 1 && stop.abort(),
    });
    return numbersOf(await run);
  };
  test("needs the network no more, and takes no other", async () => {
    const whole = numbersOf(await fit(model, data, options));
    const [given, left, other] = [folder(), folder(), folder()];
    for (const place of [given, left, other]) await stopped(place, false, network);
    expect(await stopped(given, true, networkOf(model))).toEqual(whole);
    expect(await stopped(left, true)).toEqual(whole);
    await expect(stopped(other, true, networkOf(model, "other"))).rejects.toThrow(
      "its checkpoint is of another run; what differs: start",
    );
    // The next checkpoints still say it.
    await expect(stopped(left, true, networkOf(model, "other"))).rejects.toThrow(
      "what differs: start",
    );
  });
});

describe("a recipe", () => {
  const root = mkdtempSync(join(tmpdir(), "bregman-start-"));
  const model = mlp([2, 6, 2]);
  const network = networkOf(model);
  writeFileSync(
    join(root, "points.csv"),
    Array.from({ length: 40 }, (_, k) => `${k % 7},${k % 5},${k % 2}`).join("\n"),
  );
  const recipe = (start: unknown) =>
    checkRecipe({
      name: "start",
      data: { kind: "csv", train: "points.csv", label: 2, header: false },
      model: { kind: "mlp", features: [2, 6, 2] },
      optimizer: {
        weights: { kind: "linBreg", tau: 0.1, regularizer: { kind: "l1", lambda: 0.01 } },
        biases: { kind: "linBreg", tau: 0.1 },
      },
      batchSize: 8,
      epochs: 2,
      start,
    });
  const run = async (start: unknown, out: string, more: object = {}) => {
    let begun: number[] = [];
    await runRecipe(recipe(start), {
      out: join(root, out),
      baseDir: root,
      command: "test",
      threads: 1,
      onWarning: () => {},
      observe: (epoch, { theta }) => {
        if (epoch === 0) begun = [...theta("linear1.weight")];
      },
      ...more,
    });
    return begun;
  };
  const weights = [...network.parameters.get("linear1.weight")!.data];

  test.each([
    ["dense.safetensors", {}],
    ["sparse.safetensors", { sparse: true }],
  ])("%s", async (file, options) => {
    saveModel(join(root, file), network, {}, options);
    expect(await run(file, `run-${file}`)).toEqual(weights);
    // The path starts from the run folder there.
    const kept = JSON.parse(readFileSync(join(root, `run-${file}`, "recipe.json"), "utf8"));
    expect(kept.start).toBe(`../${file}`);
  });

  test("small values are those that the file holds", async () => {
    saveModel(join(root, "int8.safetensors"), network, {}, { sparse: true, values: "int8" });
    const begun = await run({ file: "int8.safetensors" }, "int8");
    expect(begun).not.toEqual(weights);
    begun.forEach((w, k) => expect(Math.abs(w - weights[k])).toBeLessThan(0.02));
  });

  test("resumes with its file gone, to the same bits; a run that has not begun does not", async () => {
    const bits = (out: string) => readFileSync(join(root, out, "model.safetensors"));
    saveModel(join(root, "gone.safetensors"), network);
    await run("gone.safetensors", "whole");
    const stop = new AbortController();
    const observe = (epoch: number) => epoch === 1 && stop.abort();
    await run("gone.safetensors", "cut", { signal: stop.signal, observe });
    rmSync(join(root, "gone.safetensors"));
    expect(readdirSync(join(root, "cut")).some((name) => name.startsWith("checkpoint-"))).toBe(
      true,
    );
    await run("gone.safetensors", "cut", { resume: true });
    expect(bits("cut")).toEqual(bits("whole"));
    await expect(run("gone.safetensors", "none")).rejects.toThrow("gone.safetensors");
    expect(readdirSync(root)).not.toContain("none");
  });

  test("resumes with no other file of that name", async () => {
    saveModel(join(root, "changed.safetensors"), network);
    const stop = new AbortController();
    const observe = (epoch: number) => epoch === 1 && stop.abort();
    await run("changed.safetensors", "changed", { signal: stop.signal, observe });
    saveModel(join(root, "changed.safetensors"), networkOf(model, "other"));
    await expect(run("changed.safetensors", "changed", { resume: true })).rejects.toThrow(
      "what differs: start",
    );
  });
});
