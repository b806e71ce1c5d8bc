/** What is seen of a start before training, against what training then does with it. */
import { describe, expect, test } from "vitest";
import { convNet } from "#bregman/models/convnet.js";
import { mlp } from "#bregman/models/mlp.js";
import { resNet18 } from "#bregman/models/resnet18.js";
import { skipAutoencoder } from "#bregman/models/skip-autoencoder.js";
import { leakyRelu, relu, tanh } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { globalAvgPool2d } from "#bregman/nn/layers/pool2d.js";
import type { Layer } from "#bregman/nn/layers/rules.js";
import { graph, sequential, type Model } from "#bregman/nn/model.js";
import { stream } from "#bregman/random.js";
import { initialParameters, type InitOptions } from "#bregman/engine/initial.js";
import { startFaults } from "#bregman/train/start-faults.js";

const CURE = "let init draw more there (density), or at least one for each unit (atLeast: 1)";

/** A dense start with some rows of some weights set to zero. */
function without(
  model: Model,
  rows: Record<string, readonly number[] | "all">,
  init: InitOptions = {},
) {
  const initial = initialParameters(model, stream(1), init);
  for (const [layer, which] of Object.entries(rows)) {
    const node = model.nodes.find(({ name }) => name === layer)!;
    const theta = initial.get(`${layer}.weight`)!;
    const width = theta.length / node.shape[0];
    if (which === "all") theta.fill(0);
    else for (const r of which) theta.fill(0, r * width, (r + 1) * width);
  }
  return startFaults(model, initial);
}

const NARROW = mlp([4, 16, 3]);
const DEEP = mlp([4, 5, 6, 3]);
/** A convolution, something behind it, and a head. */
const images = (...behind: Layer[]) =>
  sequential(
    [2, 5, 5],
    [conv2d(4, { kernel: 3, padding: 1 }), ...behind, globalAvgPool2d(), flatten(), linear(3)],
  );

test("good starts have no faults: dense ones, and sparse ones by default", () => {
  for (const model of [
    NARROW,
    DEEP,
    convNet(),
    resNet18({ widths: [8, 8] }),
    skipAutoencoder({ features: 20 }),
  ]) {
    expect(without(model, {})).toEqual([]);
    for (const mask of ["entry", "kernel"] as const) {
      expect(
        without(model, {}, { weights: { density: 0.01 }, convs: { density: 0.01, mask } }),
      ).toEqual([]);
    }
  }
  expect(
    without(skipAutoencoder({ features: 20 }), {}, { weights: { density: 0.01, mask: "row" } }),
  ).toEqual([]);
});

describe("no way from the inputs to the outputs", () => {
  test("names the layers without weights", () => {
    const head = "the start leaves no way from the inputs to the outputs: no weight in";
    expect(without(NARROW, { linear1: "all" })).toEqual([`${head} "linear1"; ${CURE}`]);
    expect(without(NARROW, { linear1: "all", linear2: "all" })).toEqual([
      `${head} "linear1", "linear2"; ${CURE}`,
    ]);
    const [many] = without(
      mlp([4, 3, 3, 3, 3, 3]),
      Object.fromEntries([1, 2, 3, 4, 5].map((k) => [`linear${k}`, "all"])),
    );
    expect(many).toContain('in "linear1", "linear2", "linear3" and 2 more; ');
  });

  test("names the layer whose weights all read units without weights", () => {
    const initial = initialParameters(DEEP, stream(1));
    initial.get("linear1.weight")!.fill(0, 4);
    initial.get("linear2.weight")!.forEach((_, k, w) => k % 5 === 0 && (w[k] = 0));
    expect(startFaults(DEEP, initial)).toEqual([
      `the start leaves no way from the inputs to the outputs: all that "linear2" reads is constant; ${CURE}`,
    ]);
  });

  test("the README's density in a narrow net, as it was drawn before rows had to have a weight", () => {
    const faults = Array.from({ length: 20 }, (_, seed) =>
      startFaults(
        NARROW,
        initialParameters(NARROW, stream(seed), { weights: { density: 0.01, atLeast: 0 } }),
      ),
    );
    expect(faults.filter(([fault]) => fault?.includes("no way")).length).toBeGreaterThan(15);
  });
});

test("a layer without weights that has a way around it is named all the same", () => {
  const model = resNet18({ widths: [4] });
  const [fault, ...others] = without(model, { "stage1.block1.2.conv": "all" });
  expect(fault).toBe(`the start leaves no weight in "stage1.block1.2.conv"; ${CURE}`);
  // Its units are added to the shortcut: their gradient is there.
  expect(others).toEqual([]);
});

describe("units that no weight can be born in", () => {
  const told = (text: string) => [
    `the start leaves units that no weight can be born in, their ReLU being 0 for ever: ${text}; ${CURE}`,
  ];
  const rows = { conv2d1: [1, 3] };

  test("behind batch norm and a ReLU", () => {
    expect(without(images(batchNorm2d(), relu()), rows)).toEqual(told('2 of 4 in "conv2d1"'));
  });

  test.each([
    ["a leaky ReLU", [batchNorm2d(), leakyRelu()]],
    ["tanh", [batchNorm2d(), tanh()]],
    ["nothing", [batchNorm2d()]],
    ["a ReLU, with the positive biases of the default", [relu()]],
  ] as const)("but not behind %s", (_, behind) => {
    expect(without(images(...behind), rows)).toEqual([]);
  });

  test("where the bias is not positive, in a linear layer too", () => {
    const model = mlp([4, 5, 3]);
    const initial = initialParameters(model, stream(1));
    initial.get("linear1.weight")!.fill(0);
    initial.get("linear1.weight")!.fill(0.5, 0, 8);
    initial.get("linear1.bias")!.set([1, 1, 0.1, -0.1, 0]);
    expect(startFaults(model, initial)).toEqual(told('2 of 5 in "linear1"'));
  });

  test("but not where the ReLU gets something else beside", () => {
    const model = graph([2, 5, 5], ({ input, apply }) => {
      const x = apply(conv2d(4, { kernel: 3, padding: 1, name: "x" }), input);
      const y = apply(batchNorm2d(), apply(conv2d(4, { kernel: 3, padding: 1, name: "y" }), input));
      const sum = apply(relu(), apply(add(), y, x));
      return apply(linear(3), apply(flatten(), apply(globalAvgPool2d(), sum)));
    });
    expect(without(model, { y: [0, 1] })).toEqual([]);
    expect(without(model, { x: [0], y: [1] })).toEqual([]);
    // Bias of x, positive, plus 0.
    expect(without(model, { x: [0], y: [0] })).toEqual([]);
  });

  test("the layers are listed, the first three by name", () => {
    const model = resNet18({ widths: [4, 4] });
    const [fault] = without(
      model,
      Object.fromEntries(
        ["stem", "stage1.block1.1", "stage1.block2.1", "stage2.block1.1"].map((name) => [
          `${name}.conv`,
          [0],
        ]),
      ),
    );
    expect(fault).toContain('1 of 4 in "stem.conv", 1 of 4 in "stage1.block1.1.conv", ');
    expect(fault).toContain(" and 1 more; ");
  });
});
