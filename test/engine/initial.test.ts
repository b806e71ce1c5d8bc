/**
 * What a run starts from: the entries of linear layers, of convolutions, and of single layers by
 * name.
 */
import { expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { convNet } from "#bregman/models/convnet.js";
import { stream } from "#bregman/random.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { initialParameters, type InitOptions } from "#bregman/engine/initial.js";
import { fitOptionsOf } from "#bregman/runs/recipe-options.js";

const nonZeros = (x: Float32Array): number => x.reduce((sum, w) => sum + Number(w !== 0), 0);

function densities(init: InitOptions): Record<string, number> {
  const drawn = initialParameters(convNet(), stream(1, "init"), init);
  const weights = [...drawn].filter(([name]) => name.endsWith(".weight"));
  return Object.fromEntries(weights.map(([name, theta]) => [name, nonZeros(theta) / theta.length]));
}

const ENTRIES = {
  weights: { density: 0.25, count: "exact" },
  convs: { density: 0.5, count: "exact" },
  layers: { conv2d1: { density: 1 }, linear2: { density: 0.125 } },
} as const;

test("a layer's own entry goes before that of its kind, key by key", () => {
  const expected = {
    "conv2d1.weight": 1,
    "conv2d2.weight": 0.5,
    "linear1.weight": 0.25,
    "linear2.weight": 0.125,
  };
  expect(densities(ENTRIES)).toEqual(expected);
  const { init } = fitOptionsOf(
    checkRecipe({
      name: "test",
      data: { name: "mnist" },
      model: { kind: "convNet" },
      init: ENTRIES,
      optimizer: { weights: { kind: "sgd", tau: 1 }, biases: { kind: "sgd", tau: 1 } },
      epochs: 1,
    }),
  );
  expect(densities(init!)).toEqual(expected);
});

test("what is undefined takes nothing's place", () => {
  const layers = {
    ...ENTRIES.layers,
    conv2d2: { density: undefined, count: undefined, mask: undefined },
  };
  expect(densities({ ...ENTRIES, layers })).toEqual(densities(ENTRIES));
});

test("a layer that is not there, or has no weights, is named with those that are", () => {
  expect(() => densities({ layers: { conv1: { density: 1 } } })).toThrow(
    'init.layers: the model has no layer "conv1" with weights (did you mean "conv2d1"?); layers: conv2d1, conv2d2, linear1, linear2',
  );
  expect(() => densities({ layers: { relu1: {} } })).toThrow(InputError);
});
