/**
 * A network as an ONNX file, for runtimes that know nothing of bregman: ONNX Runtime in a page, on
 * a phone, in Python.
 *
 *     input    "input", float32 [batch, features] or [batch, channels, height, width], as `predict` takes it (a byte counts
 *              as value / 255): the normalization is part of the file. float64 where a mean is so large beside its deviation
 *              that float32 can't carry what is left of it
 *     output   "output", float32 [batch, ...the model's output], what `predict` gives: for a classifier logits
 *
 * Batch norm is written as it is; `simplify` folds it first.
 */
import { InputError } from "../../errors.js";
import { isTypedArray } from "../../kinds.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { size } from "../../shape-size.js";
import { checkNetwork, type Network, type Values } from "../../nn/network.js";
import { eachNonZero, nonZerosOf } from "../../nn/packed-values.js";
import { isWeightRole } from "../../runtime/parameter.js";
import type { Shape } from "../../regularizers/regularizer.js";
import type { Attributes } from "../../nn/layers/onnx.js";
import { writeOnnxOf } from "../../nn/layers/part-of.js";
import {
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  encodeModelProto,
  type AttributeProto,
  type NodeProto,
  type SparseTensorProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.js";

const IR_VERSION = 8;
const OPSET = 13;
/** Longer ones are no messages of protobuf. */
const MOST_BYTES = 2 ** 31 - 1;
/** A mean of so many deviations: float32 holds some 7 digits, of which 3 would go to the mean. */
const LARGE_MEAN = 1000;

export interface OnnxOptions {
  /**
   * Weights of a density below 1/3 as their non-zeros (`sparse_initializer`): 12 bytes each, where
   * a dense weight takes 4 whether zero or not. ONNX Runtime reads it (and computes densely all the
   * same), other readers may not. Default false.
   */
  readonly sparse?: boolean | undefined;
  /** Texts to keep in the file. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const OPTIONS: OptionKeys<OnnxOptions> = { sparse: 1, metadata: 1 };

/**
 * The bytes of an ONNX file (opset 13) with the network.
 *
 * @throws InputError if a parameter or buffer is missing; also for a network too large for the
 *   format
 * @example
 * const bytes = encodeOnnx(simplify({ model, ...result }));
 */
export function encodeOnnx(network: Network, options: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  const { sparse = false, metadata = {} } = knownOptions("encodeOnnx", options, OPTIONS);
  checkNetwork(network);
  const { model, parameters, buffers } = network;
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const sparseInitializers: SparseTensorProto[] = [];

  const node = (
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Attributes = {},
  ) =>
    nodes.push({
      name: output,
      opType: operator,
      input: inputs,
      output,
      attribute: attributeProtos(attributes),
    });
  const constant = (name: string, shape: Shape, data: Elements) => {
    initializers.push({ name, dims: shape, ...elements(data) });
    return name;
  };
  let bytes = 0;
  const input = writeNormalization(network, { node, constant });
  const outputOf = (index: number) => {
    if (index < 0) return input;
    return index === model.nodes.length - 1 ? "output" : `layer/${model.nodes[index].name}`;
  };
  model.nodes.forEach(({ name: layerName, layer, inputs, parameters: specs }, index) => {
    const full = (name: string) => `${layerName}.${name}`;
    const values = (name: string) => (parameters.get(full(name)) ?? buffers.get(full(name)))!;
    writeOnnxOf(layer)(layer, {
      xs: inputs.map(outputOf),
      y: outputOf(index),
      values,
      node,
      constant: (name, shape, data) => constant(full(name), shape, data),
      parameter(name) {
        const all = values(name);
        const { role } = specs.find((spec) => spec.name === name)!;
        const entries = sparse && isWeightRole(role) ? sparseTensor(full(name), all) : undefined;
        if (!entries) bytes += 4 * size(all.shape);
        if (bytes > MOST_BYTES) {
          throw new InputError(
            `could not write the network as ONNX: such a file has at most ${MOST_BYTES} bytes`,
          );
        }
        if (!entries) return constant(full(name), all.shape, all.data);
        sparseInitializers.push(entries);
        return full(name);
      },
    });
  });
  return encodeModelProto({
    irVersion: IR_VERSION,
    producerName: "bregman",
    opsetImport: { domain: "", version: OPSET },
    graph: {
      name: "bregman",
      node: nodes,
      initializer: initializers,
      sparseInitializer: sparseInitializers,
      input: valueInfo(
        "input",
        model.input,
        needsDouble(network) ? DATA_TYPE.double : DATA_TYPE.float,
      ),
      output: valueInfo("output", model.output, DATA_TYPE.float),
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

/** Typed arrays as what they are, numbers as int64. */
type Elements = Float32Array | Float64Array | readonly number[];

interface Adding {
  node(operator: string, inputs: readonly string[], output: string, attributes?: Attributes): void;
  constant(name: string, shape: Shape, data: Float32Array | Float64Array): string;
}

/**
 * Whether inputs that float32 tells apart no more are different to the network, such as times in
 * seconds.
 */
function needsDouble({ normalization: { mean, std } = { mean: [], std: [] } }: Network): boolean {
  return mean.some((m, c) => Math.abs(m) > LARGE_MEAN * std[c]);
}

/**
 * (x - mean) / std of each channel, where the network has them. Returns the name of what the first
 * layer reads.
 */
function writeNormalization(network: Network, { node, constant }: Adding): string {
  const { model, normalization } = network;
  if (!normalization) return "input";
  // Channels of the data need not be those of the model: each is a run of numbers in a sample.
  const { input } = model;
  const shape =
    input.length === 3 && input[0] === normalization.mean.length ? [input[0], 1, 1] : input;
  const each = (name: string, numbers: readonly number[]) => {
    const length = size(shape);
    const run = length / numbers.length;
    const data = Float64Array.from({ length }, (_, k) => numbers[Math.floor(k / run)]);
    return constant(`normalization/${name}`, shape, double ? data : Float32Array.from(data));
  };
  const double = needsDouble(network);
  node("Sub", ["input", each("mean", normalization.mean)], "normalization/centred");
  node("Div", ["normalization/centred", each("std", normalization.std)], "normalization");
  if (!double) return "normalization";
  node("Cast", ["normalization"], "normalization/rounded", { ints: { to: DATA_TYPE.float } });
  return "normalization/rounded";
}

function valueInfo(name: string, shape: Shape, elemType: number): ValueInfoProto {
  const dim = [{ dimParam: "batch" }, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function attributeProtos({ ints = {}, floats = {} }: Attributes): AttributeProto[] {
  return [
    ...Object.entries(ints).map(([name, value]) =>
      typeof value === "number"
        ? { name, type: ATTRIBUTE_TYPE.int, i: value }
        : { name, type: ATTRIBUTE_TYPE.ints, ints: value },
    ),
    ...Object.entries(floats).map(([name, f]) => ({ name, type: ATTRIBUTE_TYPE.float, f })),
  ];
}

function elements(data: Elements): Pick<TensorProto, "dataType" | "rawData"> {
  const [dataType, array] = isTypedArray(data, "Float32Array")
    ? [DATA_TYPE.float, data]
    : isTypedArray(data, "Float64Array")
      ? [DATA_TYPE.double, data]
      : [DATA_TYPE.int64, BigInt64Array.from(data, BigInt)];
  return { dataType, rawData: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) };
}

/**
 * The non-zeros with their places in the row-major array, or undefined where that takes no fewer
 * bytes.
 */
function sparseTensor(name: string, all: Values): SparseTensorProto | undefined {
  const dims = nonZerosOf(all);
  if (12 * dims >= 4 * size(all.shape)) return undefined;
  const values = new Float32Array(dims);
  const places: number[] = [];
  eachNonZero(all, (value, place) => {
    values[places.length] = value;
    places.push(place);
  });
  return {
    dims: all.shape,
    values: { name, dims, ...elements(values) },
    indices: { dims, ...elements(places) },
  };
}
