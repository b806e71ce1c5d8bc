/** Graphs of ONNX of one dimension, in groups and with holes, against their definitions. */
import { describe, expect, test } from "vitest";
import { decodeOnnx, encodeOnnx } from "#bregman/export/index.js";
import { DATA_TYPE } from "#bregman/export/onnx/proto.js";
import {
  batchNorm2d,
  conv1d,
  avgPool1d,
  fit,
  flatten,
  fromArrays,
  linear,
  maxPool1d,
  predict,
  relu,
  sequential,
  sgd,
} from "../support/bregman.js";
import { answer, file, type Node, refusal, type Tensor, turned, W } from "../support/onnx-graph.js";

type Refused = readonly [
  shape: number[],
  operator: string,
  weight: number[],
  attributes: Readonly<Record<string, number | readonly number[]>>,
  message: RegExp,
];

test("a network of our own in one dimension is read back to the same bits", async () => {
  const model = sequential(
    [2, 40],
    [
      conv1d(5, { kernel: 7, stride: 2, padding: 3 }),
      batchNorm2d(),
      relu(),
      maxPool1d(2),
      conv1d(4, { kernel: 3, padding: 1 }),
      avgPool1d(2),
      flatten(),
      linear(3),
    ],
  );
  const inputs = Float32Array.from({ length: 6 * 80 }, (_, k) => Math.sin(k * k));
  const data = fromArrays({ shape: [2, 40], train: { inputs, labels: [0, 1, 2, 0, 1, 2] } });
  const optimizer = { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) };
  const result = await fit(model, data, { optimizer, epochs: 2, validation: 0, threads: 1 });
  const network = { model, ...result };
  const back = decodeOnnx(encodeOnnx(network));
  const [wanted, found] = [await predict(network, inputs), await predict(back, inputs)];
  expect([...found]).toEqual([...wanted]);
  expect(back.model.nodes.map(({ layer }) => layer.kind)).toEqual(
    model.nodes.map(({ layer }) => layer.kind),
  );
});

describe("one dimension, groups and holes", () => {
  const wave = (length: number, by = 1) =>
    Array.from({ length }, (_, k) => Number(Math.sin(by * (k + 1)).toFixed(3)));

  /** Of [channels, length], by the definition: groups, holes, strides, zeros on both sides. */
  const convolved = (
    x: readonly number[],
    w: readonly number[],
    { channels, out, kernel, group = 1, dilation = 1, stride = 1, pad = 0 }: Record<string, number>,
  ) => {
    const [length, perGroup] = [x.length / channels, channels / group];
    const positions = Math.floor((length + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1;
    return Array.from({ length: out * positions }, (_, at) => {
      const [o, p] = [Math.floor(at / positions), at % positions];
      let sum = 0;
      for (let c = 0; c < perGroup; c++)
        for (let k = 0; k < kernel; k++) {
          const place = p * stride + k * dilation - pad;
          if (place < 0 || place >= length) continue;
          const channel = Math.floor(o / (out / group)) * perGroup + c;
          sum += w[(o * perGroup + c) * kernel + k] * x[channel * length + place];
        }
      return Number(sum.toFixed(5));
    });
  };
  const x = wave(4 * 9);
  const near = (found: readonly number[], wanted: readonly number[]) => {
    expect(found).toHaveLength(wanted.length);
    found.forEach((y, k) => expect(y).toBeCloseTo(wanted[k], 4));
  };

  test.each([
    { channels: 4, out: 3, kernel: 3 },
    { channels: 4, out: 6, kernel: 3, group: 2, pad: 1 },
    { channels: 4, out: 4, kernel: 2, group: 4, stride: 2 },
    { channels: 4, out: 2, kernel: 3, dilation: 3 },
    { channels: 4, out: 8, kernel: 2, group: 4, dilation: 2, pad: 2, stride: 3 },
  ])("a signal: %j", async (options) => {
    const { channels, out, kernel, group = 1, dilation = 1, stride = 1, pad = 0 } = options;
    const w = wave((out * channels * kernel) / group, 0.7);
    const K: Tensor = [[out, channels / group, kernel], w];
    const attributes = { group, dilations: [dilation], strides: [stride], pads: [pad, pad] };
    const bytes = file([4, 9], { K }, [["Conv", "x K", "y", attributes]]);
    near(await answer(bytes, x), convolved(x, w, options));
    // The same with the length down: as exporters write it around two-dimensional operators.
    const down: Tensor = [[out, channels / group, kernel, 1], w];
    const flat = { ...attributes, dilations: [dilation, 1], strides: [stride, 1] };
    const axes: Tensor = [[1], [3], DATA_TYPE.int64];
    const wrapped = file([4, 9], { down, axes }, [
      ["Unsqueeze", "x axes", "a"],
      ["Conv", "a down", "b", { ...flat, pads: [pad, 0, pad, 0] }],
      ["Squeeze", "b axes", "y"],
    ]);
    near(await answer(wrapped, x), convolved(x, w, options));
  });

  test("an image in groups with holes along one side is a signal in each of its rows", async () => {
    const [w, options] = [
      wave(2 * 2 * 2),
      { channels: 2, out: 4, kernel: 2, group: 1, dilation: 2 },
    ];
    const K: Tensor = [[4, 1, 1, 2], w];
    const bytes = file([2, 3, 6], { K }, [
      ["Conv", "x K", "y", { group: 2, dilations: [1, 2], kernel_shape: [1, 2] }],
    ]);
    const image = wave(36);
    const rows = [0, 1, 2].map((row) => {
      const signal = [0, 1].flatMap((c) => image.slice(18 * c + 6 * row, 18 * c + 6 * row + 6));
      return convolved(signal, w, { ...options, group: 2 });
    });
    const wanted = Array.from({ length: 4 * 3 * 4 }, (_, k) => {
      const [o, row, p] = [Math.floor(k / 12), Math.floor(k / 4) % 3, k % 4];
      return rows[row][o * 4 + p];
    });
    near(await answer(bytes, image), wanted);
  });

  test("poolings, a mean over the length, and a linear layer behind", async () => {
    const signal = [1, 5, 2, 8, 3, 3, -1, 0, 4, 4, 6, 2];
    const pool = { kernel_shape: [2], strides: [2] };
    const pooled = (operator: string) =>
      answer(file([2, 6], {}, [[operator, "x", "y", pool]]), signal);
    expect(await pooled("MaxPool")).toEqual([5, 8, 3, 0, 4, 6]);
    expect(await pooled("AveragePool")).toEqual([3, 5, 3, -0.5, 4, 4]);
    const mean = { axes: [2], keepdims: 0 };
    const head: readonly Node[] = [
      ["ReduceMean", "x", "m", mean],
      ["Gemm", "m W", "y", turned],
    ];
    const [a, b] = [22 / 6, 15 / 6];
    near(await answer(file([2, 6], { W }, head), signal), [a + 2 * b, 3 * a - b]);
  });

  test.each([
    [
      [4, 9],
      "Conv",
      [4, 3, 3],
      { group: 2 },
      /expected a weight for 4 channels, found 2 groups of 3/,
    ],
    [[4, 9], "Conv", [3, 2, 3], { group: 2 }, /found 2 groups of 2 for 3 outputs/],
    [[4, 9], "Conv", [3, 4, 3, 3], {}, /expected windows of 1 sides, found 2/],
    [[4, 9], "Conv", [3, 4, 3], { dilations: [0] }, /dilations and strides of at least 1/],
    [[4, 9], "Conv", [3, 4, 3], { dilations: [2 ** 30] }, /\(Conv\)/],
    [[2, 3, 4, 5], "Conv", [3, 2, 1, 1, 1], {}, /expected images/],
    [
      [4, 9],
      "MaxPool",
      [1],
      { kernel_shape: [2], dilations: [2] },
      /without holes, found dilations/,
    ],
  ] satisfies readonly Refused[])(
    "refused: %j %s %j %j",
    (shape, operator, weight, attributes, message) => {
      const count = [...weight].reduce((a, b) => a * b, 1);
      const bytes = file([...shape], { K: [[...weight], wave(count)] }, [
        [operator, operator === "Conv" ? "x K" : "x", "y", attributes],
      ]);
      expect(refusal(bytes)).toMatch(message);
    },
  );
});
