/** Graphs of ONNX made by hand, for tests of the reader. */
import { expect } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { decodeOnnx } from "#bregman/export/index.js";
import { ATTRIBUTE_TYPE, DATA_TYPE, encodeModelProto } from "#bregman/export/onnx/proto.js";
import { predict } from "#bregman/predict/index.js";

type Attributes = Readonly<Record<string, number | readonly number[]>>;
export type Node = readonly [
  operator: string,
  inputs: string,
  output: string,
  attributes?: Attributes,
];
export type Tensor = readonly [shape: readonly number[], data: readonly number[], type?: number];

/** A file of one input "x" and one output "y". */
export function file(
  input: readonly number[],
  tensors: Readonly<Record<string, Tensor>>,
  nodes: readonly Node[],
): Uint8Array {
  const raw = (data: readonly number[], type: number) =>
    type === DATA_TYPE.double
      ? Float64Array.from(data)
      : type === DATA_TYPE.int64
        ? BigInt64Array.from(data, BigInt)
        : Float32Array.from(data);
  const info = (name: string, shape: readonly number[]) => {
    const dim = [{ dimParam: "batch" }, ...shape.map((dimValue) => ({ dimValue }))];
    return { name, type: { tensorType: { elemType: DATA_TYPE.float, shape: { dim } } } };
  };
  return encodeModelProto({
    irVersion: 8,
    opsetImport: { domain: "", version: 13 },
    graph: {
      name: "graph",
      node: nodes.map(([opType, inputs, output, attributes = {}]) => ({
        name: output,
        opType,
        input: inputs.split(" "),
        output,
        attribute: Object.entries(attributes).map(([name, value]) =>
          typeof value === "number"
            ? { name, type: ATTRIBUTE_TYPE.int, i: value }
            : { name, type: ATTRIBUTE_TYPE.ints, ints: value },
        ),
      })),
      initializer: Object.entries(tensors).map(([name, [dims, data, type = DATA_TYPE.float]]) => ({
        name,
        dims,
        dataType: type,
        rawData: new Uint8Array(raw(data, type).buffer),
      })),
      input: info("x", input),
      output: info("y", []),
    },
  });
}

/** What the network in a file gives, to five places. */
export const answer = async (bytes: Uint8Array, x: readonly number[]) => {
  const y = await predict(decodeOnnx(bytes), Float32Array.from(x), { threads: 1 });
  return Array.from(y, (v) => Number(v.toFixed(5)));
};
/** Why a file is not read. */
export const refusal = (bytes: Uint8Array) => {
  try {
    decodeOnnx(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(UnusableFileError);
    return (error as Error).message;
  }
  return "read";
};

/** y = (x1 + 2 x2, 3 x1 - x2), and its weight. */
export const W: Tensor = [
  [2, 2],
  [1, 2, 3, -1],
];
export const turned = { transB: 1 };
