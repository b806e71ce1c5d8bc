/**
 * A network out of an ONNX file, as PyTorch and TensorFlow write it: graphs of the kinds of layers
 * that we have.
 *
 *     weights         in Gemm, MatMul and Conv; what is added behind, or multiplied, goes into them
 *     constants       and shapes that the graph computes are worked out
 *     images          are [channels, height, width] here, also where the graph has channels last
 *     normalization   what the first nodes take off the input, and divide it by
 *     Softmax         as the last node is left out: a classifier of ours gives logits
 */
import { InputError, UnusableFileError } from "../../errors.js";
import { isTypedArray, kindOf } from "../../kinds.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { checkNetwork, type Network } from "../../nn/network.js";
import {
  decodeModelProto,
  type ReadGraph,
  type ReadModel,
  type ReadNode,
  type ReadValueInfo,
} from "./proto.js";
import { createBuilder } from "./read/builder.js";
import { foldConstant } from "./read/constant-operators.js";
import { readTensor } from "./read/constant.js";
import { type NodeAt, OPEN_BATCH } from "./read/node.js";
import { settled } from "./read/input.js";
import { OPERATORS } from "./read/operators.js";
import { readSparseTensor } from "./read/sparse-tensor.js";
import { type GraphValue, givenBy, isInOrder } from "./read/value.js";

export interface DecodeOnnxOptions {
  /** Name of the source in error messages. Default "ONNX". */
  readonly where?: string | undefined;
}

const OPTIONS: OptionKeys<DecodeOnnxOptions> = { where: 1 };

const OURS = "layer/";

/**
 * The network in the bytes of an ONNX file. Works without a file system.
 *
 * @throws UnusableFileError if they are no ONNX file, or the graph has an operator that we lack, or
 *   uses one in a way that we lack: it names the node
 * @example
 * const response = await fetch("net.onnx");
 * const network = decodeOnnx(new Uint8Array(await response.arrayBuffer()));
 * const net = await createPredictor(network);
 */
export function decodeOnnx(bytes: Uint8Array, options: DecodeOnnxOptions = {}): Network {
  const { where = "ONNX" } = knownOptions("decodeOnnx", options, OPTIONS);
  if (!isTypedArray(bytes, "Uint8Array"))
    throw new InputError(`decodeOnnx: expected the bytes of a file, found ${kindOf(bytes)}`);
  try {
    const network = readModel(decodeModelProto(bytes));
    checkNetwork(network);
    return network;
  } catch (error) {
    if (!(error instanceof InputError || error instanceof UnusableFileError)) throw error;
    throw new UnusableFileError(`${where}: ${error.message}`, { cause: error });
  }
}

function readModel(model: ReadModel): Network {
  const [graph] = model.graph;
  if (graph === undefined) throw new UnusableFileError("not an ONNX file: it has no graph");
  const opset = model.opsetImport.find(({ domain }) => (domain[0] ?? "") === "")?.version[0] ?? 1;
  const isOurs = model.producerName[0] === "bregman";
  const values = constantsOf(graph);
  const { name, shape } = inputOf(graph, values);
  const [samples, ...sample] = shape;
  values.set(name, { ...givenBy(-1, sample), open: true });
  const uses = usesOf(graph);
  const builder = createBuilder();
  for (const node of graph.node) {
    const at: NodeAt = {
      node,
      inputs: named(node, () =>
        node.input.map((key) => (key === "" ? undefined : valueOf(values, key))),
      ),
      builder,
      opset,
      batch: samples,
      uses: (k) => uses(node.input[k]),
      isOutput: node.output[0] === graph.output[0]?.name[0],
      name: nameOf(node, isOurs),
    };
    const results = [named(node, () => readNode(at))].flat();
    node.output.forEach((key, k) => {
      if (key !== "" && results[k] !== undefined) values.set(key, results[k]);
    });
  }
  if (graph.output.length !== 1) {
    const names = graph.output.map((one) => one.name[0]).join(", ");
    throw new UnusableFileError(`expected one output, found ${graph.output.length} (${names})`);
  }
  const last = values.get(graph.output[0].name[0]);
  const output = last?.is === "activation" ? settled({ builder }, last) : undefined;
  if (!output || output.scale !== undefined)
    throw new UnusableFileError("its output is not that of a layer");
  if (!isInOrder(output))
    throw new UnusableFileError("its output has its sides in another order than our layers");
  return builder.network(output);
}

function readNode(at: NodeAt): GraphValue | readonly GraphValue[] {
  const { node, inputs } = at;
  const isConstant = inputs.every((value) => value?.is !== "activation");
  const folded = isConstant ? foldConstant(at) : undefined;
  if (folded) return folded;
  const [operator] = node.opType;
  const isStandard = (node.domain[0] ?? "") === "" || node.domain[0] === "ai.onnx";
  if (!isStandard || isConstant || !Object.hasOwn(OPERATORS, operator))
    throw new InputError("we have no such layer");
  return OPERATORS[operator](at);
}

/** Errors that name their node. */
function named<R>(node: ReadNode, f: () => R): R {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof UnusableFileError)) throw error;
    const name = JSON.stringify(node.name[0] || (node.output[0] ?? ""));
    throw new UnusableFileError(`node ${name} (${node.opType[0]}): ${error.message}`, {
      cause: error,
    });
  }
}

function valueOf(values: ReadonlyMap<string, GraphValue>, key: string): GraphValue {
  const value = values.get(key);
  if (value) return value;
  throw new InputError(`no node before it gives ${JSON.stringify(key)}`);
}

/** The tensors that are in the file. */
function constantsOf(graph: ReadGraph): Map<string, GraphValue> {
  const values = new Map<string, GraphValue>();
  for (const tensor of graph.initializer) values.set(tensor.name[0] ?? "", readTensor(tensor));
  for (const sparse of graph.sparseInitializer) {
    const { name, value } = readSparseTensor(sparse);
    values.set(name, value);
  }
  return values;
}

/** The one input, which is no constant, and its shape with the batch in front. */
function inputOf(
  graph: ReadGraph,
  constants: ReadonlyMap<string, GraphValue>,
): { name: string; shape: readonly number[] } {
  const open = graph.input.filter(({ name }) => !constants.has(name[0]));
  if (open.length !== 1) {
    const names = open.map(({ name }) => name[0]).join(", ");
    throw new UnusableFileError(`expected one input, found ${open.length} (${names})`);
  }
  return { name: open[0].name[0], shape: shapeOf(open[0]) };
}

function shapeOf(info: ReadValueInfo): readonly number[] {
  const dims = info.type[0]?.tensorType[0]?.shape[0]?.dim ?? [];
  const said = dims.map(({ dimValue, dimParam }) => dimValue[0] ?? dimParam[0] ?? "?");
  const shape = said.map((n, k) => (typeof n === "number" && n > 0 ? n : k === 0 ? OPEN_BATCH : 0));
  if (shape.length < 2 || shape.includes(0)) {
    throw new UnusableFileError(
      `expected an input of a known shape, [batch, ...], found [${said.join(", ")}]`,
    );
  }
  return shape;
}

/** Operators whose output is their first input, seen otherwise: its readers are that one's. */
const ALIASES = new Set<string | undefined>([
  "Identity",
  "Dropout",
  "Cast",
  "Transpose",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Slice",
  "Softmax",
  "LogSoftmax",
]);

/** How often what a name stands for is read, under any name; the graph's output is a reader. */
function usesOf({ node, output }: ReadGraph): (key: string) => number {
  const roots = new Map<string, string>();
  const rootOf = (key: string) => roots.get(key) ?? key;
  const uses = new Map<string, number>();
  const count = (key: string) => uses.set(rootOf(key), (uses.get(rootOf(key)) ?? 0) + 1);
  for (const { opType, input, output: results } of node) {
    if (ALIASES.has(opType[0]) && input.length > 0 && results.length > 0)
      roots.set(results[0], rootOf(input[0]));
    else input.forEach(count);
  }
  for (const { name } of output) name.forEach(count);
  return (key) => uses.get(rootOf(key)) ?? 0;
}

/** What the node's layer may be called: as in our own files, or as its module in PyTorch. */
function nameOf({ input, output }: ReadNode, isOurs: boolean): string | undefined {
  if (isOurs && output[0]?.startsWith(OURS)) return output[0].slice(OURS.length);
  const weight = input.slice(1).find((key) => key.endsWith(".weight") || key.endsWith(".scale1"));
  return weight?.slice(0, weight.lastIndexOf(".")) || undefined;
}
