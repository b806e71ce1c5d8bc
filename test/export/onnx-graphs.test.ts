/** Graphs of ONNX made by hand: read rightly, or refused by the name of a node. */
import { describe, expect, test } from "vitest";
import { decodeOnnx } from "#bregman/export/index.js";
import { DATA_TYPE } from "#bregman/export/onnx/proto.js";
import { answer, file, type Node, refusal, type Tensor, turned, W } from "../support/onnx-graph.js";

const two: Tensor = [[], [2]];
/** A convolution of one tap: two channels out of one. */
const K: Tensor = [
  [2, 1, 1, 1],
  [1, -1],
];

describe("factors and constants", () => {
  test("a factor before a flatten goes into the weight behind it", async () => {
    const nodes: Node[] = [
      ["Relu", "x", "a"],
      ["Mul", "a two", "b"],
      ["Flatten", "b", "c"],
      ["Gemm", "c W", "y", turned],
    ];
    expect(await answer(file([2, 1, 1], { two, W }, nodes), [1, 4])).toEqual([18, -2]);
  });

  test.each(["Identity", "Dropout"])("behind %s the value's other readers count", (operator) => {
    const nodes: Node[] = [
      ["Gemm", "x W", "a", turned],
      [operator, "a", "b"],
      ["Add", "b c", "d"],
      ["Add", "a d", "y"],
    ];
    const bytes = file([2], { W, c: [[2], [10, 20]] }, nodes);
    expect(refusal(bytes)).toMatch(/^ONNX: node "d" \(Add\): no layer of ours adds/);
  });

  test("a constant that only this node reads goes into the layer before", async () => {
    const nodes: Node[] = [
      ["Gemm", "x W", "a", turned],
      ["Identity", "a", "b"],
      ["Add", "b c", "d"],
      ["Mul", "d two", "y"],
    ];
    const bytes = file([2], { W, two, c: [[2], [10, 20]] }, nodes);
    expect(decodeOnnx(bytes).model.nodes).toHaveLength(1);
    expect(await answer(bytes, [1, 4])).toEqual([38, 38]);
  });

  describe("the input is an image for one layer and a row for another, whichever comes first", () => {
    const tensors: Record<string, Tensor> = {
      V: [
        [1, 4],
        [1, 2, 3, 4],
      ],
    };
    const row: Node[] = [
      ["Flatten", "x", "r"],
      ["Gemm", "r V", "a", turned],
    ];
    const image: Node[] = [
      ["MaxPool", "x", "m", { kernel_shape: [2, 2] }],
      ["Flatten", "m", "b"],
    ];
    test.each([
      ["the row", [...row, ...image]],
      ["the image", [...image, ...row]],
    ])("%s", async (_first, nodes) => {
      const bytes = file([1, 2, 2], tensors, [...nodes, ["Sum", "a b", "y"]]);
      expect(decodeOnnx(bytes).model.input).toEqual([1, 2, 2]);
      expect(await answer(bytes, [1, 2, 3, 4])).toEqual([34]);
    });

    test("a row whose channels come last is another than that of the image", () => {
      const last: Node[] = [["Transpose", "x", "t", { perm: [0, 3, 1, 2] }]];
      const pool: Node = ["MaxPool", "t", "m", { kernel_shape: [2, 2] }];
      const nodes: Node[] = [...row, ...last, pool, ["Flatten", "m", "b"], ["Sum", "a b", "y"]];
      expect(refusal(file([2, 2, 1], tensors, nodes))).toMatch(
        /node "m" \(MaxPool\): reads the input as \[1, 2, 2\], others as \[4\]/,
      );
    });
  });

  test("x sigmoid(x) is SiLU, a sigmoid times a number is not its gate", () => {
    const gate: Node[] = [
      ["Gemm", "x W", "a", turned],
      ["Sigmoid", "a", "g"],
    ];
    const plain = file([2], { W }, [...gate, ["Mul", "a g", "y"]]);
    expect(decodeOnnx(plain).model.nodes.map(({ layer }) => layer.kind)).toEqual([
      "linear",
      "silu",
    ]);
    const scaled: Node[] = [...gate, ["Mul", "g two", "h"], ["Mul", "a h", "y"]];
    expect(refusal(file([2], { W, two }, scaled))).toMatch(/node "y" \(Mul\): multiplies two/);
  });

  test("quotients of floats keep their fractions, casts round as their types do", async () => {
    const double = DATA_TYPE.double;
    const quarter: Node[] = [
      ["Div", "one four", "q"],
      ["Cast", "q", "f", { to: DATA_TYPE.float }],
      ["Gemm", "x W", "a", turned],
      ["Mul", "a f", "y"],
    ];
    const tensors = { W, one: [[], [1], double], four: [[], [4], double] } as const;
    expect(await answer(file([2], tensors, quarter), [4, 8])).toEqual([5, 1]);
    const half: Node[] = [
      ["Cast", "W", "h", { to: DATA_TYPE.float16 }],
      ["Cast", "h", "f", { to: DATA_TYPE.float }],
      ["Gemm", "x f", "y", turned],
    ];
    const fractions: Tensor = [
      [2, 2],
      [0.5, 0.25, -0.75, 2],
    ];
    expect(await answer(file([2], { W: fractions }, half), [4, 8])).toEqual([4, 13]);
  });
});

describe("the order of sides", () => {
  const square = [1, 2, 2];
  test.each([
    ["of the input, other than channels last to first", [["Transpose", "x", "t"]]],
    ["of the output", []],
  ] as const)("is refused where it changes: %s", (where, first) => {
    const [from, to] = first.length > 0 ? ["t", "y"] : ["x", "c"];
    const perm = { perm: [0, 1, 3, 2] };
    const nodes: Node[] = [
      ...first.map(([operator, a, b]): Node => [operator, a, b, perm]),
      ["Conv", `${from} K`, to],
      ...(first.length > 0 ? [] : [["Transpose", "c", "y", perm] as Node]),
    ];
    expect(refusal(file(square, { K }, nodes))).toMatch(
      where.startsWith("of the output")
        ? /its output has its sides in another order/
        : /node "y" \(Conv\): expected images/,
    );
  });

  test("an image that is flattened with its channels last", async () => {
    const pick: Tensor = [
      [1, 8],
      [0, 1, 0, 0, 0, 0, 0, 0],
    ];
    const nodes: Node[] = [
      ["Conv", "x K", "c"],
      ["Transpose", "c", "t", { perm: [0, 2, 3, 1] }],
      ["Flatten", "t", "f"],
      ["Gemm", "f pick", "y", turned],
    ];
    // The second feature is the second channel's first position.
    expect(await answer(file(square, { K, pick }, nodes), [5, 6, 7, 8])).toEqual([-5]);
  });
});

test.each<[string, Readonly<Record<string, Tensor>>, readonly Node[], RegExp]>([
  [
    "whole numbers made of the input",
    { W },
    [
      ["Gemm", "x W", "a", turned],
      ["Cast", "a", "y", { to: DATA_TYPE.int64 }],
    ],
    /\(Cast\): casts what depends on the input/,
  ],
  [
    "the number of samples as a number",
    { W, zero: [[], [0], DATA_TYPE.int64] },
    [
      ["Shape", "x", "s"],
      ["Gather", "s zero", "n"],
      ["Cast", "n", "f", { to: DATA_TYPE.float }],
      ["Gemm", "x W", "a", turned],
      ["Div", "a f", "y"],
    ],
    /node "f" \(Cast\): computes with the number of samples/,
  ],
  [
    "weights that are not numbers",
    {
      W: [
        [1, 2],
        [1, Number.NaN],
      ],
    },
    [["Gemm", "x W", "y", turned]],
    /"linear1\.weight" holds numbers that are not finite/,
  ],
  [
    "a constant of a size that can't be",
    { W, n: [[1], [-5], DATA_TYPE.int64] },
    [
      ["ConstantOfShape", "n", "c"],
      ["Gemm", "x W c", "y", turned],
    ],
    /node "c" \(ConstantOfShape\): there is no room/,
  ],
])("refused: %s", (_, tensors, nodes, message) => {
  expect(refusal(file([2], tensors, nodes))).toMatch(message);
});
