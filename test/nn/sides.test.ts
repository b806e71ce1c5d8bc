/** Strides, padding and windows that differ from side to side, and signals of one dimension. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { fromArrays } from "#bregman/data/index.js";
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  globalAvgPool2d,
  maxPool1d,
  maxPool2d,
  modelFromJson,
  modelToJson,
  relu,
  sequential,
} from "#bregman/nn/index.js";
import { parseRecipe } from "#bregman/recipes/load.js";

const shapeOf = (input: readonly number[], ...layers: Parameters<typeof sequential>[1]) =>
  sequential(input, layers).output;

describe("shapes", () => {
  test.each([
    ["one number is for all sides", conv2d(4, { kernel: 3, stride: 2, padding: 1 }), [4, 4, 5]],
    [
      "a number for each axis",
      conv2d(4, { kernel: 3, stride: [1, 3], padding: [0, 2] }),
      [4, 5, 4],
    ],
    ["same", conv2d(4, { kernel: [4, 5], padding: "same" }), [4, 7, 9]],
    ["a window that is as high as the image", maxPool2d([7, 2]), [2, 1, 4]],
    ["a pooling with a border", maxPool2d(3, { stride: 2, padding: 1 }), [2, 4, 5]],
    ["a mean whose window is as wide", avgPool2d([1, 9]), [2, 7, 1]],
  ])("%s", (_what, layer, expected) => {
    expect(shapeOf([2, 7, 9], layer)).toEqual(expected);
  });

  test("a number for each side", () => {
    const sides = [
      [1, 2],
      [0, 1],
    ] as const;
    expect(shapeOf([2, 7, 9], conv2d(1, { kernel: 3, padding: sides }))).toEqual([1, 8, 8]);
  });

  test("a 2 x 2 pooling refuses a signal, a 1 x 2 one halves it", () => {
    expect(() => shapeOf([8, 1, 64], maxPool2d(2))).toThrow(
      "expected an image of at least 2 x 2, found 1 x 64",
    );
    expect(shapeOf([8, 1, 64], maxPool2d([1, 2]))).toEqual([8, 1, 32]);
  });

  test("a signal [channels, length] is an image of height 1", () => {
    const model = sequential(
      [1, 8000],
      [conv1d(16, { kernel: 80, stride: 4 }), relu(), maxPool1d(4), avgPool1d(2, { stride: 3 })],
    );
    expect(model.input).toEqual([1, 1, 8000]);
    expect(model.nodes.map(({ shape }) => shape[2])).toEqual([1981, 1981, 495, 165]);
    expect(model.nodes[0].parameters[0].shape).toEqual([16, 1, 1, 80]);
    const train = { inputs: new Float32Array(6), labels: Uint8Array.of(0, 1) };
    expect(fromArrays({ shape: [1, 3], train }).shape).toEqual([1, 1, 3]);
  });
});

describe("what is no side is an error of one line", () => {
  const any = (value: unknown) => value as never;
  test.each([
    [() => conv2d(1, { kernel: any([3]) }), "conv2d: kernel must be a number or [height, width]"],
    [() => conv2d(1, { kernel: 3, stride: [1, 0] }), "conv2d: stride width must be an integer"],
    [
      () => conv2d(1, { kernel: 3, padding: 3 }),
      "conv2d: padding must be below the window's height (3), found 3",
    ],
    [
      () => conv2d(1, { kernel: [1, 5], padding: 1 }),
      "conv2d: padding must be below the window's height (1), found 1",
    ],
    [
      () => conv2d(1, { kernel: 3, padding: any([1, 1, 1]) }),
      "conv2d: padding must be a number, [vertical, horizontal]",
    ],
    [
      () => conv2d(1, { kernel: 3, padding: -1 }),
      "conv2d: padding must be an integer of at least 0, found -1",
    ],
    [
      () => conv2d(1, { kernel: 3, stride: 2, padding: "same" }),
      'conv2d: padding "same" needs a stride of 1, found 2 x 2',
    ],
    [() => conv1d(1, { kernel: any([1, 3]) }), "conv1d: kernel must be a number, found [1,3]"],
    [
      () => conv1d(1, { kernel: 3, padding: [0, 3] }),
      "conv1d: padding must be below the window's width (3), found 3",
    ],
    [
      () => maxPool1d(2, { padding: 2 }),
      "maxPool1d: padding must be below the window's width (2), found 2",
    ],
    [() => maxPool2d([2, 0]), "maxPool2d: size width must be an integer of at least 1, found 0"],
  ])("%#", (make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});

test("JSON of before, with one number for all sides, is the same model", () => {
  const layers = [
    { kind: "conv2d", out: 4, kernel: [3, 3], stride: 2, padding: 1, bias: true },
    { kind: "maxPool2d", size: 2, stride: 2 },
    { kind: "avgPool2d", stride: 1 },
  ];
  const nodes = layers.map((layer, k) => ({ name: `${layer.kind}1`, inputs: [k - 1], layer }));
  const model = sequential(
    [1, 9, 9],
    [conv2d(4, { kernel: 3, stride: 2, padding: 1 }), maxPool2d(2), globalAvgPool2d()],
  );
  expect(modelToJson(modelFromJson({ input: [1, 9, 9], nodes }))).toEqual(modelToJson(model));
  const json = JSON.stringify(modelToJson(model));
  expect(JSON.stringify(modelToJson(modelFromJson(JSON.parse(json))))).toBe(json);
});

test("recipes say them, too", () => {
  const said = {
    name: "signals",
    data: { name: "mnist" },
    model: {
      kind: "layers",
      input: [1, 784],
      layers: [
        { kind: "conv1d", out: 4, kernel: 9, padding: "same" },
        { kind: "maxPool1d", size: 4 },
        { kind: "conv2d", out: 2, kernel: [1, 3], stride: [1, 2], padding: [0, [2, 1]] },
        { kind: "avgPool1d", size: 2, padding: [0, 1] },
        { kind: "flatten" },
        { kind: "linear", out: 10 },
      ],
    },
    optimizer: { weights: { kind: "sgd", tau: 0.1 }, biases: { kind: "sgd", tau: 0.1 } },
    epochs: 1,
  };
  const recipe = parseRecipe(JSON.stringify(said));
  expect(recipe.model.kind).toBe("layers");
  const wrong = { kind: "conv2d", out: 2, kernel: 3, padding: "some" };
  const layers = [wrong, { kind: "flatten" }, { kind: "linear", out: 10 }];
  expect(() =>
    parseRecipe(JSON.stringify({ ...said, model: { kind: "layers", input: [1, 28, 28], layers } })),
  ).toThrow(/padding: expected one of same, found "some"/);
});
