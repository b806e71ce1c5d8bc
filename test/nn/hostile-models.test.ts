/**
 * Models that a file of some hundred bytes may ask for: what they cost follows from what is
 * computed, or they are refused.
 */
import { InputError } from "#bregman/errors.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { add, concat, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { convLayout, coversInput, gradientPhases } from "#bregman/nn/tiled/conv-geometry.js";
import { layoutOf } from "#bregman/nn/layout.js";
import { graph, sequential } from "#bregman/nn/model.js";
import { modelOf } from "#bregman/nn/rebuild.js";
import { tensorShape } from "#bregman/nn/tensor.js";
import { mlp } from "#bregman/models/mlp.js";
import { adam } from "#bregman/optim/adam.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { prepare } from "#bregman/train/prepare.js";
import { expect, test } from "vitest";

const options = {
  optimizer: { weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }), biases: adam({ tau: 0.01 }) },
  epochs: 1,
  batchSize: 16,
};
/** Ops of a step's backward pass, updates aside. */
const backwardOps = async (model: Parameters<typeof prepare>[0], name: string) => {
  const { steps } = await prepare(model, options);
  return steps.find((step) => step.name === name)!.backward.filter((kernel) => kernel !== "update");
};

test("a stride costs as many phases as there are taps", async () => {
  for (const stride of [100_000, 2 ** 45]) {
    const one = sequential(
      [1, 1, 1],
      [conv2d(1, { kernel: 1 }), conv2d(1, { kernel: 1, stride }), flatten(), linear(2)],
    );
    expect(await backwardOps(one, "conv2d2")).toEqual([
      "convDense",
      "convDenseWeightGrad",
      "convBiasGrad",
    ]);
    const wide = sequential(
      [1, 9, 9],
      [conv2d(1, { kernel: 1 }), conv2d(1, { kernel: 2, stride }), flatten(), linear(2)],
    );
    const products = (await backwardOps(wide, "conv2d2")).filter(
      (kernel) => kernel === "convDense",
    );
    expect(products).toHaveLength(4);
  }
});

test("phases: each tap in one of them, each position of the input in one at most", () => {
  for (const kernel of [1, 2, 3, 5, 8]) {
    for (const stride of [1, 2, 3, 5, 9, 20]) {
      for (const padding of [0, kernel - 1]) {
        const shape = {
          kernel: [kernel, 1],
          stride: [stride, 1],
          padding: [
            [padding, 0],
            [0, 0],
          ],
        } as const;
        const rows = Math.floor((8 + padding - kernel) / stride) + 1;
        const [x, dy] = [
          tensorShape([1, 8, 8], [kernel, 0]),
          tensorShape([1, rows, 8], [kernel, 0]),
        ];
        const phases = gradientPhases(shape, x, dy);
        const { tapTable, phases: count } = convLayout(shape, x, dy);
        const seen = new Set<string>();
        for (const phase of phases) {
          expect(phase.number).toBeLessThan(count);
          for (let k = 0; k < phase.taps.length; k += 2)
            expect(tapTable[2 * phase.taps[k]!]).toBe(phase.number);
          for (let i = 0; i < phase.height; i++)
            for (let j = 0; j < phase.width; j++)
              seen.add(`${phase.row + i * stride},${phase.column + j}`);
        }
        const positions = phases.reduce((sum, { height, width }) => sum + height * width, 0);
        expect(seen.size).toBe(positions);
        expect(coversInput(phases, x)).toBe(positions === 64);
      }
    }
  }
});

test("a kernel of 400 x 400 that moves by 400", () => {
  const model = sequential(
    [1, 400, 400],
    [conv2d(1, { kernel: 400, stride: 400 }), flatten(), linear(2)],
  );
  expect(layoutOf(model).convs.get("conv2d1.weight")).toMatchObject({
    phases: 160_000,
    mostTaps: 1,
  });
});

test("more phases than a plan can hold are refused", () => {
  const side = 1100;
  const shape = {
    kernel: [side, side],
    stride: [side, side],
    padding: [
      [0, 0],
      [0, 0],
    ],
  } as const;
  expect(() => gradientPhases(shape, tensorShape([1, side, side]), tensorShape([1, 1, 1]))).toThrow(
    new InputError(
      "the gradient behind a convolution of stride 1100 x 1100 takes 1210000 ops, and a plan at most 1048576; use a smaller stride",
    ),
  );
});

test("3,000 layers are planned", async () => {
  const { steps } = await prepare(mlp([4, ...Array<number>(3000).fill(3), 2]), options);
  expect(steps).toHaveLength(3003);
});

test("a layer may read 150,000 values", () => {
  const many = 150_000;
  const model = graph([1, 1, 1], ({ input, apply }) =>
    apply(concat(), Array<typeof input>(many).fill(input)),
  );
  expect(layoutOf(model).values.get(-1)!.readers).toEqual([0]);
  const entries = [
    { name: "wide", layer: add(), inputs: Array<number>(many).fill(-1) },
    { name: "out", layer: linear(2), inputs: [0] },
  ];
  expect(modelOf([3], entries).nodes[0]!.inputs).toHaveLength(many);
});

test("150,000 layers may read one value", () => {
  const many = 150_000;
  const model = graph([1], ({ input, apply }) =>
    apply(
      add(),
      Array.from({ length: many }, () => apply(linear(1), input)),
    ),
  );
  expect(layoutOf(model).values.get(-1)!.readers).toHaveLength(many);
});

test("what no memory can hold is refused when the model is built", () => {
  const refused = (build: () => unknown, what: string, bytes: string) =>
    expect(build).toThrow(
      new InputError(
        `${what} would take ${bytes} bytes, more than the 4294967296 that a memory can have`,
      ),
    );
  refused(
    () => sequential([2 ** 27], [linear(1)]),
    "a model's input of shape [134217728]",
    "8.59e+9",
  );
  refused(
    () => sequential([1], [linear(1e12)]),
    'the output [1000000000000] of layer "linear1"',
    "6.40e+13",
  );
  refused(
    () => sequential([1e5], [linear(1e4), linear(1e4), linear(1e4)]),
    'the parameters of the layers up to "linear2"',
    "4.40e+9",
  );
});
