/**
 * No function takes a misspelt option in silence: each is called with one, and none that there is
 * is left out of the table.
 */
import { describe, expect, expectTypeOf, test } from "vitest";
import * as bregman from "./support/bregman.js";
import { InputError } from "#bregman/errors.js";
import { knownOptions, type OptionKeys } from "#bregman/known-options.js";

/** The functions as JavaScript sees them. */
const loose = bregman as unknown as Record<string, (...args: unknown[]) => unknown>;
const model = bregman.mlp([2, 2]);
const data = bregman.fromArrays({
  shape: [2],
  train: { inputs: Float32Array.of(0, 1, 1, 0), labels: Uint8Array.of(0, 1) },
});
const good = { optimizer: { weights: bregman.sgd(), biases: bregman.sgd() }, epochs: 1 };
const theta = new Float32Array(4);
const images = new Float32Array(121);

/**
 * Function, arguments before the options, and a key with a slip in it beside what it should have
 * been.
 */
const CALLS: readonly (readonly [
  name: string,
  before: readonly unknown[],
  wrong: string,
  right: string,
])[] = [
  ["linBreg", [], "tua", "tau"],
  ["adaBreg", [], "beta_1", "beta1"],
  ["sgd", [], "momentun", "momentum"],
  ["adam", [], "Tau", "tau"],
  ["proxSgd", [], "regulariser", "regularizer"],
  ["lassoSgd", [], "regulariser", "regularizer"],
  ["magnitudePruning", [], "densty", "density"],
  ["sparseEvolution", [], "shares", "share"],
  ["rigL", [], "untill", "until"],
  ["sparseInit", [theta, [2, 2]], "variancefactor", "varianceFactor"],
  ["biasInit", [theta], "fanin", "fanIn"],
  ["linear", [3], "Bias", "bias"],
  ["conv2d", [3], "paddding", "padding"],
  ["conv1d", [3], "paddding", "padding"],
  ["maxPool1d", [2], "strides", "stride"],
  ["avgPool1d", [2], "strides", "stride"],
  ["batchNorm2d", [], "epsilon", "eps"],
  ["leakyRelu", [], "slop", "slope"],
  ["maxPool2d", [2], "strides", "stride"],
  ["avgPool2d", [2], "strides", "stride"],
  ["globalAvgPool2d", [], "nam", "name"],
  ["channels", [0, 1], "nam", "name"],
  ["dropout", [], "P", "p"],
  ["mlp", [[2, 2]], "finalrelu", "finalRelu"],
  ["convNet", [], "clases", "classes"],
  ["resNet18", [], "width", "widths"],
  ["denseNet", [], "grow", "growth"],
  ["skipAutoencoder", [], "skip", "skips"],
  ["fromArrays", [], "lableNames", "labelNames"],
  ["fromBatches", [], "trainSample", "trainSamples"],
  ["parseIdx", [new Uint8Array(0)], "dimension", "dimensions"],
  ["restorationTask", [data], "nois", "noise"],
  ["augmenter", [], "croop", "crop"],
  ["loadMnist", [], "datadir", "dataDir"],
  ["loadFashionMnist", [], "datadir", "dataDir"],
  ["loadCifar10", [], "datadir", "dataDir"],
  ["loadSpokenDigits", [], "lenght", "length"],
  ["loadDataset", ["mnist"], "datadir", "dataDir"],
  ["loadData", [{ name: "mnist" }], "basedir", "baseDir"],
  ["openData", [{ name: "mnist" }], "memery", "memory"],
  ["dataOf", [bregman.loadRecipe("mnist-quick")], "datadir", "dataDir"],
  ["runRecipe", [bregman.loadRecipe("mnist-quick")], "comand", "command"],
  ["sparsifyRecipe", ["nowhere"], "densty", "density"],
  ["fit", [model, data], "epoch", "epochs"],
  ["predict", [{ model }, theta], "thread", "threads"],
  ["createPredictor", [{ model }], "thread", "threads"],
  ["evaluate", [[], data], "validations", "validation"],
  ["reestimateBatchNorm", [{ model }, data], "batchsize", "batchSize"],
  ["ssimSum", [images, images], "hight", "height"],
  ["encodeModel", [{ model }, {}], "spares", "sparse"],
  ["decodeModel", [new Uint8Array(0)], "wher", "where"],
  ["saveModel", ["there-is-no-such-folder/x", { model }, {}], "spares", "sparse"],
  ["loadModel", ["there-is-no-such-file"], "Model", "model"],
  ["decodeStateDict", [new Uint8Array(0), model], "mapp", "map"],
  ["loadStateDict", ["there-is-no-such-file", model], "frehs", "fresh"],
  ["encodeOnnx", [{ model }], "spares", "sparse"],
  ["decodeOnnx", [new Uint8Array(0)], "wher", "where"],
  ["saveOnnx", ["there-is-no-such-folder/x", { model }], "spares", "sparse"],
  ["encodeC", [{ model }], "nane", "name"],
  ["saveC", ["there-is-no-such-folder/x", { model }], "valeus", "values"],
  ["latentPod", [{ model }], "tolerence", "tolerance"],
  ["prune", [{ model }], "densty", "density"],
  ["mlflow", ["http://127.0.0.1:1"], "nam", "name"],
  ["tensorBoard", ["there-is-no-such-folder"], "resum", "resume"],
];

/** Functions whose arguments are no options. */
const WITHOUT = [
  ["scaled", "sum", "onRows", "layerDensities"],
  ["BregmanError", "DivergedError", "InputError", "InternalError", "UnusableFileError"],
  ["stream", "restore"],
  ["graph", "sequential", "modelFromJson", "modelToJson", "networkSize", "simplify", "loadOnnx"],
  ["topClasses"],
  ["decodeSafetensors", "encodeSafetensors", "readSafetensors", "writeSafetensors"],
  ["gridJsonSchema"],
  ["fitOptionsOf", "loadRecipe", "openRun", "parseRecipe", "recipeJsonSchema", "recipeNames"],
].flat();

/** Layers that need no arguments; they all have a name. */
const plainLayers = Object.keys(bregman).filter(
  (name) => "rule" in loose[name] && loose[name].length === 0 && !CALLS.some(([of]) => of === name),
);

/**
 * Functions that recipes know say themselves what their options are; without any, or with lambda
 * alone, they have none.
 */
const entryOf = (name: string) => (loose[name] as unknown as { entry?: { keys: object } }).entry;
const listed = new Set([...CALLS.map(([name]) => name), ...plainLayers, ...WITHOUT]);
const said = Object.keys(bregman).filter(
  (name) => typeof loose[name] === "function" && entryOf(name) && !listed.has(name),
);

test("every function that is exported stands in one of the lists", () => {
  const functions = Object.keys(bregman).filter((name) => typeof loose[name] === "function");
  expect([...listed, ...said].sort()).toEqual(functions.sort());
});

/** What it throws, at once or as a promise. */
async function thrown(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a misspelt option is an error with the nearest name", () => {
  const layerCalls = plainLayers.map((name) => [name, [], "nam", "name"] as const);
  test.each([...CALLS, ...layerCalls])("%s", async (name, before, wrong, right) => {
    const error = await thrown(() => loose[name](...before, { [wrong]: 1 }));
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(
      new RegExp(`unknown option "${wrong}" \\(did you mean "${right}"\\?\\)`),
    );
    expect((error as Error).message.split("\n")).toHaveLength(1);
  });

  test.each(said)("%s, which recipes know", (name) => {
    const [key] = Object.keys(entryOf(name)!.keys);
    if (key === undefined) return;
    // l1(lambda) and its like take a number, and no options.
    const fault = /^\w+: lambda must be a finite number|unknown option "\w+x" \(did you mean/;
    expect(() => loose[name]({ [`${key}x`]: 1 })).toThrow(fault);
  });

  test.each([
    ["fit: optimizer", { optimizer: { ...good.optimizer, conv: bregman.sgd() } }, "conv", "convs"],
    ["init", { init: { weight: {} } }, "weight", "weights"],
    ["init.weights", { init: { weights: { densty: 0.1 } } }, "densty", "density"],
    ["init.convs", { init: { convs: { atleast: 1 } } }, "atleast", "atLeast"],
    ['init.layers["linear1"]', { init: { layers: { linear1: { fann: "in" } } } }, "fann", "fan"],
    ["init.biases", { init: { biases: { sign: true } } }, "sign", "signed"],
    ["freeze", { freeze: { coarse: 1, birth: 0.1 } }, "birth", "births"],
    ["targetDensity", { targetDensity: { target: { net: 0.1 } } }, "target", "targets"],
    ["targetDensity: targets", { targetDensity: { targets: { conv: 0.1 } } }, "conv", "convs"],
    ["clip", { clip: { nrm: 1 } }, "nrm", "norm"],
    ["average", { average: { decay: 0.9, dekay: 0.9 } }, "dekay", "decay"],
    ["fit: checkpoint", { checkpoint: { folder: "x", resum: true } }, "resum", "resume"],
  ])("%s, within fit's", async (place, options, wrong, right) => {
    const error = await thrown(() => loose.fit(model, data, { ...good, threads: 1, ...options }));
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(
      `${place}: unknown option "${wrong}" (did you mean "${right}"?); options: `,
    );
  });

  test("augment, within fit's, and blur, within restorationTask's", async () => {
    const pixels = new Uint8Array(2 * 16);
    const tiny = bregman.fromArrays({
      shape: [1, 4, 4],
      train: { inputs: pixels, labels: Uint8Array.of(0, 1) },
    });
    const net = bregman.sequential([1, 4, 4], [bregman.flatten(), bregman.linear(2)]);
    const error = await thrown(() =>
      loose.fit(net, tiny, { ...good, threads: 1, augment: { filp: true } }),
    );
    expect((error as Error).message).toContain(
      'augment: unknown option "filp" (did you mean "flip"?)',
    );
    expect(() => loose.restorationTask(tiny, { blur: { size: 3, sigm: 1 } })).toThrow(
      '(did you mean "sigma"?)',
    );
  });

  test.each([
    [{ name: "mnist", nam: "x" }, "nam", "name"],
    [{ kind: "idx", trainImage: "x" }, "trainImage", "trainImages"],
    [{ kind: "npy", chanels: "last" }, "chanels", "channels"],
    [{ kind: "csv", delimeter: ";" }, "delimeter", "delimiter"],
    [{ kind: "imageFolder", trian: "x" }, "trian", "train"],
  ])("%j, a source of loadData", (source, wrong, right) => {
    expect(() => loose.loadData(source)).toThrow(InputError);
    expect(() => loose.loadData(source)).toThrow(
      `loadData: unknown option "${wrong}" (did you mean "${right}"?)`,
    );
  });

  test("an unknown kind of source", () => {
    expect(() => loose.loadData({ kind: "cvs" })).toThrow(
      new InputError(
        'loadData: kind must be one of named, idx, npy, npz, csv, parquet, imageFolder, soundFolder, found "cvs" (did you mean "csv"?)',
      ),
    );
  });

  test("samples of fromArrays", () => {
    const train = { inputs: theta, labels: Uint8Array.of(0, 1), target: theta };
    expect(() => loose.fromArrays({ shape: [2], train })).toThrow(
      new InputError(
        'fromArrays: train: unknown option "target" (did you mean "targets"?); options: inputs, labels, targets, count',
      ),
    );
    // Those of a data set have their count beside them.
    expect(bregman.fromArrays({ shape: [2], train: data.train, test: data.train }).test.count).toBe(
      2,
    );
  });
});

describe("knownOptions", () => {
  const keys = { tau: 1, momentum: 1 } as const;
  const check = (options: unknown) =>
    knownOptions("sgd", options as { tau?: number; momentum?: number }, keys);

  test("gives the options back; an undefined value counts as absent", () => {
    const options = { tau: 1, other: undefined };
    expect(check(options)).toBe(options);
  });

  test("a name without a near one has no suggestion, and names of Object.prototype are no options", () => {
    expect(() => check({ learningRate: 1 })).toThrow(
      new InputError('sgd: unknown option "learningRate"; options: tau, momentum'),
    );
    expect(() => check({ toString: 1 })).toThrow('unknown option "toString"');
  });

  test.each([
    [0.1, "a number"],
    ["tau", "a string"],
    [() => {}, "a function"],
    [[0.1], "a list"],
    [null, "null"],
    [undefined, "undefined"],
  ])("%s is no object of options", (options, found) => {
    expect(() => check(options)).toThrow(
      new InputError(`sgd: expected an object of options (tau, momentum), found ${found}`),
    );
  });

  test("the compiler wants every key of a union, and no other", () => {
    expectTypeOf<OptionKeys<{ a: 1; b?: 2 } | { a: 1; c: 3 }>>().toEqualTypeOf<{
      readonly a: 1;
      readonly b: 1;
      readonly c: 1;
    }>();
  });
});
