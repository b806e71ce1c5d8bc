import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { regularizerEntries, scheduleEntries } from "#bregman/recipes/entries.js";
import { checkRecipe, loadRecipe, parseRecipe, recipeNames } from "#bregman/recipes/load.js";
import { temporaryFolder } from "../data/idx-files.js";

const good = { ...loadRecipe("mnist-quick"), epochs: 10 };

/** The good recipe with the value at a path of keys replaced; undefined takes it away. */
function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(good));
  const keys = path.split(".");
  const last = keys.pop()!;
  const parent = keys.reduce((object, key) => object[key], copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

/** As a message lists them. */
const kindsOf = (entries: readonly { readonly kind: string }[]): string =>
  entries.map(({ kind }) => kind).join(", ");

const linBreg = { kind: "linBreg", tau: 0.1 };

describe("each kind of fault: its path, what was expected, what was found", () => {
  test.each<[string, unknown, string]>([
    // Unknown keys and names.
    [
      "epoch",
      3,
      'epoch: unknown key (did you mean "epochs"?); allowed: name, description, data, model, loss, labelSmoothing, classWeights, init, start, optimizer, schedule, freeze, targetDensity, clip, sampleDual, precision, average, freshStatistics, keep, stop, batchSize, shuffle, microBatches, recompute, epochs, seed',
    ],
    [
      "optimizer.weights.tua",
      1,
      'optimizer.weights.tua: unknown key (did you mean "tau"?); allowed: kind, tau, delta, momentum, nesterov, weightDecay, regularizer',
    ],
    [
      "optimizer.weights.regularizer.groups",
      "rows",
      "optimizer.weights.regularizer.groups: unknown key; allowed: kind, lambda",
    ],
    [
      "data.name",
      "mnsit",
      'data.name: expected one of mnist, fashion-mnist, cifar10, spoken-digits, found "mnsit" (did you mean "mnist"?)',
    ],
    [
      "model.kind",
      "cnn",
      'model.kind: expected one of mlp, convNet, resNet18, denseNet, skipAutoencoder, layers, onnx, graph, found "cnn"',
    ],
    ["keep", "first", 'keep: expected one of last, best, found "first"'],
    ["precision", "f16", 'precision: expected one of float32, bf16, found "f16"'],
    ["stop", { patience: 0 }, "stop.patience: expected a value more than 0, found 0"],
    [
      "loss",
      "crossentropy",
      'loss: expected one of crossEntropy, meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, found "crossentropy" (did you mean "crossEntropy"?)',
    ],
    [
      "optimizer.weights.kind",
      "linBregg",
      'optimizer.weights.kind: expected one of linBreg, adaBreg, sgd, adam, proxSgd, lassoSgd, magnitudePruning, sparseEvolution, rigL, found "linBregg" (did you mean "linBreg"?)',
    ],
    [
      "optimizer.weights.regularizer.kind",
      "L1",
      `optimizer.weights.regularizer.kind: expected one of ${kindsOf(regularizerEntries)}, found "L1" (did you mean "l1"?)`,
    ],
    ["schedule.kind", 7, `schedule.kind: expected one of ${kindsOf(scheduleEntries)}, found 7`],
    // Wrong types and missing keys.
    ["data", [], "data: expected an object, found []"],
    ["epochs", "ten", 'epochs: expected a number, found "ten"'],
    ["epochs", 2.5, "epochs: expected an integer, found 2.5"],
    ["epochs", undefined, "epochs: missing; expected a number"],
    ["epochs", null, "epochs: expected a number, found null"],
    ["optimizer.biases", undefined, "optimizer.biases: missing; expected an object"],
    [
      "optimizer.weights",
      {},
      "optimizer.weights.kind: missing; expected one of linBreg, adaBreg, sgd, adam, proxSgd, lassoSgd, magnitudePruning, sparseEvolution, rigL",
    ],
    [
      "optimizer.weights.regularizer",
      { kind: "l1" },
      "optimizer.weights.regularizer.lambda: missing; expected a number",
    ],
    ["data.normalize", 1, "data.normalize: expected a boolean, found 1"],
    ["model.features", 784, "model.features: expected an array, found 784"],
    ["model.features", [784, "10"], 'model.features[1]: expected a number, found "10"'],
    // Impossible values.
    [
      "name",
      "../up",
      'name: expected letters, digits, dots, dashes and underscores, found "../up"',
    ],
    ["model.features", [784], "model.features: expected at least 2 elements, found [784]"],
    ["model.features", [784, 0], "model.features[1]: expected a value more than 0, found 0"],
    ["init.weights.density", 0, "init.weights.density: expected a value more than 0, found 0"],
    ["init.weights.density", 2, "init.weights.density: expected a value at most 1, found 2"],
    ["init.convs", { atLeast: 0.5 }, "init.convs.atLeast: expected an integer, found 0.5"],
    [
      "init.layers",
      { linear1: { densty: 1 } },
      'init.layers.linear1.densty: unknown key (did you mean "density"?); allowed: density, mask, count, atLeast, varianceFactor, distribution',
    ],
    [
      "init.layers",
      { linear1: { density: 0 } },
      "init.layers.linear1.density: expected a value more than 0, found 0",
    ],
    [
      "init.weights",
      { mask: "row", atLeast: 1 },
      "init.weights.atLeast: expected 0 where the mask keeps whole rows, found 1",
    ],
    ["freeze", { after: 2 }, "freeze.coarse: missing; expected a number"],
    [
      "freeze",
      { coarse: 2, bursts: 1 },
      'freeze.bursts: unknown key (did you mean "births"?); allowed: coarse, after, births, lambda',
    ],
    [
      "freeze",
      "9",
      'freeze: expected a number of frozen steps, or an object with coarse, found "9"',
    ],
    ["freeze", -1, "freeze: expected a value at least 0, found -1"],
    [
      "targetDensity",
      "10 %",
      'targetDensity: expected a density, or an object with targets, found "10 %"',
    ],
    [
      "targetDensity",
      { targets: { net: 2 } },
      "targetDensity.targets.net: expected a value at most 1, found 2",
    ],
    ["init.biases.scale", 0, "init.biases.scale: expected a value more than 0, found 0"],
    [
      "targetDensity",
      { targets: {} },
      "targetDensity.targets: expected one of the net, or of weights, convs and layers, found none",
    ],
    [
      "targetDensity",
      { targets: { net: 0.1, layers: { linear1: 0.2 } } },
      "targetDensity.targets: expected one of the net, or of weights, convs and layers, found net, linear1",
    ],
    [
      "init.weights.varianceFactor",
      -1,
      "init.weights.varianceFactor: expected a value more than 0, found -1",
    ],
    [
      "optimizer.weights.tau",
      -0.1,
      "optimizer.weights.tau: expected a value more than 0, found -0.1",
    ],
    ["optimizer.weights.tau", 0, "optimizer.weights.tau: expected a value more than 0, found 0"],
    [
      "optimizer.weights.delta",
      0,
      "optimizer.weights.delta: expected a value more than 0, found 0",
    ],
    [
      "optimizer.weights.nesterov",
      true,
      "optimizer.weights.momentum: expected a value more than 0 for nesterov, found 0",
    ],
    [
      "optimizer.weights.momentum",
      1,
      "optimizer.weights.momentum: expected a value less than 1, found 1",
    ],
    [
      "optimizer.weights.regularizer.lambda",
      -1,
      "optimizer.weights.regularizer.lambda: expected a value at least 0, found -1",
    ],
    ["clip", {}, "clip: expected either norm or value, found neither"],
    ["clip", { norm: 1, value: 1 }, "clip: expected either norm or value, found both"],
    ["clip", { norm: 0 }, "clip.norm: expected a value more than 0, found 0"],
    ["clip", { norm: 1, length: 1 }, "clip.length: unknown key; allowed: norm, value"],
    ["clip", 1, "clip: expected an object, found 1"],
    ["average", { decay: 1 }, "average.decay: expected a value less than 1, found 1"],
    ["average", {}, "average.decay: missing; expected a number"],
    ["microBatches", 0, "microBatches: expected a value more than 0, found 0"],
    ["microBatches", 129, "microBatches: expected at most batchSize (128), found 129"],
    ["epochs", 0, "epochs: expected a value more than 0, found 0"],
    ["batchSize", 0, "batchSize: expected a value more than 0, found 0"],
    ["seed", -1, "seed: expected a value at least 0, found -1"],
    ["data.validation", -1, "data.validation: expected a value at least 0, found -1"],
    [
      "data.validation",
      1.5,
      "data.validation: expected a whole number of samples, or a share between 0 and 1, found 1.5",
    ],
    ["data.limit", 0, "data.limit: expected a value more than 0, found 0"],
    [
      "schedule",
      { kind: "plateau", factor: 1 },
      "schedule.factor: expected a value less than 1, found 1",
    ],
    [
      "schedule",
      { kind: "step", every: 0 },
      "schedule.every: expected a value more than 0, found 0",
    ],
    // Values that don't go together.
    [
      "schedule",
      { kind: "cosine", warmupEpochs: 10 },
      "schedule: cosine: warmupEpochs must be less than epochs (10), found 10",
    ],
    [
      "optimizer.biases",
      {
        kind: "linBreg",
        tau: 1,
        regularizer: { kind: "groupLasso", lambda: 1, groups: "columns" },
      },
      'optimizer.biases.regularizer.groups: expected "rows": a bias has no columns, found "columns"',
    ],
    [
      "optimizer.skips",
      {
        kind: "linBreg",
        tau: 1,
        regularizer: { kind: "groupLasso", lambda: 1, groups: "kernels" },
      },
      'optimizer.skips.regularizer.groups: expected "rows": scalars have no kernels, found "kernels"',
    ],
    [
      "loss",
      "meanSquaredError",
      "data.restore: missing; expected it, or targets, which the loss meanSquaredError needs",
    ],
    [
      "data",
      { name: "mnist", restore: {} },
      'loss: expected "meanSquaredError", as data.restore asks for, found "crossEntropy"',
    ],
    [
      "optimizer.weights",
      { kind: "lassoSgd", tau: 1, regularizer: { kind: "nonNegativeL1", lambda: 1 } },
      'optimizer.weights.regularizer.kind: expected a regularizer that is finite everywhere, found "nonNegativeL1"',
    ],
    [
      "optimizer.weights.regularizer",
      { kind: "box", lower: 1, upper: 0 },
      "optimizer.weights.regularizer: box: lower must be at most upper, found 1 and 0",
    ],
    [
      "optimizer.weights.regularizer",
      { kind: "box", least: 0 },
      "optimizer.weights.regularizer.least: unknown key; allowed: kind, lower, upper",
    ],
    [
      "optimizer.weights.regularizer",
      { kind: "elasticNet", lambda: 1 },
      "optimizer.weights.regularizer.mu: missing; expected a number",
    ],
    [
      "optimizer.biases",
      { kind: "rigL", tau: 0.1 },
      'optimizer.biases.kind: expected an optimizer without a mask: only weights and convs have one, found "rigL"',
    ],
    [
      "optimizer.biases",
      { kind: "lassoSgd", tau: 0.1, density: 0.5 },
      "optimizer.biases.density: expected an optimizer without a mask: only weights and convs have one, found 0.5",
    ],
    [
      "optimizer.weights",
      { kind: "magnitudePruning", tau: 0.1, density: 0.1, start: 0.5, end: 0.25 },
      "optimizer.weights.end: expected at least start (0.5), found 0.25",
    ],
    [
      "optimizer.weights",
      { kind: "rigL", tau: 0.1, inner: "adam", momentum: 0.9 },
      'optimizer.weights.momentum: expected 0 with inner "adam", found 0.9',
    ],
    [
      "optimizer.weights",
      { kind: "rigL", tau: 0.1, share: 1.5 },
      "optimizer.weights.share: expected a value at most 1, found 1.5",
    ],
    [
      "init.weights.spread",
      "erk",
      'init.weights.spread: expected one of uniform, erdosRenyi, erdosRenyiKernel, found "erk"',
    ],
  ])("%s = %o", (path, value, line) => {
    const check = () => checkRecipe(changed(path, value), "mine");
    expect(check).toThrow(InputError);
    try {
      check();
    } catch (error) {
      const [head, ...lines] = (error as Error).message.split("\n");
      expect(head).toBe("mine: not a valid recipe: 1 problem");
      expect(lines).toHaveLength(1);
      expect(lines[0].trim().startsWith(line)).toBe(true);
    }
  });

  test("plateau on the validation accuracy needs validation samples", () => {
    const recipe = {
      ...good,
      data: { name: "mnist" },
      schedule: { kind: "plateau", metric: "validAccuracy" },
    };
    expect(() => checkRecipe(recipe)).toThrow(
      'schedule.metric: expected "trainLoss", found "validAccuracy", but data.validation is 0',
    );
  });

  test.each([NaN, Infinity])("numbers JSON does not have: %s", (tau) => {
    expect(() => checkRecipe(changed("optimizer.weights.tau", tau))).toThrow(
      `expected a number, found ${tau}`,
    );
  });

  test.each([[null], ["text"], [[]], [undefined]])("no object at all: %o", (input) => {
    expect(() => checkRecipe(input)).toThrow(/recipe: (missing; )?expected an object/);
  });
});

test("all problems at once, in the order of the text, with line and column", () => {
  const text = `{
  "name": "bad",
  "data": { "name": "mnist", "shuffle": true, "normalise": true },
  "model": { "kind": "mlp", "features": [784, -1] },
  "optimizer": { "weights": ${JSON.stringify(linBreg)} },
  "epoch": 3
}`;
  expect(() => parseRecipe(text, "bad.json")).toThrow(
    [
      "bad.json: not a valid recipe: 6 problems",
      "  1:1 epochs: missing; expected a number",
      "  3:30 data.shuffle: unknown key; allowed: kind, name, rate, length, validation, splitSeed, stratify, normalize, limit, augment, restore",
      '  3:47 data.normalise: unknown key (did you mean "normalize"?); allowed: kind, name, rate, length, validation, splitSeed, stratify, normalize, limit, augment, restore',
      "  4:47 model.features[1]: expected a value more than 0, found -1",
      "  5:3 optimizer.biases: missing; expected an object",
      '  6:3 epoch: unknown key (did you mean "epochs"?); allowed: name, description, data, model, loss, labelSmoothing, classWeights, init, start, optimizer, schedule, freeze, targetDensity, clip, sampleDual, precision, average, freshStatistics, keep, stop, batchSize, shuffle, microBatches, recompute, epochs, seed',
    ].join("\n"),
  );
});

describe("text that is not JSON: line and column", () => {
  test.each([
    ["", "1:1", "value expected"],
    ['{\n  "name": "a"\n  "epochs": 3\n}', "3:3", "comma expected"],
    ['{\n  "epochs": 3,\n}', "3:1", "property name expected"],
    ['{ "epochs": 3', "1:14", "close brace expected"],
    ["{ 'a': 1 }", "1:3", "invalid symbol"],
    ["{}\n}", "2:1", "end of file expected"],
    ['{ "a": 1, "b": { "c": 1, "c": 2 } }', "1:26", 'key "c" is there twice'],
  ])("%j", (text, place, fault) => {
    const parse = () => parseRecipe(text, "mine.json");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`mine.json:${place}: `);
    expect(parse).toThrow(fault);
  });
});

test("a byte order mark in front is no fault, and moves no column", () => {
  expect(() => parseRecipe("\uFEFF{ 'a': 1 }", "mine.json")).toThrow("mine.json:1:3: ");
});

describe("nested too deeply: one line with the place, whatever the depth", () => {
  test.each([101, 20_000, 1_000_000])("%d brackets", (depth) => {
    const fault = new InputError("mine:2:101: nested more than 100 levels deep");
    expect(() => parseRecipe(`\n${"[".repeat(depth)}`, "mine")).toThrow(fault);
    expect(() => parseRecipe(`\n${"[".repeat(depth)}${"]".repeat(depth)}`, "mine")).toThrow(fault);
  });

  test("a hundred are walked through, and brackets within text don't count", () => {
    const nested = `${"[".repeat(100)}${"]".repeat(100)}`;
    expect(() => parseRecipe(nested, "mine")).toThrow("mine: not a valid recipe");
    const name = `"${"[{".repeat(200)}\\"[[\\\\"`;
    expect(() => parseRecipe(`{ "name": ${name} }`, "mine")).toThrow("mine: not a valid recipe");
  });
});

describe("a recipe that is not there", () => {
  test("a name: the nearest, and where all are", () => {
    expect(() => loadRecipe("mnist-quik")).toThrow(InputError);
    expect(() => loadRecipe("mnist-quik")).toThrow(
      'there is no recipe "mnist-quik" (did you mean "mnist-quick"?); ' +
        `\`bregman recipes\` lists all ${recipeNames().length}`,
    );
    expect(() => loadRecipe("zzz")).toThrow(
      'there is no recipe "zzz"; `bregman recipes` lists all',
    );
  });

  test("a path", () => {
    const path = join(temporaryFolder(), "mnist-quik.json");
    expect(() => loadRecipe(path)).toThrow(
      `there is no recipe file ${path} (did you mean "mnist-quick"?); \`bregman recipes\` lists`,
    );
  });

  test("a folder", () => {
    const path = join(temporaryFolder(), "folder.json");
    mkdirSync(path);
    expect(() => loadRecipe(path)).toThrow(`could not read ${path}: it is a folder`);
  });

  test("faults of a file name the file", () => {
    const path = join(temporaryFolder(), "mine.json");
    writeFileSync(path, "{");
    expect(() => loadRecipe(path)).toThrow(`${path}:1:2: not valid JSON`);
  });
});
