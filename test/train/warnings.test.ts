/**
 * What a training warns of: that what is told is true, that it is heard, and that good runs are
 * quiet.
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { leakyRelu, relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { globalAvgPool2d } from "#bregman/nn/layers/pool2d.js";
import { sequential } from "#bregman/nn/model.js";
import { adaBreg, linBreg, sgd } from "#bregman/optim/index.js";
import { groupLasso, l1, sparseGroupLasso } from "#bregman/regularizers/index.js";
import { stream } from "#bregman/random.js";
import type { TrainEvent } from "#bregman/measure/events.js";
import { settingsOf } from "#bregman/train/fit-options.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import type { Trainer } from "#bregman/engine/trainer.js";
import { createWarnings } from "#bregman/train/warnings.js";
import { flowers } from "../support/flowers.js";

const NARROW = mlp([4, 16, 3]);
const data = flowers();
/** The settings of the README. */
const readme = {
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
    biases: linBreg({ tau: 0.1 }),
  },
  init: { weights: { density: 0.01 } },
  epochs: 30,
  threads: 1,
};

/** A run and its warnings. */
async function run(options: Partial<FitOptions>, model = NARROW, on = data) {
  const warnings: string[] = [];
  const result = await fit(model, on, {
    ...readme,
    onWarning: (text) => warnings.push(text),
    ...options,
  });
  const births = result.epochs.findIndex((metrics) => metrics.births > 0);
  return { ...result, warnings, births };
}

const lambdas = (make: (lambda: number) => FitOptions["optimizer"]["weights"], lambda: number) => ({
  optimizer: { weights: make(lambda), biases: sgd({ tau: 0.1 }) },
});

describe("a narrow net with the README's settings", () => {
  test.each([0, 1, 2, 3, 4])("learns, without a warning: seed %s", async (seed) => {
    const { final, warnings } = await run({ seed, batchSize: 16 });
    expect(final.testAccuracy).toBeGreaterThan(0.85);
    expect(warnings).toEqual([]);
  });

  test("is warned of before training where its start is told to leave it empty", async () => {
    const told: string[] = [];
    const { final, warnings } = await run({
      init: { weights: { density: 0.01, atLeast: 0 } },
      onEvent: ({ type }) => told.push(type),
      epochs: 3,
    });
    expect(final).toMatchObject({ density: 0, testAccuracy: 1 / 3 });
    expect(warnings[0]).toMatch(
      /^the start leaves no way from the inputs to the outputs: no weight in "linear1"/,
    );
    expect(told.filter((type) => type !== "step").slice(0, 3)).toEqual([
      "start",
      "warning",
      "epoch",
    ]);
    // No gradient comes to linear1 through a linear2 without weights.
    expect(warnings.slice(1)).toEqual([expect.stringMatching(/^no weight was born in 2 epochs: /)]);
  });
});

describe("no birth in the first epochs", () => {
  const said =
    /^no weight was born in (\d) epochs?: v of layer "(\w+)", the nearest to one, has come to (\S+) % of its threshold\. A lambda of some (\S+) in place of (\S+) would have given one by now; at this rate the first comes (.*)$/;

  test.each([
    ["LinBreg, l1", (lambda: number) => linBreg({ tau: 0.1, regularizer: l1(lambda) }), 2, {}],
    [
      "LinBreg with momentum",
      (lambda: number) => linBreg({ momentum: 0.9, regularizer: l1(lambda) }),
      2,
      {},
    ],
    ["AdaBreg", (lambda: number) => adaBreg({ tau: 0.01, regularizer: l1(lambda) }), 3, {}],
    [
      "rows",
      (lambda: number) => linBreg({ regularizer: groupLasso({ lambda }) }),
      2,
      { mask: "row", within: [0.5, 1.3] },
    ],
    [
      "rows, entries",
      (lambda: number) => linBreg({ regularizer: sparseGroupLasso({ lambda }) }),
      2,
      { within: [0.8, 1.3] },
    ],
    [
      "with frozen steps",
      (lambda: number) => linBreg({ regularizer: l1(lambda) }),
      4,
      { freeze: 3 },
    ],
  ] as const)(
    "%s: the lambda that is named gives one, and not much more would have",
    async (_, make, lambda, how) => {
      // It is rounded down to two digits; and how weights that are there turn within their group
      // depends on lambda too.
      const { freeze, mask, within } = {
        freeze: undefined,
        mask: undefined,
        within: [1, 1.11],
        ...how,
      };
      const options = { init: { weights: { density: 0.3, mask } }, freeze, batchSize: 16 };
      const { warnings, births } = await run({ ...options, ...lambdas(make, lambda), epochs: 3 });
      expect(births).toBe(-1);
      expect(warnings).toHaveLength(1);
      const [, epochs, , , named, stated] = said.exec(warnings[0])!;
      expect([epochs, Number(stated)]).toEqual(["2", lambda]);
      const [below, above] = within.map((factor) => lambdas(make, Number(named) * factor));
      expect((await run({ ...options, ...below, epochs: 2 })).births).toBeGreaterThan(0);
      expect((await run({ ...options, ...above, epochs: 2 })).births).toBe(-1);
    },
  );

  test("at this rate: where gradients stay the same the epoch that is named is that of the first birth", async () => {
    // A dense head that does not move, and so little of a first layer that the outputs stay as they
    // are.
    const slow = {
      weights: linBreg({ tau: 1e-4, regularizer: l1(0.001) }),
      biases: sgd({ tau: 1e-6 }),
    };
    const { warnings, births } = await run({
      optimizer: slow,
      init: { weights: { density: 0.3 } },
    });
    const [, due] = /at this rate the first comes in epoch (\d+) of 30$/.exec(warnings[0])!;
    expect(births).toBeGreaterThan(3);
    expect(Math.abs(births - Number(due))).toBeLessThanOrEqual(1);
  });

  test("after the only epoch of a run, and with the end of the run in sight", async () => {
    const { warnings } = await run({
      ...lambdas((lambda) => linBreg({ regularizer: l1(lambda) }), 5),
      epochs: 1,
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^no weight was born in 1 epoch: .* after \d+ epochs, and the run has 1$/,
      ),
    ]);
  });

  test.each([
    ["the first birth is due soon", { epochs: 200, limit: 100 }],
    ["there is no zero weight", { init: { weights: { density: 1 } }, epochs: 2 }],
    [
      "lambda moves by itself",
      { targetDensity: { targets: { net: 0.9 }, every: 1000 }, epochs: 2 },
    ],
    ["nothing is gathered in v", lambdas(() => sgd({ tau: 1e-30 }), 0)],
  ])("nothing is said where %s", async (_, options) => {
    const { warnings } = await run({
      ...lambdas((lambda) => linBreg({ regularizer: l1(lambda) }), 0.15),
      ...options,
    });
    expect(warnings.filter((text) => !text.startsWith("the density"))).toEqual([]);
  });
});

test("a layer that has lost its last weight is named, in the epoch it does", async () => {
  // A decay that takes more than all of a weight in a step.
  const weights = linBreg({ tau: 0.1, weightDecay: 11, regularizer: l1(0.4) });
  const { warnings, epochs } = await run({
    optimizer: { weights, biases: sgd({ tau: 0.01 }) },
    epochs: 3,
  });
  expect(epochs.map(({ layers }) => layers.map(({ nonZeros }) => nonZeros))).toEqual([
    [16, 3],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(warnings.filter((text) => text.includes("lost"))).toEqual(
    ["linear1", "linear2"].map(
      (name) =>
        `layer "${name}" has lost its last weight in epoch 1: its units are constant until one is born; a lambda below 0.4 there, or more weights at the start (init), may keep some`,
    ),
  );
});

describe("units that no weight can be born in", () => {
  const random = stream(3);
  const labels = Uint8Array.from({ length: 64 }, (_, k) => k % 2);
  const inputs = Float32Array.from(
    { length: 64 * 32 },
    (_, k) => random.normal() + labels[Math.floor(k / 32)],
  );
  const images = fromArrays({ shape: [2, 4, 4], train: { inputs, labels } });
  const model = (behind: ReturnType<typeof relu> | ReturnType<typeof leakyRelu>) => {
    const layers = [
      conv2d(12, { kernel: 3, bias: false }),
      batchNorm2d(),
      behind,
      globalAvgPool2d(),
      flatten(),
    ];
    return sequential([2, 4, 4], [...layers, linear(2)]);
  };

  test("have none after training, and those that are not told of have some", async () => {
    const options = { ...lambdas(() => sgd({ tau: 0.1 }), 0), batchSize: 16, epochs: 3 };
    const init = { convs: { density: 0.2, mask: "kernel", atLeast: 0 } } as const;
    const { warnings, epochs } = await run({ ...options, init }, model(relu()), images);
    const [before, after] = [epochs[0], epochs.at(-1)!].map(({ layers }) => layers[0].activeUnits);
    expect(before).toBeLessThan(12);
    expect(after).toBe(before);
    expect(warnings).toEqual([
      expect.stringContaining(`being 0 for ever: ${12 - before} of 12 in "conv2d1"; let init`),
    ]);
    const leaky = await run({ ...options, init }, model(leakyRelu()), images);
    expect(leaky.epochs.at(-1)!.layers[0].activeUnits).toBe(12);
    expect(leaky.warnings).toEqual([]);
    const byDefault = await run(
      { ...options, init: { convs: { density: 0.2, mask: "kernel" } } },
      model(relu()),
      images,
    );
    expect(byDefault.epochs[0].layers[0].activeUnits).toBe(12);
    expect(byDefault.warnings).toEqual([]);
  });
});

describe("a warning is heard", () => {
  afterEach(() => void vi.restoreAllMocks());
  const faulty = {
    init: { weights: { density: 0.01, atLeast: 0 } },
    epochs: 1,
    onWarning: undefined,
  };
  const START = /^the start leaves no way/;

  test("as an event, and as a warning of the process", async () => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const events: TrainEvent[] = [];
    await run({ ...faulty, onEvent: (event) => events.push(event) });
    const texts = events.flatMap((event) => (event.type === "warning" ? [event.text] : []));
    expect(texts[0]).toMatch(START);
    expect(emit.mock.calls).toEqual(texts.map((text) => [text, "BregmanWarning"]));
    emit.mockClear();
    await run(faulty);
    expect(emit.mock.calls.map(([text]) => text)).toEqual(texts);
  });

  test("by whoever takes it, and then by nobody else", async () => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const told: string[] = [];
    await run({ ...faulty, onWarning: (text) => told.push(text) });
    expect(told[0]).toMatch(START);
    expect(emit).not.toHaveBeenCalled();
  });

  test("on the console, where there is no process", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { tell } = createWarnings(NARROW, {} as Trainer, settingsOf(readme, { classes: 3 }));
    vi.stubGlobal("process", undefined);
    tell(["one", "two", "one"]);
    vi.unstubAllGlobals();
    expect(warn.mock.calls).toEqual([["bregman: one"], ["bregman: two"]]);
  });
});
