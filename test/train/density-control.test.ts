/**
 * Density control: the rules as formulas; runs land on their targets, with v untouched when lambda
 * moves.
 */
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { adaBreg } from "#bregman/optim/ada-breg.js";
import {
  checkDensityControl,
  nextLambda,
  paced,
  targetAt,
} from "#bregman/optim/density-control.js";
import { lassoSgd } from "#bregman/optim/lasso-sgd.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { box } from "#bregman/regularizers/box.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { elasticNet, type ElasticNet } from "#bregman/regularizers/elastic-net.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { lInfinity } from "#bregman/regularizers/l-infinity.js";
import { nuclear } from "#bregman/regularizers/nuclear.js";
import { loadRecipe, recipeNames } from "#bregman/recipes/load.js";
import { densityControl } from "#bregman/train/fit-options.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { describe, expect, test } from "vitest";
import { expectWarnings, takeWarnings } from "../support/warnings.js";

/** Images of 8 x 8: noise around one pattern for each of 5 classes. */
function images() {
  const random = stream(3, "images");
  const patterns = Array.from({ length: 5 }, () =>
    Float32Array.from({ length: 64 }, () => random.normal()),
  );
  const part = (count: number) => ({
    labels: Uint8Array.from({ length: count }, (_, k) => k % 5),
    inputs: Float32Array.from(
      { length: count * 64 },
      (_, k) => patterns[Math.floor(k / 64) % 5][k % 64] + random.normal(),
    ),
  });
  return fromArrays({ shape: [1, 8, 8], train: part(600), test: part(100) });
}
const data = images();
const bias = linBreg({ tau: 0.05 });

const base: FitOptions = {
  optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.05) }), biases: bias },
  init: { weights: { density: 0.02, atLeast: 0 } },
  epochs: 25,
  batchSize: 20,
  seed: 1,
  threads: 2,
};
const FLAT = mlp([64, 60, 40, 5]);

describe("a run lands within 5 % of its target", () => {
  test.each([
    [
      "LinBreg, lambda far too small",
      { optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.002) }), biases: bias } },
    ],
    [
      "LinBreg, lambda far too large",
      { optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(2) }), biases: bias } },
    ],
    [
      "AdaBreg",
      { optimizer: { weights: adaBreg({ tau: 0.005, regularizer: l1(0.05) }), biases: bias } },
    ],
    ["frozen steps", { freeze: 4 }],
  ] as const)("%s", async (_name, options) => {
    const { final } = await fit(FLAT, data, {
      ...base,
      ...options,
      targetDensity: { targets: { net: 0.1 }, every: 10 },
    });
    expect(Math.abs(final.density / 0.1 - 1)).toBeLessThan(0.05);
    expect(final.testAccuracy).toBeGreaterThan(0.9);
  });

  test("linear layers and convolutions apart, l1 and kernel groups", async () => {
    const model = sequential(
      [1, 8, 8],
      [
        conv2d(12, { kernel: 3 }),
        relu(),
        conv2d(12, { kernel: 3 }),
        relu(),
        flatten(),
        linear(40),
        relu(),
        linear(5),
      ],
    );
    const { final } = await fit(model, data, {
      ...base,
      optimizer: {
        ...base.optimizer,
        convs: linBreg({ tau: 0.05, regularizer: groupLasso({ lambda: 0.02, groups: "kernels" }) }),
      },
      init: { weights: { density: 0.02 }, convs: { density: 0.1, mask: "kernel", atLeast: 1 } },
      targetDensity: { targets: { weights: 0.06, convs: 0.3 }, every: 20 },
    });
    expect(Math.abs(final.linearDensity / 0.06 - 1)).toBeLessThan(0.05);
    // One kernel more or less of 156 is 2 % of the target.
    expect(Math.abs(final.kernelDensity! / 0.3 - 1)).toBeLessThan(0.05);
  });
});

describe("a short run lands within a tenth of its target, at the pace that it has by default", () => {
  const conv = sequential([1, 8, 8], [conv2d(32, { kernel: 3 }), relu(), flatten(), linear(5)]);
  const rules = {
    LinBreg: (lambda: number) => linBreg({ tau: 0.1, regularizer: l1(lambda) }),
    momentum: (lambda: number) => linBreg({ tau: 0.1, momentum: 0.9, regularizer: l1(lambda) }),
    AdaBreg: (lambda: number) => adaBreg({ tau: 0.005, regularizer: l1(lambda) }),
  };
  // 30 steps an epoch.
  const cases = Object.entries(rules).flatMap(([name, weights]) =>
    [0.01, 0.1, 1].flatMap((lambda) =>
      [5, 21].map((epochs) => ({ name, weights, lambda, epochs })),
    ),
  );
  test.each(cases)(
    "$name, lambda from $lambda, $epochs epochs",
    async ({ weights, lambda, epochs }) => {
      for (const model of [FLAT, conv]) {
        const { final } = await fit(model, data, {
          ...base,
          optimizer: { weights: weights(lambda), biases: bias },
          init: { weights: { density: 0.05 } },
          epochs,
          threads: 1,
          targetDensity: 0.1,
          onWarning: () => {},
        });
        expect(Math.abs(final.density / 0.1 - 1)).toBeLessThan(0.1);
      }
    },
  );
});

test("single layers are held to targets of their own, and the others have theirs together", async () => {
  const { final, epochs } = await fit(FLAT, data, {
    ...base,
    targetDensity: { targets: { weights: 0.2, layers: { linear1: 0.08 } }, every: 10 },
  });
  const [first, ...others] = epochs.at(-1)!.layers;
  expect(first.name).toBe("linear1");
  expect(Math.abs(first.density / 0.08 - 1)).toBeLessThan(0.05);
  const [nonZeros, weights] = others.reduce(
    ([n, w], layer) => [n + layer.nonZeros, w + layer.weights],
    [0, 0],
  );
  expect(Math.abs(nonZeros / weights / 0.2 - 1)).toBeLessThan(0.05);
  expect(final.testAccuracy).toBeGreaterThan(0.9);
});

test("a layer that is not there is named", async () => {
  await expect(
    fit(FLAT, data, { ...base, targetDensity: { targets: { layers: { lin: 0.1 } } } }),
  ).rejects.toThrow(
    'could not control the density of layer "lin": there is no such layer with weights; layers: linear1, linear2, linear3',
  );
});

test("the discrepancy rule comes back from a lambda of 0", async () => {
  const lambdas: number[] = [];
  await fit(FLAT, data, {
    ...base,
    epochs: 8,
    targetDensity: { targets: { net: 0.3 }, rule: "discrepancy", increment: 0.04, every: 10 },
    observe(_epoch, { updaters }) {
      const { optimizer } = updaters.find(({ parameter: { name } }) => name === "linear1.weight")!;
      lambdas.push(optimizer.regularizer.lambda);
    },
  });
  const first = lambdas.indexOf(0);
  expect(first).toBeGreaterThan(0);
  expect(Math.max(...lambdas.slice(first))).toBeGreaterThan(0.03);
  expectWarnings(/^the density of the net came to .*, its target is 30.0 %: in 24 looks/);
});

test("a regularizer without a lambda, and a control that never begins", async () => {
  const bounded = {
    weights: linBreg({ tau: 0.1, regularizer: box({ lower: -1, upper: 1 }) }),
    biases: bias,
  };
  await expect(
    fit(FLAT, data, { ...base, optimizer: bounded, targetDensity: 0.1 }),
  ).rejects.toThrow(
    "could not control the density of the net: expected a regularizer of weights with a lambda above 0 and groups, so that some of them are zero, found linBreg with box",
  );
  const notes: string[] = [];
  const targetDensity = { targets: { net: 0.1 }, after: 2 };
  const onEvent: FitOptions["onEvent"] = (event) =>
    event.type === "warning" && void notes.push(event.text);
  await fit(FLAT, data, { ...base, epochs: 2, targetDensity, onEvent });
  const freeze = { coarse: 4, fixedAfter: 1 };
  await fit(FLAT, data, { ...base, epochs: 2, targetDensity, freeze, onEvent });
  expect(notes).toEqual([
    "targetDensity does nothing: it begins after 2 epochs, and the run has 2",
    "targetDensity does nothing: it begins after 2 epochs, and patterns are fixed after 1",
  ]);
  expect(takeWarnings()).toEqual(notes);
});

test("a target that was missed is named in the end, one that was met is not", async () => {
  const notes: string[] = [];
  // Too few steps for so small a gain; and the first layer is held where it starts.
  const targetDensity = {
    targets: { weights: 0.9, layers: { linear1: 0.02 } },
    gain: 0.001,
    every: 1,
  };
  const optimizer = { weights: linBreg({ tau: 1e-4, regularizer: l1(0.5) }), biases: bias };
  const onEvent: FitOptions["onEvent"] = (event) =>
    event.type === "warning" && void notes.push(event.text);
  const { epochs } = await fit(FLAT, data, {
    ...base,
    epochs: 1,
    optimizer,
    targetDensity,
    onEvent,
  });
  const [first, ...others] = epochs.at(-1)!.layers;
  expect(Math.abs(first.density / 0.02 - 1)).toBeLessThan(0.1);
  const [nonZeros, weights] = others.reduce(
    ([n, w], layer) => [n + layer.nonZeros, w + layer.weights],
    [0, 0],
  );
  expect(notes).toEqual([
    expect.stringMatching(
      `^the density of the weights came to ${((100 * nonZeros) / weights).toPrecision(3)} %, its target is 90.0 %: in 30 looks, one each step, lambda has come from 0.5 to 0.4\\d+; begin nearer`,
    ),
  ]);
  expect(takeWarnings()).toEqual(notes);
});

describe("a target that was missed says why", () => {
  const missed = async (options: Partial<FitOptions>) => {
    const warnings: string[] = [];
    const onWarning = (text: string) => void warnings.push(text);
    await fit(FLAT, data, { ...base, epochs: 1, threads: 1, onWarning, ...options });
    return warnings.filter((text) => text.startsWith("the density"));
  };
  const slow = { weights: linBreg({ tau: 1e-4, regularizer: l1(0.5) }), biases: bias };

  test("no look within the run", async () => {
    expect(
      await missed({ optimizer: slow, targetDensity: { targets: { net: 0.5 }, every: 31 } }),
    ).toEqual([
      expect.stringMatching(
        /: lambda has not moved: control looks every 31 steps, and there were fewer; state a smaller every, /,
      ),
    ]);
  });

  test("lambda as it is stated, with frozen steps too", async () => {
    const ways = (["scaled", "kept"] as const).flatMap((lambda) => [
      { lambda, keep: "last" as const },
      { lambda, keep: "best" as const },
    ]);
    for (const { lambda, keep } of ways) {
      const [text] = await missed({
        optimizer: slow,
        freeze: { coarse: 4, lambda },
        keep,
        validation: 100,
        targetDensity: { targets: { net: 0.5 }, every: 5, gain: 0.01 },
      });
      expect(text).toMatch(
        /: in 5 looks, one every 5 steps, lambda has come from 0\.5 to 0\.4\d+; /,
      );
    }
  });

  test("patterns that were fixed before", async () => {
    const control = { targets: { net: 0.5 }, every: 5, gain: 0.01 };
    const [text] = await missed({
      optimizer: slow,
      epochs: 2,
      freeze: { coarse: 0, fixedAfter: 1 },
      targetDensity: control,
    });
    expect(text).toMatch(/: in 6 looks, one every 5 steps, lambda has come from 0\.5 to 0\.4\d+; /);
    const [late] = await missed({
      optimizer: slow,
      epochs: 3,
      freeze: { coarse: 4, fixedAfter: 1 },
      targetDensity: { ...control, after: 1 },
    });
    expect(late).toMatch(
      /: lambda has not moved: control begins after 1 epoch, and patterns are fixed after 1 epoch$/,
    );
  });

  test("not where one group of weights more or less is all that is missing", async () => {
    const rows = {
      weights: linBreg({ tau: 1e-4, regularizer: groupLasso({ lambda: 0.5 }) }),
      biases: bias,
    };
    const init = { weights: { density: 0.05, mask: "row", count: "exact" } } as const;
    // 3, 2 and 1 rows: 352 of 6,440 weights. A row of the first layer is 1 % of all.
    for (const [net, lines] of [
      [0.048, 0],
      [0.07, 1],
    ] as const) {
      expect(
        await missed({ optimizer: rows, init, targetDensity: { targets: { net }, every: 31 } }),
      ).toHaveLength(lines);
    }
  });
});

test("v stays as it is when lambda moves, and the weights follow in the next step", async () => {
  const lambdas: number[] = [];
  await fit(FLAT, data, {
    ...base,
    epochs: 4,
    targetDensity: { targets: { net: 0.2 }, every: 7 },
    observe(_epoch, { updaters }) {
      const { optimizer, state } = updaters.find(
        ({ parameter: { name } }) => name === "linear1.weight",
      )!;
      lambdas.push(optimizer.regularizer.lambda);
      expect(state.v.every(Number.isFinite)).toBe(true);
    },
  });
  expect(new Set(lambdas).size).toBe(5);
});

describe("the rules", () => {
  test("relative: too dense raises lambda, by at most a factor of 2", () => {
    const rule = { targets: { net: 0.1 }, gain: 0.5 };
    expect(nextLambda(rule, 3, 0.2, 0.1)).toBeCloseTo(3 * Math.SQRT2, 12);
    expect(nextLambda(rule, 3, 0.1, 0.1)).toBe(3);
    expect(nextLambda(rule, 3, 0, 0.1)).toBe(1.5);
    expect(nextLambda(rule, 3, 1, 0.001)).toBe(6);
  });

  test("discrepancy: one increment up or down, never below 0", () => {
    const rule = { targets: { net: 0.1 }, rule: "discrepancy", increment: 0.4 } as const;
    expect(nextLambda(rule, 1, 0.2, 0.1)).toBe(1.4);
    expect(nextLambda(rule, 1, 0.1, 0.1)).toBe(0.6);
    expect(nextLambda(rule, 0.3, 0.05, 0.1)).toBe(0);
    expect(targetAt(rule, 0.1, 0.01, 0)).toBe(0.1);
  });

  test("the pace follows the length of a run that states none", () => {
    const targets = { net: 0.1 };
    const pace = (steps: number, stated = {}) => {
      const { every, gain } = paced({ targets, ...stated }, steps);
      return [every, gain];
    };
    expect([1, 199, 632, 9_999, 10_000, 1e6].map((steps) => pace(steps))).toEqual([
      [1, 0.15],
      [1, 0.15],
      [3, 0.15],
      [49, 0.15],
      [50, undefined],
      [50, undefined],
    ]);
    expect(pace(632, { every: 20 })).toEqual([20, undefined]);
    expect(pace(632, { gain: 0.4 })).toEqual([3, 0.4]);
    // Its increment is one of a look.
    expect(pace(632, { rule: "discrepancy" })).toEqual([50, undefined]);
  });

  test("the recipes have the pace they were published with", () => {
    const controls = recipeNames().flatMap((name) => {
      const { targetDensity, epochs, batchSize } = loadRecipe(name);
      // At least 47,500 samples.
      return targetDensity === undefined
        ? []
        : [[densityControl(targetDensity), (47_500 / batchSize) * epochs] as const];
    });
    expect(controls.length).toBeGreaterThan(10);
    for (const [control, steps] of controls) {
      expect(paced(control, steps)).toEqual({ ...control, every: control.every ?? 50 });
    }
  });

  test("the target rises geometrically from the start", () => {
    const rule = { targets: { net: 0.09 }, ramp: 0.5 };
    expect([0, 0.25, 0.5, 1].map((progress) => targetAt(rule, 0.09, 0.01, progress))).toEqual([
      0.01,
      expect.closeTo(0.03, 12),
      0.09,
      0.09,
    ]);
  });

  test.each([
    [
      { targets: {} },
      "targetDensity: expected one of the net, or of weights, convs and layers, found none",
    ],
    [
      { targets: { net: 0.1, convs: 0.1 } },
      "targetDensity: expected one of the net, or of weights, convs and layers, found net, convs",
    ],
    [
      { targets: { net: 0.1, layers: { linear1: 0.1 } } },
      "targetDensity: expected one of the net, or of weights, convs and layers, found net, linear1",
    ],
    [{ targets: { layers: { linear1: 0 } } }, "targetDensity: linear1 must be in (0, 1], found 0"],
    [{ targets: { net: 1.2 } }, "targetDensity: net must be in (0, 1], found 1.2"],
    [
      { targets: { biases: 0.2 } as object },
      'targetDensity: targets: unknown option "biases"; options: net, weights, convs, layers',
    ],
    [
      { targets: { net: 0.1 }, every: 0 },
      "targetDensity: every must be a positive integer, found 0",
    ],
    [
      { targets: { net: 0.1 }, gain: -1 },
      "targetDensity: gain must be a finite number above 0, found -1",
    ],
    [{ targets: { net: 0.1 }, ramp: 2 }, "targetDensity: ramp must be in [0, 1], found 2"],
  ])("%j is refused", (options, message) => {
    expect(() => checkDensityControl(options)).toThrow(message);
  });

  test("without a regularizer there is nothing to control", async () => {
    const optimizer = { weights: sgd({ tau: 0.1 }), biases: bias };
    await expect(fit(FLAT, data, { ...base, optimizer, targetDensity: 0.1 })).rejects.toThrow(
      "could not control the density of the net: expected a regularizer of weights with a lambda above 0 and groups, so that some of them are zero, found sgd with none",
    );
  });
});

test("the elastic net keeps its mu when lambda moves", async () => {
  const seen: { lambda: number; mu: number }[] = [];
  const optimizer = {
    weights: linBreg({ tau: 0.1, regularizer: elasticNet({ lambda: 0.002, mu: 0.5 }) }),
    biases: bias,
  };
  const { final } = await fit(FLAT, data, {
    ...base,
    optimizer,
    targetDensity: 0.1,
    observe(_epoch, { updaters }) {
      for (const { parameter, optimizer: now } of updaters) {
        if (parameter.name !== "linear1.weight") continue;
        const { lambda, mu } = now.regularizer as ElasticNet;
        seen.push({ lambda, mu });
      }
    },
  });
  expect(new Set(seen.map(({ mu }) => mu))).toEqual(new Set([0.5]));
  expect(new Set(seen.map(({ lambda }) => lambda)).size).toBeGreaterThan(5);
  expect(final.density / 0.1).toBeGreaterThan(0.8);
  expect(final.density / 0.1).toBeLessThan(1.25);
});

test.each([
  ["lassoSgd with l1", lassoSgd({ tau: 0.1, regularizer: l1(0.01) })],
  ["linBreg with nuclear", linBreg({ tau: 0.1, regularizer: nuclear(0.01) })],
  ["adaBreg with lInfinity", adaBreg({ tau: 0.1, regularizer: lInfinity(0.01) })],
])("%s has no density to control", async (found, weights) => {
  await expect(
    fit(FLAT, data, { ...base, optimizer: { weights, biases: bias }, targetDensity: 0.1 }),
  ).rejects.toThrow(
    `could not control the density of the net: expected a regularizer of weights with a lambda above 0 and groups, so that some of them are zero, found ${found}`,
  );
});
