/** Grids: what they say of a recipe's fields, which trials they come to, and what they can't be. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { fieldPath, withField } from "#bregman/sweep/field.js";
import { gridJsonSchema } from "#bregman/sweep/grid-schema.js";
import { combinations, drawn } from "#bregman/sweep/ranges.js";
import { ranked, rungsOf } from "#bregman/sweep/halving.js";
import { keepGrid, openSweep } from "#bregman/sweep/sweep.js";
import type { Trial } from "#bregman/sweep/trials.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { tinyRecipe } from "../cli/tiny.js";

const TAU = "optimizer.weights.tau";
const LAMBDA = "optimizer.weights.regularizer.lambda";
const recipe = tinyRecipe();
/** Opens a grid of the tiny recipe. */
const open = (grid: object, out = join(temporaryFolder(), "out")) => {
  const file = join(temporaryFolder(), "grid.json");
  writeFileSync(file, JSON.stringify({ recipe, ...grid }));
  return openSweep(file, out);
};
const values = (grid: object) => open(grid).trials.map((trial) => trial.values);

describe("fields", () => {
  it("are read as messages write them", () => {
    expect(fieldPath("model.layers[2].out")).toEqual(["model", "layers", 2, "out"]);
    expect(fieldPath("epochs")).toEqual(["epochs"]);
    for (const wrong of ["", ".", "a.", "a..b", "a[x]", "a[1", "a b", "[0]"])
      expect(fieldPath(wrong), wrong).toBeUndefined();
  });

  it("are set in a copy, objects on the way made", () => {
    const whole = { a: { b: [1, 2] } };
    expect(withField(whole, ["a", "b", 1], 3)).toEqual({ value: { a: { b: [1, 3] } } });
    expect(withField(whole, ["c", "d"], 3)).toEqual({ value: { a: { b: [1, 2] }, c: { d: 3 } } });
    expect(whole).toEqual({ a: { b: [1, 2] } });
    expect(withField(whole, ["a", "b", 2], 3)).toEqual({ fault: "a.b has 2 elements" });
    expect(withField(whole, ["a", 0], 3)).toEqual({ fault: "a is no list" });
    expect(withField(whole, ["a", "b", "c"], 3)).toEqual({ fault: "a.b is a list" });
    expect(withField(whole, ["__proto__", "x"], 3)).toEqual({ fault: "no field has this name" });
  });
});

describe("trials", () => {
  it("of a grid are every combination", () => {
    const ranges = { [TAU]: [0.1, 0.2], [LAMBDA]: { logUniform: [0.001, 0.1], steps: 3 } };
    expect(values({ ranges })).toEqual(
      [0.1, 0.2].flatMap((tau) =>
        [0.001, 0.01, 0.1].map((lambda) => ({ [TAU]: tau, [LAMBDA]: lambda })),
      ),
    );
    const [trial] = open({ ranges, epochs: 7 }).trials;
    expect(trial.recipe).toMatchObject({
      epochs: 7,
      optimizer: { weights: { tau: 0.1, regularizer: { lambda: 0.001 } } },
    });
    expect(trial.place).toMatch(/^tiny\/tau=0\.1_lambda=0\.001_[0-9a-f]{8}$/);
  });

  it("keep their folders when the grid grows, or its fields change places", () => {
    const places = (ranges: object) => open({ ranges }).trials.map(({ place }) => place);
    const few = places({ [TAU]: [0.1, 0.2], batchSize: [16] });
    const more = places({ batchSize: [8, 16], [TAU]: [0.05, 0.1, 0.2] });
    const hash = (place: string) => place.slice(-8);
    expect(new Set(more.map(hash)).size).toBe(6);
    expect(more.map(hash)).toEqual(expect.arrayContaining(few.map(hash)));
  });

  it("are recipes as they are where there is no range", () => {
    const other = tinyRecipe({ name: "other" });
    const { trials } = open({ recipe: [recipe, other] });
    expect(trials.map(({ place }) => place)).toEqual(["tiny", "other"]);
  });

  it("that are drawn lie between the ends, are the same by seed, and more of them begin the same", () => {
    const ranges = {
      [TAU]: { logUniform: [0.001, 1] },
      [LAMBDA]: { uniform: [0.01, 0.02] },
      batchSize: { uniform: [8, 64], integers: true },
      "schedule.kind": ["constant"],
    };
    const some = (runs: number, seed = 0) =>
      values({ ranges, strategy: { kind: "random", runs, seed } });
    const [ten, forty] = [some(10), some(40)];
    expect([ten.length, forty.length]).toEqual([10, 40]);
    expect(forty.slice(0, 10)).toEqual(ten);
    expect(some(10, 1)).not.toEqual(ten);
    const taus = forty.map((one) => one[TAU] as number);
    expect(taus.every((tau) => tau >= 0.001 && tau <= 1)).toBe(true);
    // Even over powers of ten: a third of them in each of three.
    expect(taus.filter((tau) => tau < 0.01).length).toBeGreaterThan(6);
    expect(forty.every((one) => Number.isInteger(one.batchSize))).toBe(true);
    // Without one of the fields the others are the same.
    const without = Array.from(
      { length: 10 },
      (_, k) => drawn({ [TAU]: { logUniform: [0.001, 1], integers: false } }, 0, k)[TAU],
    );
    expect(without).toEqual(taus.slice(0, 10));
  });

  it("that are drawn of short lists are there once each", () => {
    const ranges = { [TAU]: [0.1, 0.2], batchSize: [8, 16] };
    const found = values({ ranges, strategy: { kind: "random", runs: 10 } });
    expect(found.map((one) => JSON.stringify(one)).sort()).toEqual(
      combinations(ranges)
        .map((one) => JSON.stringify(one))
        .sort(),
    );
  });
});

describe("halving", () => {
  it("has rungs of falling size and rising length", () => {
    const halving = { kind: "halving", seed: 0, factor: 3, firstEpochs: 1 } as const;
    expect(rungsOf(halving, 9, 9)).toEqual([
      { until: 1, trials: 9 },
      { until: 3, trials: 3 },
      { trials: 1 },
    ]);
    expect(rungsOf({ ...halving, factor: 2, firstEpochs: 3 }, 5, 10)).toEqual([
      { until: 3, trials: 5 },
      { until: 6, trials: 3 },
      { trials: 2 },
    ]);
    expect(rungsOf(halving, 4, 1)).toEqual([{ trials: 4 }]);
    expect(rungsOf({ kind: "grid" }, 4, 9)).toEqual([{ trials: 4 }]);
  });

  it("ranks by accuracy, or by loss where there is none; then by density; what diverged is last", () => {
    const trials = ["a", "b", "c", "d"].map((label) => ({ label }) as Trial);
    const order = (reached: Parameters<typeof ranked>[1]) =>
      ranked(trials, reached)
        .map(({ label }) => label)
        .join("");
    const one = (validAccuracy: number, density = 0.1) => ({
      validAccuracy,
      validLoss: 1,
      density,
    });
    expect(order([[one(0.5)], [one(0.9)], [one(0.7)], [undefined]])).toBe("bcad");
    expect(order([[undefined, one(1)], [one(0.9)], [one(0.9)], [one(0.9, 0.05)]])).toBe("dbca");
    expect(order([[one(0.9), one(0.1)], [one(0.6), one(0.6)], [one(0)], [one(0)]])).toBe("bacd");
    const loss = (validLoss: number) => ({ validLoss, density: 0.1 });
    expect(order([[loss(2)], [loss(1)], [loss(3)], [loss(Number.NaN)]])).toBe("bacd");
  });
});

describe("a grid that can't be", () => {
  const drawnTau = { [TAU]: { uniform: [0.1, 1] } };
  it.each<[string, object, string]>([
    [
      "a field with a slip",
      { ranges: { "optimizer.weights.tua": [0.1] } },
      `ranges.optimizer.weights.tua: unknown key (did you mean "tau"?)`,
    ],
    [
      "a first key with a slip",
      { ranges: { "optimiser.weights.tau": [0.1] } },
      `ranges.optimiser.weights.tau: optimiser: unknown key (did you mean "optimizer"?)`,
    ],
    ["no field", { ranges: { "a b": [1] } }, `ranges.a b: expected the name of a field such as`],
    [
      "a field of no object",
      { ranges: { "epochs.x": [1] } },
      "ranges.epochs.x: epochs is 3, which has no fields",
    ],
    [
      "an element that is not there",
      { ranges: { "model.features[3]": [1] } },
      "ranges.model.features[3]: model.features has 3 elements",
    ],
    [
      "a value that can't be",
      { ranges: { [TAU]: [0.1, -1] } },
      `ranges.${TAU}: expected a value more than 0, found -1`,
    ],
    [
      "a value of another kind",
      { ranges: { batchSize: ["many"] } },
      `ranges.batchSize: expected a number, found "many"`,
    ],
    [
      "an entry that can't be",
      { ranges: { schedule: [{ kind: "cosin" }] } },
      `schedule.kind: expected one of`,
    ],
    [
      "a fault elsewhere by a value",
      { ranges: { microBatches: [64] } },
      "ranges.microBatches: expected at most batchSize (32), found 64",
    ],
    [
      "no values",
      { ranges: { [TAU]: [] } },
      `ranges.${TAU}: expected at least 1 elements, found []`,
    ],
    ["no range", { ranges: { [TAU]: 0.1 } }, `ranges.${TAU}: `],
    [
      "a range with a slip",
      { ranges: { [TAU]: { unifrom: [0, 1] } } },
      `ranges.${TAU}.unifrom: unknown key (did you mean "uniform"?)`,
    ],
    [
      "two ranges",
      { ranges: { [TAU]: { uniform: [0, 1], logUniform: [1, 2] } } },
      `ranges.${TAU}: expected either uniform or logUniform, found both`,
    ],
    [
      "ends that are turned around",
      { ranges: { [TAU]: { uniform: [1, 0.1] } } },
      `ranges.${TAU}.uniform: expected a low end below the high one, found 1 and 0.1`,
    ],
    [
      "a logarithm of 0",
      { ranges: { [TAU]: { logUniform: [0, 1] } } },
      `ranges.${TAU}.logUniform: expected ends more than 0, found 0 and 1`,
    ],
    [
      "an interval without steps",
      { ranges: drawnTau },
      `ranges.${TAU}: missing; expected "steps", the number of values that a grid takes`,
    ],
    [
      "the same for halving",
      { ranges: drawnTau, strategy: { kind: "halving" } },
      `missing; expected "steps"`,
    ],
    [
      "seeds among the ranges",
      { ranges: { seed: [1, 2] } },
      `ranges.seed: expected seeds in "seeds", beside "ranges"`,
    ],
    [
      "epochs for halving",
      { ranges: { epochs: [1, 2] }, strategy: { kind: "halving" } },
      "ranges.epochs: expected no range of epochs",
    ],
    [
      "too many",
      { ranges: { [TAU]: { uniform: [1, 2], steps: 1e6 } } },
      "ranges: expected at most 10000 combinations, found 1000000",
    ],
    [
      "a strategy with a slip",
      { strategy: { kind: "halvin" } },
      `strategy.kind: expected one of grid, random, halving, found "halvin" (did you mean "halving"?)`,
    ],
    [
      "draws without their number",
      { strategy: { kind: "random" } },
      "strategy.runs: missing; expected a number",
    ],
    ["a seed twice", { seeds: [1, 1] }, "grid.json: expected every seed once, found 1 twice"],
    [
      "a recipe twice",
      { recipe: [recipe, recipe] },
      "grid.json: expected every recipe once, found tiny twice",
    ],
    [
      "a recipe that is not there",
      { recipe: "mnist-quik" },
      `recipe: there is no recipe "mnist-quik" (did you mean "mnist-quick"?)`,
    ],
    [
      "no validation",
      { ranges: { "data.validation": [0] } },
      "recipe: expected held-out samples, by which the best is chosen, found data.validation 0",
    ],
    ["an unknown key", { range: {} }, `range: unknown key (did you mean "ranges"?)`],
  ])("%s", (_, grid, message) => {
    expect(() => open(grid)).toThrowError(
      expect.objectContaining({ name: "InputError", message: expect.stringContaining(message) }),
    );
  });

  it("says line and column, and each fault once", () => {
    const file = join(temporaryFolder(), "grid.json");
    writeFileSync(
      file,
      `{\n  "recipe": ${JSON.stringify(recipe)}, // the base\n  "ranges": {\n    "${TAU}": [-1, -1],\n    "batchSize": [0, 8]\n  }\n}`,
    );
    expect(() => openSweep(file, "out")).toThrowError(
      `${file}: not a valid grid: 2 problems\n` +
        `  4:5 ranges.${TAU}: expected a value more than 0, found -1\n` +
        `  5:5 ranges.batchSize: expected a value more than 0, found 0`,
    );
  });
});

test("the grid that is kept beside the runs names the same trials", () => {
  const out = join(temporaryFolder(), "deep", "out");
  const file = join(temporaryFolder(), "grid.json");
  writeFileSync(join(file, "../mine.json"), readFileSync(recipe));
  const ranges = { [TAU]: [0.1, 0.2] };
  writeFileSync(file, JSON.stringify({ recipe: "mine.json", ranges, seeds: [3] }));
  const sweep = openSweep(file, out);
  expect(openSweep(keepGrid(sweep), out)).toMatchObject({
    trials: sweep.trials,
    grid: { ranges, seeds: [3] },
  });
});

test("the JSON schema knows the keys and the strategies", () => {
  const { properties, required } = gridJsonSchema() as {
    properties: Record<string, unknown>;
    required: string[];
  };
  expect(Object.keys(properties)).toEqual([
    "$schema",
    "recipe",
    "ranges",
    "epochs",
    "seeds",
    "strategy",
  ]);
  expect(required).toEqual(["recipe"]);
  for (const word of ["logUniform", "halving", "firstEpochs"])
    expect(JSON.stringify(properties)).toContain(word);
});
