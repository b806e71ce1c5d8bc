import { expect, test } from "vitest";
import { buildModel, buildOptimizer, buildSchedule } from "#bregman/recipes/build.js";
import { checkRecipe } from "#bregman/recipes/load.js";
import type { Recipe } from "#bregman/recipes/schema.js";

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

// Every kind of optimizer and regularizer that a recipe can name; each number differs from its default.
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
  [{ kind: "sgd", tau: 2, momentum: 0.7, nesterov: true }, { move: { kind: "nesterov", beta: 0.7 } }],
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
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "nonNegativeL1", lambda: 2 } },
    { regularizer: { kind: "nonNegativeL1", lambda: 2 } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "groupLasso", lambda: 2, groups: "columns" } },
    { regularizer: { kind: "groupLasso", lambda: 2, groups: "columns" } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "sparseGroupLasso", lambda: 2, lambda0: 0.25 } },
    { regularizer: { kind: "sparseGroupLasso", lambda: 2, lambda0: 0.25, groups: "rows" } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "elasticNet", lambda: 2, mu: 3 } },
    { regularizer: { kind: "elasticNet", lambda: 2, mu: 3 } },
  ],
  [
    { kind: "lassoSgd", tau: 1, regularizer: { kind: "lInfinity", lambda: 2 } },
    { regularizer: { kind: "lInfinity", lambda: 2 } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "nuclear", lambda: 2 } },
    { regularizer: { kind: "nuclear", lambda: 2 } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "box", lower: -2, upper: 3 } },
    { regularizer: { kind: "box", lower: -2, upper: 3 } },
  ],
  [
    { kind: "linBreg", tau: 1, regularizer: { kind: "box", lower: 0 } },
    { regularizer: { kind: "box", lower: 0, upper: Infinity } },
  ],
])("%o", (entry, expected) => {
  const recipe = recipeWith(entry);
  // What a run folder keeps is the same recipe.
  expect(checkRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
  expect(buildOptimizer(recipeWith(entry).optimizer.weights)).toMatchObject({
    ...expected,
    kind: (entry as { kind: string }).kind,
  });
});

/** Learning-rate factors of the ten epochs, the loss never getting better. */
function factors(entry: object): number[] {
  const { schedule, epochs } = recipeWith({ kind: "sgd", tau: 1 }, entry);
  const built = buildSchedule(schedule, epochs);
  let state = built.init();
  return Array.from({ length: epochs }, (_, epoch) => {
    const { factor } = state;
    state = built.next(state, { epoch, trainLoss: 1, validAccuracy: epoch });
    return factor;
  });
}

test.each<[object, number[]]>([
  [{ kind: "constant" }, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [{ kind: "step", every: 4, factor: 0.5 }, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]],
  [{ kind: "plateau" }, [1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5]],
  [
    { kind: "plateau", patience: 1, factor: 0.1 },
    [1, 1, 1, 0.1, 0.1, 0.1 ** 2, 0.1 ** 2, 0.1 ** 3, 0.1 ** 3, 0.1 ** 4],
  ],
  [{ kind: "plateau", metric: "validAccuracy", patience: 0 }, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
])("%o", (entry, expected) => {
  factors(entry).forEach((factor, epoch) => expect(factor).toBeCloseTo(expected[epoch], 12));
});

test("cosine: warm-up from below, then down to the minimum over the recipe's epochs", () => {
  const curve = factors({ kind: "cosine", warmupEpochs: 2, minFactor: 0.5 });
  expect(curve.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
  expect(curve[6]).toBeCloseTo(0.75, 12); // half way
  expect(Math.min(...curve.slice(2))).toBe(curve[9]);
  expect(curve[9]).toBeGreaterThan(0.5);
});

test("mlp: the widths, and the final ReLU if asked for", () => {
  const kinds = (finalRelu: boolean) =>
    buildModel({ kind: "mlp", features: [6, 5, 4], finalRelu }).nodes.map(({ layer, shape }) => [layer.kind, ...shape]);
  const plain = [
    ["linear", 5],
    ["relu", 5],
    ["linear", 4],
  ];
  expect(kinds(false)).toEqual(plain);
  expect(kinds(true)).toEqual([...plain, ["relu", 4]]);
});
