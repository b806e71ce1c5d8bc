import { describe, expect, expectTypeOf, test } from "vitest";
import { cosine, plateau, stepDecay, type Schedule } from "#bregman/optim/index.js";
import { buildModel, buildOptimizer, buildSchedule } from "#bregman/recipes/build.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { modelToJson } from "#bregman/nn/model-json.js";
import { regularizerEntries, scheduleEntries } from "#bregman/recipes/entries.js";
import type {
  Recipe,
  RecipeInput,
  RegularizerEntry,
  ScheduleEntry,
} from "#bregman/recipes/schema.js";
import type { Groups, Regularizer } from "#bregman/regularizers/index.js";
import { activations } from "../reference/activation.js";
import { prox, SPECS } from "../support/regularizer-table.js";
import { SCHEDULES } from "../support/schedule-table.js";

/** The recipe with these entries. */
function recipeWith(weights: object, schedule: object = { kind: "constant" }): Recipe {
  return checkRecipe({
    name: "test",
    data: { name: "mnist", validation: 1 },
    model: { kind: "mlp", features: [784, 10] },
    optimizer: { weights, biases: { kind: "sgd", tau: 0.1 } },
    schedule,
    epochs: 10,
  });
}

const l1 = { kind: "l1", lambda: 0.5 };
const adamNumbers = { beta1: 0.8, beta2: 0.9, eps: 0.01, biasCorrectFirstMoment: false };

// Every kind of optimizer that a recipe can name; each number differs from its default.
test.each<[object, object]>([
  [
    { kind: "linBreg", tau: 2, delta: 3, momentum: 0.7, regularizer: l1 },
    { tau: 2, delta: 3, move: { kind: "momentum", beta: 0.7 }, follow: "mirror", regularizer: l1 },
  ],
  [
    { kind: "adaBreg", tau: 2, delta: 3, ...adamNumbers, regularizer: l1 },
    { tau: 2, delta: 3, move: { kind: "adam", ...adamNumbers }, follow: "mirror", regularizer: l1 },
  ],
  [
    { kind: "linBreg", tau: 2, momentum: 0.7, nesterov: true, regularizer: l1 },
    { move: { kind: "nesterov", beta: 0.7 }, follow: "mirror", regularizer: l1 },
  ],
  [
    { kind: "sgd", tau: 2, momentum: 0.7, nesterov: true },
    { move: { kind: "nesterov", beta: 0.7 } },
  ],
  [
    { kind: "sgd", tau: 2, momentum: 0.7 },
    { tau: 2, move: { kind: "momentum", beta: 0.7 }, regularizer: { kind: "none" } },
  ],
  [
    { kind: "adam", tau: 2, ...adamNumbers },
    { tau: 2, move: { kind: "adam", ...adamNumbers }, regularizer: { kind: "none" } },
  ],
  [
    { kind: "proxSgd", tau: 2, regularizer: l1 },
    { tau: 2, follow: "proximal", regularizer: l1 },
  ],
  [
    { kind: "lassoSgd", tau: 2, inner: "adam", regularizer: l1 },
    { tau: 2, follow: "penalty", move: { kind: "adam" }, regularizer: l1 },
  ],
  [{ kind: "linBreg", tau: 1 }, { regularizer: { kind: "none", lambda: 0 } }],
])("%o", (entry, expected) => {
  const recipe = recipeWith(entry);
  // What a run folder keeps is the same recipe.
  expect(checkRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
  expect(buildOptimizer(recipeWith(entry).optimizer.weights)).toMatchObject({
    ...expected,
    kind: (entry as { kind: string }).kind,
  });
});

describe("regularizers", () => {
  test("every one that a recipe can name is in the table", () => {
    const kinds = SPECS.flatMap(({ entry }) => (entry ? [entry.kind] : []));
    expect(new Set(kinds)).toEqual(new Set(regularizerEntries.map(({ kind }) => kind)));
  });

  const said = SPECS.flatMap(({ name, make, entry }) =>
    entry ? [[name, make, entry] as const] : [],
  );
  test.each(said)("%s", (_, make, entry) => {
    const recipe = recipeWith({ kind: "linBreg", tau: 1, regularizer: entry });
    expect(checkRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
    const { regularizer } = buildOptimizer(recipe.optimizer.weights);
    // Its numbers, and what it says of itself; and the same prox.
    expect(JSON.stringify(regularizer)).toBe(JSON.stringify(make(1)));
    const shape = [2, 2, 2, 1];
    const x = [-3, -1, 0.2, 0, 5, 1, 2, -2];
    expect(prox(regularizer, x, 0.5, shape)).toEqual(prox(make(1), x, 0.5, shape));
  });

  test("what is left out has the default of the function", () => {
    const build = (regularizer: object): Regularizer =>
      buildOptimizer(recipeWith({ kind: "linBreg", tau: 1, regularizer }).optimizer.weights)
        .regularizer;
    expect(build({ kind: "sparseGroupLasso", lambda: 2 })).toMatchObject({
      lambda0: 0.5,
      groups: "rows",
    });
    expect(build({ kind: "box" })).toMatchObject({ lower: -Infinity, upper: Infinity });
    expect(
      buildOptimizer(recipeWith({ kind: "linBreg", tau: 1 }).optimizer.weights).regularizer.trivial,
    ).toBe(true);
  });
});

describe("schedules", () => {
  const build = (said: object): Schedule => {
    const { schedule, epochs } = recipeWith({ kind: "sgd", tau: 1 }, said);
    return buildSchedule(schedule, epochs);
  };

  test("every one that a recipe can name is in the table", () => {
    expect(SCHEDULES.map(({ entry }) => entry.kind).sort()).toEqual(
      scheduleEntries.map(({ kind }) => kind).sort(),
    );
  });

  test.each(SCHEDULES.map((row) => [row.file, row] as const))(
    "%s",
    (_, { schedule, entry, factors }) => {
      const built = build(entry);
      // What a resumed run compares.
      expect(JSON.stringify(built)).toBe(JSON.stringify(schedule));
      let state = built.init();
      factors.forEach((factor, epoch) => {
        expect(state.factor).toBeCloseTo(factor, 9);
        state = built.next(state, { epoch, trainLoss: 1 });
      });
    },
  );

  test("what is left out has the default of the function", () => {
    expect(JSON.stringify(build({ kind: "plateau" }))).toBe(JSON.stringify(plateau()));
    expect(JSON.stringify(build({ kind: "step", every: 3 }))).toBe(
      JSON.stringify(stepDecay({ every: 3 })),
    );
    expect(JSON.stringify(build({ kind: "cosine" }))).toBe(JSON.stringify(cosine({ epochs: 10 })));
  });
});

test.each(activations.map((layer) => [layer.kind, layer] as const))("layer %s", (_, layer) => {
  const model = { kind: "layers", input: [3], layers: [layer] };
  const recipe = checkRecipe({ ...recipeWith({ kind: "sgd", tau: 1 }), model });
  expect(buildModel(recipe.model).nodes[0].layer).toMatchObject(layer);
});

test("a graph is built as the file of a network has it, and its faults are told", () => {
  const model = resNet18({ widths: [2, 3], input: [1, 8, 8] });
  const { input, nodes } = modelToJson(model);
  const recipe = (entry: object) =>
    checkRecipe({ ...recipeWith({ kind: "sgd", tau: 1 }), model: entry }).model;
  const built = buildModel(recipe(JSON.parse(JSON.stringify({ kind: "graph", input, nodes }))));
  expect(modelToJson(built)).toEqual({ input, nodes });
  const build = (layer: object) =>
    buildModel(recipe({ kind: "graph", input: [4], nodes: [{ name: "a", inputs: [-1], layer }] }));
  expect(() => build({ kind: "lineer", out: 1 })).toThrow(
    /^model: layer "a": kind must be one of .*, found "lineer"$/,
  );
  expect(() => build({ kind: "linear", out: 0 })).toThrow(
    "model: linear: out must be an integer of at least 1, found 0",
  );
  expect(() => build({ kind: "flatten", x: 1 })).not.toThrow(TypeError);
});

test("the types of a recipe are those of its entries", () => {
  expectTypeOf<Extract<ScheduleEntry, { kind: "step" }>>().toEqualTypeOf<{
    kind: "step";
    every: number;
    factor: number;
  }>();
  expectTypeOf<Extract<RecipeInput["schedule"], { kind: "step" }>>().toEqualTypeOf<{
    kind: "step";
    every: number;
    factor?: number | undefined;
  }>();
  expectTypeOf<Extract<ScheduleEntry, { kind: "piecewise" }>["points"]>().toEqualTypeOf<
    [number, number][]
  >();
  expectTypeOf<Extract<RegularizerEntry, { kind: "groupLasso" }>>().toEqualTypeOf<{
    kind: "groupLasso";
    lambda: number;
    groups: Groups;
  }>();
  expectTypeOf<Extract<RegularizerEntry, { kind: "box" }>>().toEqualTypeOf<{
    kind: "box";
    lower?: number | undefined;
    upper?: number | undefined;
  }>();
});

test("mlp: the widths, and the final ReLU if asked for", () => {
  const kinds = (finalRelu: boolean) =>
    buildModel({ kind: "mlp", features: [6, 5, 4], finalRelu }).nodes.map(({ layer, shape }) => [
      layer.kind,
      ...shape,
    ]);
  const plain = [
    ["linear", 5],
    ["relu", 5],
    ["linear", 4],
  ];
  expect(kinds(false)).toEqual(plain);
  expect(kinds(true)).toEqual([...plain, ["relu", 4]]);
});
