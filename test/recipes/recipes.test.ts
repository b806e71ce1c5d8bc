import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildModel, buildOptimizer, buildSchedule } from "#bregman/recipes/build.js";
import { stream } from "#bregman/random.js";
import { checkRecipe, loadRecipe, recipeNames } from "#bregman/recipes/load.js";
import { recipeJsonSchema } from "#bregman/recipes/schema.js";
import { initialParameters } from "#bregman/engine/initial.js";
import { fitOptionsOf } from "#bregman/runs/recipe-options.js";
import { temporaryFolder } from "../data/idx-files.js";

test("the recipes are there", () => {
  expect(recipeNames()).toEqual([
    "cifar10-resnet18",
    "cifar10-resnet18-dense",
    "cifar10-resnet18-groups",
    "cifar10-resnet18-long",
    "fashion-convnet-groups-adabreg",
    "fashion-convnet-groups-linbreg",
    "fashion-convnet-groups-linbreg-recorded",
    "fashion-convnet-groups-momentum",
    "fashion-convnet-l1-adabreg",
    "fashion-convnet-l1-linbreg",
    "fashion-convnet-l1-momentum",
    "fashion-densenet",
    "mnist-deblur",
    "mnist-deblur-skips",
    "mnist-denoise",
    "mnist-denoise-narrow",
    "mnist-denoise-skips",
    "mnist-mlp-adabreg",
    "mnist-mlp-adabreg-5e-1",
    "mnist-mlp-adabreg-matched",
    "mnist-mlp-lasso",
    "mnist-mlp-linbreg",
    "mnist-mlp-linbreg-1e-2",
    "mnist-mlp-linbreg-1e-3",
    "mnist-mlp-linbreg-1e-3-final-relu",
    "mnist-mlp-linbreg-final-relu",
    "mnist-mlp-linbreg-matched",
    "mnist-mlp-magnitude",
    "mnist-mlp-magnitude-iterative",
    "mnist-mlp-momentum",
    "mnist-mlp-momentum-matched",
    "mnist-mlp-proxsgd",
    "mnist-mlp-proxsgd-final-relu",
    "mnist-mlp-proxsgd-matched",
    "mnist-mlp-rigl",
    "mnist-mlp-set",
    "mnist-mlp-sgd",
    "mnist-mlp-sgd-final-relu",
    "mnist-quick",
    "spoken-digits",
    "spoken-digits-dense",
  ]);
});

test.each(recipeNames())("%s is valid, named after its file, and can be built", (name) => {
  const recipe = loadRecipe(name);
  expect(recipe.name).toBe(name);
  expect(recipe.description).toMatch(/\w+.*\.$/);
  expect(buildOptimizer(recipe.optimizer.weights).kind).toBe(recipe.optimizer.weights.kind);
  expect(buildOptimizer(recipe.optimizer.biases).regularizer.kind).toBe("none");
  const model = buildModel(recipe.model);
  const features = model.input.reduce((product, n) => product * n, 1);
  const outputs = recipe.loss === "meanSquaredError" ? 784 : 10;
  const inputs = { cifar10: 3072, spoken: 8000 }[name.split("-")[0]] ?? 784;
  expect([features, model.output]).toEqual([inputs, [outputs]]);
  const { schedule } = recipe;
  const first =
    schedule.kind === "piecewise"
      ? schedule.points[0][1]
      : schedule.kind === "cosine"
        ? 1 / (schedule.warmupEpochs + 1)
        : 1;
  expect(buildSchedule(schedule, recipe.epochs).init().factor).toBe(first);
  // A run folder keeps the recipe with its defaults: that must be a recipe again, and the same one.
  expect(checkRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

test.each([
  ["mnist-mlp-linbreg", { kind: "linBreg", tau: 0.1, delta: 1, move: { kind: "plain" } }, 0.1],
  [
    "mnist-mlp-linbreg-1e-2",
    { kind: "linBreg", tau: 0.1, delta: 1, move: { kind: "plain" } },
    0.01,
  ],
  [
    "mnist-mlp-linbreg-1e-3",
    { kind: "linBreg", tau: 0.1, delta: 1, move: { kind: "plain" } },
    0.001,
  ],
  [
    "mnist-mlp-momentum",
    { kind: "linBreg", tau: 0.1, delta: 1, move: { kind: "momentum", beta: 0.9 } },
    0.1,
  ],
  [
    "mnist-mlp-adabreg",
    { kind: "adaBreg", tau: 0.001, move: { kind: "adam", biasCorrectFirstMoment: true } },
    0.1,
  ],
  ["mnist-mlp-adabreg-5e-1", { kind: "adaBreg", tau: 0.001 }, 0.5],
  ["mnist-mlp-sgd", { kind: "sgd", tau: 0.1, move: { kind: "plain" } }, 0],
  ["mnist-mlp-proxsgd", { kind: "proxSgd", tau: 0.1 }, 1e-4],
])("%s has the paper's setting", (name, optimizer, lambda) => {
  const { data, model, init, schedule, batchSize, epochs, optimizer: entries } = loadRecipe(name);
  const built = buildOptimizer(entries.weights);
  expect(built).toMatchObject(optimizer);
  expect(built.regularizer.lambda).toBe(lambda);
  expect({ ...entries.biases, regularizer: undefined }).toEqual({
    ...entries.weights,
    regularizer: undefined,
  });
  expect({ data, model, init, schedule, batchSize, epochs }).toEqual({
    data: { name: "mnist", validation: 3000, splitSeed: 42, normalize: true },
    model: { kind: "mlp", features: [784, 200, 80, 10], finalRelu: false },
    init: {
      weights: {
        density: 0.01,
        mask: "entry",
        count: "bernoulli",
        atLeast: 0,
        varianceFactor: 0.49,
        distribution: "normal",
      },
      biases: { scale: 1, signed: false },
    },
    schedule: { kind: "plateau", metric: "trainLoss", factor: 0.5, patience: 5, threshold: 0.01 },
    batchSize: 128,
    epochs: 100,
  });
});

test("the ConvNet has the setting of the authors' recorded run, and as many weights", () => {
  const { model, init, optimizer, epochs } = loadRecipe("fashion-convnet-groups-linbreg-recorded");
  const weights = buildModel(model).nodes.flatMap(({ parameters }) =>
    parameters.filter(({ role }) => role === "weight" || role === "conv").map(({ shape }) => shape),
  );
  expect(weights).toEqual([
    [64, 1, 5, 5],
    [64, 64, 5, 5],
    [128, 1024],
    [10, 128],
  ]);
  expect(optimizer.weights).toMatchObject({
    kind: "linBreg",
    tau: 0.07,
    regularizer: { kind: "l1", lambda: 0.5 },
  });
  expect(optimizer.convs).toMatchObject({
    tau: 0.07,
    regularizer: { kind: "groupLasso", lambda: 0.5, groups: "kernels" },
  });
  expect(init.convs).toMatchObject({
    density: 0.01,
    mask: "kernel",
    count: "withReplacement",
    varianceFactor: 1,
  });
  // The authors multiply He-normal kernels by 10. One of conv1's 64 is kept: 10^2 / 64.
  expect(init.layers?.conv2d1).toEqual({ varianceFactor: 10 ** 2 / 64 });
  expect([init.biases.scale, epochs]).toEqual([10, 100]);
});

test("mnist-denoise-narrow is mnist-denoise with a larger lambda and the paper's epochs", () => {
  const { name: _, description: __, ...wide } = loadRecipe("mnist-denoise");
  const { name, description, ...narrow } = loadRecipe("mnist-denoise-narrow");
  expect([name, description]).not.toContain(undefined);
  const optimizer = JSON.stringify(wide.optimizer).replace('"lambda":0.07', '"lambda":0.26');
  expect(narrow).toEqual({ ...wide, optimizer: JSON.parse(optimizer), epochs: 100 });
});

test.each([
  ["mnist-denoise", { noise: 0.05 }, undefined],
  ["mnist-deblur", { blur: { size: 9, sigma: 5 }, noise: 0.05 }, undefined],
  ["mnist-denoise-skips", { noise: 0.05 }, 1.96],
  ["mnist-deblur-skips", { blur: { size: 9, sigma: 5 }, noise: 0.05 }, 1.96],
])(
  "%s has the paper's task, network and lambdas, a start and a schedule of ours",
  (name, restore, skipLambda) => {
    const { data, model, loss, init, optimizer, schedule, batchSize, epochs, seed } =
      loadRecipe(name);
    const adaBreg = { kind: "adaBreg", tau: 0.001, delta: 1, biasCorrectFirstMoment: true };
    expect(optimizer).toMatchObject({
      weights: { ...adaBreg, regularizer: { kind: "groupLasso", lambda: 0.07, groups: "rows" } },
      biases: { ...adaBreg, regularizer: { kind: "none" } },
    });
    expect(optimizer.skips).toEqual(
      skipLambda && { ...optimizer.weights, regularizer: { kind: "l1", lambda: skipLambda } },
    );
    expect({ data, loss, init, schedule, batchSize, epochs, seed }).toEqual({
      data: { name: "mnist", validation: 3000, splitSeed: 42, normalize: true, restore },
      loss: "meanSquaredError",
      init: {
        weights: {
          density: 0.15,
          mask: "row",
          count: "bernoulli",
          varianceFactor: 0.6,
          distribution: "normal",
        },
        biases: { scale: 1, signed: false },
        layers: { layer1: { density: 0.15, varianceFactor: 0.2 } },
      },
      schedule: { kind: "cosine", minFactor: 0, warmupEpochs: 0 },
      batchSize: 128,
      epochs: 50,
      seed: 0,
    });
    const parameters = buildModel(model).nodes.flatMap((node) => node.parameters);
    const count = (role: string) =>
      parameters
        .filter((p) => p.role === role)
        .reduce((n, { shape }) => n + shape[0] * (shape[1] ?? 1), 0);
    expect([count("weight"), count("skip")]).toEqual([6 * 784 * 784, skipLambda ? 21 : 0]);
  },
);

test("ResNet-18 and the DenseNet have the weights of the paper", () => {
  const count = (name: string) =>
    buildModel(loadRecipe(name).model)
      .nodes.flatMap(({ parameters }) =>
        parameters.filter(({ role }) => role === "weight" || role === "conv"),
      )
      .reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  expect(count("cifar10-resnet18-groups")).toBe(11_164_352);
  expect(count("fashion-densenet")).toBe(28_036);
});

test("a recipe of one's own, by path, with defaults filled in", () => {
  const path = join(temporaryFolder(), "mine.json");
  const entry = { kind: "linBreg", tau: 1 };
  const given = {
    name: "mine",
    data: { name: "fashion-mnist" },
    model: { kind: "mlp", features: [784, 10] },
    optimizer: { weights: entry, biases: entry },
    epochs: 2,
  };
  writeFileSync(path, JSON.stringify({ $schema: "./recipe.schema.json", ...given }));
  const full = {
    ...entry,
    delta: 1,
    momentum: 0,
    nesterov: false,
    weightDecay: 0,
    regularizer: { kind: "none" },
  };
  expect(loadRecipe(path)).toEqual({
    ...given,
    description: "",
    data: { name: "fashion-mnist", validation: 0, splitSeed: 42, normalize: true },
    model: { kind: "mlp", features: [784, 10], finalRelu: false },
    loss: "crossEntropy",
    init: {
      weights: {
        density: 1,
        mask: "entry",
        count: "bernoulli",
        varianceFactor: 1,
        distribution: "normal",
      },
      biases: { scale: 1, signed: false },
    },
    optimizer: { weights: full, biases: full },
    schedule: { kind: "constant" },
    batchSize: 128,
    seed: 0,
  });
});

/** Weights of the ConvNet's layers. */
const WEIGHTS = { conv2d1: 1600, conv2d2: 102_400, linear1: 131_072, linear2: 1280 };

/** The mean of densities over layers of these sizes. */
function mean(
  densities: Readonly<Record<string, number>>,
  sizes: Readonly<Record<string, number>>,
): number {
  const entries = Object.entries(sizes);
  const sum = entries.reduce((total, [layer, size]) => total + size * densities[layer]!, 0);
  return sum / entries.reduce((total, [, size]) => total + size, 0);
}

test.each([
  ["fashion-convnet-l1-linbreg", "l1", "linBreg", 0, undefined, 0.019],
  ["fashion-convnet-l1-momentum", "l1", "linBreg", 0.9, undefined, 0.027],
  ["fashion-convnet-l1-adabreg", "l1", "adaBreg", undefined, 0.1, 0.023],
  [
    "fashion-convnet-groups-linbreg",
    "groupLasso",
    "linBreg",
    0,
    0.5,
    { weights: 0.038, convs: 0.042 },
  ],
  [
    "fashion-convnet-groups-momentum",
    "groupLasso",
    "linBreg",
    0.9,
    0.5,
    { weights: 0.035, convs: 0.047 },
  ],
  [
    "fashion-convnet-groups-adabreg",
    "groupLasso",
    "adaBreg",
    undefined,
    0.5,
    { weights: 0.035, convs: 0.028 },
  ],
] as const)(
  "%s has the data, the net and the start of the recorded run, and the paper's density at most",
  (name, convs, kind, momentum, conv1, paper) => {
    const recorded = loadRecipe("fashion-convnet-groups-linbreg-recorded");
    const { data, model, loss, batchSize, init, optimizer, targetDensity } = loadRecipe(name);
    expect({ data, model, loss, batchSize }).toEqual({
      data: recorded.data,
      model: recorded.model,
      loss: recorded.loss,
      batchSize: recorded.batchSize,
    });
    // Those that begin with more of conv1: a kernel there that is zero leaves a constant channel.
    const first = conv1 === undefined ? undefined : { conv2d1: { density: conv1 } };
    expect({ ...init, convs: undefined }).toEqual({
      ...recorded.init,
      convs: undefined,
      layers: first,
    });
    expect(init.convs).toMatchObject({
      density: 0.01,
      mask: convs === "l1" ? "entry" : "kernel",
      varianceFactor: 1,
    });
    expect(optimizer.convs).toMatchObject({ kind, regularizer: { kind: convs } });
    expect(optimizer.weights).toMatchObject({ kind, regularizer: { kind: "l1" } });
    for (const entry of [optimizer.weights, optimizer.convs!, optimizer.biases]) {
      expect("momentum" in entry ? entry.momentum : undefined).toBe(momentum);
    }
    const { layers, ...roles } =
      typeof targetDensity === "object" ? targetDensity.targets : { net: targetDensity! };
    // Of a target for each layer: the part of all weights, and of all kernels.
    const asked = {
      ...(layers?.linear1 === undefined ? {} : { net: mean(layers, WEIGHTS) }),
      ...(layers === undefined ? {} : { convs: mean(layers, { conv2d1: 64, conv2d2: 4096 }) }),
      ...roles,
    };
    for (const [part, most] of Object.entries(typeof paper === "object" ? paper : { net: paper })) {
      expect(asked).toMatchObject({ [part]: expect.any(Number) });
      expect(asked[part as keyof typeof asked]).toBeLessThan(most);
    }
  },
);

test.each(recipeNames())(
  "%s says how many weights a row has at least: its start is not that of a default",
  (name) => {
    const { init } = loadRecipe(name);
    for (const entry of [init.weights, init.convs]) {
      if (!entry || entry.density === 1 || entry.mask === "row") continue;
      expect(entry.atLeast).toBeDefined();
    }
  },
);

test.each(["cifar10-resnet18", "cifar10-resnet18-groups"])(
  "%s: every filter starts with a weight",
  (name) => {
    const recipe = loadRecipe(name);
    const drawn = initialParameters(
      buildModel(recipe.model),
      stream(recipe.seed, "init"),
      fitOptionsOf(recipe).init,
    );
    let [convs, nonZeros] = [0, 0];
    for (const [key, theta] of drawn) {
      if (!key.endsWith("conv.weight")) continue;
      const filters = filtersOf(key);
      const width = theta.length / filters;
      for (let r = 0; r < filters; r++) {
        expect(theta.subarray(r * width, (r + 1) * width).some((w) => w !== 0)).toBe(true);
      }
      convs += theta.length;
      nonZeros += theta.reduce((sum, w) => sum + Number(w !== 0), 0);
    }
    expect(convs).toBe(11_159_232);
    expect(nonZeros / convs).toBeLessThan(0.0115);
  },
);

/** Output channels of a convolution of ResNet-18, by its name. */
function filtersOf(key: string): number {
  return 64 * 2 ** (Number(/^stage(\d)/.exec(key)?.[1] ?? 1) - 1);
}

test("the JSON schema knows every key and lets defaults be left out", () => {
  const schema = recipeJsonSchema() as {
    properties: object;
    required: string[];
    additionalProperties: boolean;
  };
  expect(schema.required.sort()).toEqual(["data", "epochs", "model", "name", "optimizer"]);
  const keys = Object.keys(loadRecipe("mnist-quick")).concat(
    "$schema",
    "freeze",
    "targetDensity",
    "clip",
    "sampleDual",
    "precision",
    "labelSmoothing",
    "classWeights",
    "average",
    "freshStatistics",
    "keep",
    "stop",
    "microBatches",
    "recompute",
    "shuffle",
    "start",
  );
  expect(Object.keys(schema.properties).sort()).toEqual(keys.sort());
  expect(schema.additionalProperties).toBe(false);
});
