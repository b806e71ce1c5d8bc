/** State dicts of PyTorch: what they compute here, and what is refused. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import { readSafetensors } from "#bregman/export/safetensors.js";
import { encodeSafetensors, type Tensor } from "#bregman/export/safetensors-format.js";
import { loadStateDict } from "#bregman/export/state-dict/state-dict-file.js";
import { decodeStateDict, type StateDictOptions } from "#bregman/export/state-dict/state-dict.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential, type Model } from "#bregman/nn/model.js";
import type { StartOptions } from "#bregman/engine/given-start.js";
import { predict } from "#bregman/predict/predict.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { fitOptionsOf } from "#bregman/runs/recipe-options.js";
import { stream } from "#bregman/random.js";
import { size } from "#bregman/shape-size.js";

const FOLDER = fileURLToPath(new URL("../fixtures/torch", import.meta.url));
const MLP = mlp([8, 8, 8, 8, 8, 8, 8, 3]);
const RESNET = resNet18({ input: [3, 16, 16], widths: [4, 8, 12, 16], classes: 5 });
const file = (name: string) => join(FOLDER, `${name}.safetensors`);

/** Largest difference from PyTorch's outputs. */
async function error(name: string, model: Model, of = name): Promise<number> {
  const { network } = loadStateDict(file(name), model);
  const { tensors } = readSafetensors(file(`${of}-outputs`));
  const outputs = tensors.get("outputs")!.data as Float32Array;
  const found = await predict(network, tensors.get("inputs")!.data as Float32Array);
  expect(found).toHaveLength(outputs.length);
  return outputs.reduce((worst, y, k) => Math.max(worst, Math.abs(y - found[k])), 0);
}

describe("computes what PyTorch does", () => {
  test("an nn.Sequential", async () => expect(await error("mlp", MLP)).toBeLessThan(1e-5));
  test("ResNet-18 with batch norm", async () =>
    expect(await error("resnet18", RESNET)).toBeLessThan(1e-5));
  test.each([
    ["mlp-bf16", 2 ** -7],
    ["mlp-f16", 2 ** -10],
  ])("%s, to what its numbers hold", async (name, tolerance) => {
    const worst = await error(name, MLP, "mlp");
    expect(worst).toBeLessThan(tolerance);
    expect(worst).toBeGreaterThan(0);
  });
});

test("numbers of 16 bits are the nearest ones", () => {
  const whole = loadStateDict(file("mlp"), MLP).network.parameters;
  for (const [name, bits] of [
    ["mlp-bf16", 8],
    ["mlp-f16", 11],
  ] as const) {
    for (const [key, { data }] of loadStateDict(file(name), MLP).network.parameters) {
      const expected = whole.get(key)!.data;
      data.forEach((value, k) => {
        const w = expected[k];
        const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(w))), -14) + 1 - bits);
        expect(Math.abs(value - w)).toBeLessThanOrEqual(step / 2);
        expect(value / step).toBe(Math.round(value / step));
      });
    }
  }
});

test("says where each tensor went, but for the counts of batch norm", () => {
  const { placed } = loadStateDict(file("resnet18"), RESNET);
  const { tensors } = readSafetensors(file("resnet18"));
  const counts = [...tensors.keys()].filter((name) => name.endsWith("num_batches_tracked"));
  expect(counts).toHaveLength(20);
  expect(placed.map(({ theirs }) => theirs).sort()).toEqual(
    [...tensors.keys()].filter((name) => !counts.includes(name)).sort(),
  );
  const oursOf = (theirs: string) => placed.find((one) => one.theirs === theirs)!.ours;
  expect(oursOf("bn1.running_var")).toBe("stem.norm.running");
  expect(oursOf("layer3.0.bn2.weight")).toBe("stage3.block1.2.norm.weight");
  expect(oursOf("layer3.0.downsample.1.bias")).toBe("stage3.block1.shortcut.norm.bias");
  expect(oursOf("layer1.1.conv2.weight")).toBe("stage1.block2.2.conv.weight");
});

const random = stream(4, "state dict");
const tensor = (...shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: size(shape) }, () => random.normal()),
});

describe("where names differ", () => {
  const model = mlp([4, 4, 4, 2]);
  const dict = {
    "a.weight": tensor(4, 4),
    "a.bias": tensor(4),
    "b.weight": tensor(4, 4),
    "b.bias": tensor(4),
    "head.weight": tensor(2, 4),
    "head.bias": tensor(2),
  };
  const decode = (tensors: Record<string, Tensor>, options?: StateDictOptions, on = model) =>
    decodeStateDict(encodeSafetensors(tensors), on, options);
  const oursOf = ({ placed }: ReturnType<typeof decode>) =>
    Object.fromEntries(placed.map(({ ours, theirs }) => [theirs, ours]));

  test("the order of what is alike is that of the names", () =>
    expect(oursOf(decode(dict))).toMatchObject({
      "a.weight": "linear1.weight",
      "b.bias": "linear2.bias",
      "head.weight": "linear3.weight",
    }));
  test("a name that is the same goes before the order", () => {
    const named = sequential([4], [linear(4, { name: "b" }), linear(4), linear(2)]);
    expect(oursOf(decode(dict, {}, named))).toMatchObject({
      "b.weight": "b.weight",
      "a.weight": "linear2.weight",
    });
  });
  test("map goes before both, for layers and for single tensors", () => {
    expect(oursOf(decode(dict, { map: { linear1: "b" } }))).toMatchObject({
      "b.weight": "linear1.weight",
      "b.bias": "linear1.bias",
      "a.weight": "linear2.weight",
    });
    const { "head.weight": kernel, ...others } = dict;
    const placed = oursOf(decode({ ...others, kernel }, { map: { "linear3.weight": "kernel" } }));
    expect(placed).toMatchObject({ kernel: "linear3.weight", "head.bias": "linear3.bias" });
  });
  test("a batch norm follows the convolution that it is behind, or in front of", () => {
    const norm = () => ({ weight: tensor(3), bias: tensor(3) });
    const stats = () => ({ running_mean: tensor(3), running_var: tensor(3) });
    const module = (name: string, parts: Record<string, Tensor>) =>
      Object.fromEntries(Object.entries(parts).map(([key, value]) => [`${name}.${key}`, value]));
    const tensors = {
      "block.conv1.weight": tensor(3, 3, 1, 1),
      "block.conv2.weight": tensor(3, 3, 3, 3),
      ...module("block.norm1", { ...norm(), ...stats() }),
      ...module("block.norm2", { ...norm(), ...stats() }),
      ...module("fc", { weight: tensor(2, 12), bias: tensor(2) }),
    };
    const options = { kernel: 3, padding: 1, bias: false, name: "second" };
    const first = { kernel: 1, bias: false, name: "first" };
    const tail = [relu(), flatten(), linear(2)];
    for (const layers of [
      [conv2d(3, options), batchNorm2d(), relu(), conv2d(3, first), batchNorm2d()],
      [batchNorm2d(), relu(), conv2d(3, options), batchNorm2d(), relu(), conv2d(3, first)],
    ]) {
      const on = sequential([3, 2, 2], [...layers, ...tail]);
      expect(oursOf(decode(tensors, {}, on))).toMatchObject({
        "block.norm2.weight": "batchNorm2d1.weight",
        "block.norm1.running_mean": "batchNorm2d2.running",
      });
    }
  });
  test("a fresh layer needs nothing, and what is there for it is left out", () => {
    const other = { ...dict, "head.weight": tensor(7, 4), "head.bias": tensor(7) };
    const { placed, network } = decode(other, { fresh: ["linear3"] });
    expect(placed.filter(({ ours }) => ours === undefined)).toEqual([
      { theirs: "head.weight", shape: [7, 4] },
      { theirs: "head.bias", shape: [7] },
    ]);
    expect([...network.parameters.keys()]).toHaveLength(4);
  });

  const head = "state dict: its tensors are not those of the model: ";
  const { "b.bias": _, ...noBias } = dict;
  test.each<[string, Record<string, Tensor>, string]>([
    [
      "other classes",
      { ...dict, "head.weight": tensor(7, 4), "head.bias": tensor(7) },
      `${head}no such for "linear3" needs weight [2, 4], bias [2]; left over: ` +
        'head.weight [7, 4], head.bias [7] (fresh: ["linear3"] draws this layer anew)',
    ],
    [
      "a layer too many",
      { ...dict, "aux.weight": tensor(3, 4), "aux.bias": tensor(3) },
      `${head}every layer has its own; left over: aux.weight [3, 4], aux.bias [3]`,
    ],
    [
      "no bias",
      noBias,
      `${head}no such for "linear2" needs weight [4, 4], bias [4]; left over: b.weight [4, 4]`,
    ],
    [
      "all of it",
      { x: tensor(1) },
      `${head}no such for "linear1" needs weight [4, 4], bias [4]; "linear2" needs weight ` +
        '[4, 4], bias [4]; "linear3" needs weight [2, 4], bias [2]; left over: x [1]',
    ],
    [
      "integers",
      { ...dict, "a.bias": { shape: [4], data: new Int32Array(4) } },
      'state dict: "a.bias" holds integers, expected numbers',
    ],
  ])("%s is refused in one line", (__, tensors, message) => {
    expect(() => decode(tensors)).toThrow(new UnusableFileError(message));
  });
  test.each<[Record<string, string>, string]>([
    [
      { linaer1: "a" },
      'start: map: the model has no layer "linaer1" with parameters (did you mean "linear1"?); ' +
        "there are linear1, linear2, linear3",
    ],
    [{ linear1: "tail" }, 'start: map: the file has no module "tail"; there are a, b, head'],
    [
      { linear1: "head" },
      'start: map: "linear1" needs weight [4, 4], bias [4], of "head" found weight [2, 4], bias [2]',
    ],
    [
      { linear1: "a", linear2: "a" },
      'start: map: "linear2" needs weight [4, 4], bias [4], of "a" found that another layer has it',
    ],
    [
      { "linear1.weight": "head.weight" },
      'start: map: "linear1.weight" needs a tensor of the shape [4, 4], of "head.weight" found [2, 4]',
    ],
  ])("map %j is refused", (map, message) => {
    expect(() => decode(dict, { map })).toThrow(new InputError(message));
  });
});

test("a recipe starts from one, and its notes are a table of what went where", () => {
  const sgd = { kind: "sgd", tau: 0.1 };
  const recipe = checkRecipe({
    name: "start",
    data: { name: "mnist" },
    model: { kind: "mlp", features: [8, 8, 8, 8, 8, 8, 8, 3] },
    optimizer: { weights: sgd, biases: sgd },
    epochs: 1,
    start: { file: file("mlp"), map: { linear1: "10" } },
  });
  const { start } = fitOptionsOf(recipe);
  const { notes } = start as StartOptions;
  expect(notes).toHaveLength(14);
  expect(notes).toContain("start: 10.weight [8, 8]  is linear1.weight");
  expect(notes).toContain("start: 0.bias [8]        is linear2.bias");
});
